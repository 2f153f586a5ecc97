import { Scope } from '../../src/graph/device/scope.ts';
import type { Gpu } from '../../src/graph/open-gpu.ts';
import { Graph } from '../../src/graph/plan/graph.ts';
import type { Plan } from '../../src/graph/plan/plan.ts';
import { type Kernel, kernel, unroll } from '../../src/wgsl/kernel.ts';
import { measure, type RoundOptions } from './measure.ts';

/** The most multiplications and additions a device does when it does nothing else. */
export interface Peak {
  /** 10⁹ multiplications and additions a second. */
  readonly gflops: number;
  /** The kernel that reached it. */
  readonly variant: string;
}

/** Form of the step, and vec4 sums that an invocation keeps in flight: which is fastest depends on the device. */
const VARIANTS = [
  { form: 'fma', sums: 4 },
  { form: 'fma', sums: 8 },
  { form: 'mul-add', sums: 4 },
  { form: 'mul-add', sums: 8 },
] as const;

/** Steps in the body of the loop, so that counting it costs nothing. */
const UNROLLED = 8;
const LANES = 64;

/** Measures the peak with kernels that load nothing, store one vec4 an invocation and multiply-add in registers between. */
export async function measurePeak(gpu: Gpu, rounds: RoundOptions): Promise<Peak> {
  using scope = new Scope(gpu);
  const size =
    gpu.deviceClass === 'cpu' ? { groups: 16, iterations: 512 } : { groups: 8192, iterations: 512 };
  const result = scope.tensor('result of the peak', [size.groups * LANES, 4]);
  const plans: Plan[] = [];
  for (const variant of VARIANTS) {
    const graph = new Graph(gpu, 'peak');
    const parameters = { iterations: size.iterations, factor: 0.999, addend: 0.001 };
    graph.dispatch(multiplyAddKernel(variant), [size.groups, 1, 1], parameters, { result });
    plans.push(await graph.plan());
  }
  const timings = await measure(gpu, plans, rounds);
  for (const plan of plans) plan.dispose();
  const rates = timings.map(({ ms }, index) => {
    const steps = size.groups * LANES * size.iterations * UNROLLED * VARIANTS[index].sums;
    return (steps * 4 * 2) / ms / 1e6;
  });
  const gflops = Math.max(...rates);
  return { gflops, variant: plans[rates.indexOf(gflops)].kernels[0] };
}

/** `sum = sum · factor + addend`, over and over, in several independent sums. */
function multiplyAddKernel({ form, sums }: (typeof VARIANTS)[number]): Kernel {
  const step = (sum: string) => (form === 'fma' ? `fma(${sum}, factor, addend)` : `${sum} * factor + addend`);
  return kernel({
    name: `${form} in ${sums} vec4 of registers`,
    parameters: [
      { name: 'iterations', type: 'u32' },
      { name: 'factor', type: 'f32' },
      { name: 'addend', type: 'f32' },
    ],
    bindings: [{ name: 'result', element: 'vec4f', access: 'read_write' }],
    body: /* wgsl */ `
@compute @workgroup_size(${LANES})
fn main(@builtin(global_invocation_id) id: vec3u) {
  let factor = vec4f(params.factor);
  let addend = vec4f(params.addend);
${unroll(sums, (s) => `  var sum${s} = vec4f(f32(id.x + ${s}u));`)}
  for (var i = 0u; i < params.iterations; i++) {
${unroll(UNROLLED, () => unroll(sums, (s) => `    sum${s} = ${step(`sum${s}`)};`))}
  }
  result[id.x] = ${unroll(sums, (s) => `sum${s}`, ' + ')};
}
`,
  });
}
