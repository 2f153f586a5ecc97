import { UsageError } from '../src/base/errors.ts';
import { geometricMean } from '../src/base/geometric-mean.ts';
import { elements, Scope } from '../src/graph/device/scope.ts';
import { type Gpu, openGpu } from '../src/graph/open-gpu.ts';
import { product } from '../src/graph/operations/operations.ts';
import { Graph } from '../src/graph/plan/graph.ts';
import type { GraphTensor } from '../src/graph/plan/node.ts';
import type { Plan } from '../src/graph/plan/plan.ts';
import type { CsrMatrix } from '../src/graph/weights/csr.ts';
import { type SparseWeight, uploadWeight } from '../src/graph/weights/weight.ts';
import { kernel } from '../src/wgsl/kernel.ts';
import { eachElement, linearGrid } from '../src/wgsl/linear-grid.ts';
import { SPMM_ROW_WORDS } from '../src/wgsl/spmm.ts';
import { cosines } from './comparison/layer-comparisons.ts';
import { type ProductShape, productShapes } from './comparison/layers.ts';
import type { BenchMatrix } from './comparison/matrices.ts';
import { measureEach } from './comparison/measure.ts';
import { type BenchRun, runBench } from './support/bench.ts';
import { withSpread } from './support/format-table.ts';
import { benchMatrix } from './support/patterns.ts';
import { startTable } from './support/table.ts';

/*
 * What each thing that makes the sparse product fast is worth: `relu(A · B + bias + residual)` at 90 %, timed as it is and
 * without one of them, on the Transformer's shapes.
 *
 *     npm run bench -- ablations [--quick] [--json]
 */

interface AblationResult {
  readonly name: string;
  /** Empty for the product as it is. */
  readonly without: string;
  readonly sparsity: number;
  readonly pattern: string;
  readonly n: number;
  readonly variant: string;
  readonly ms: number;
  readonly times: number;
  readonly spread: number;
}

/** A way to compute the product. */
interface Ablation {
  readonly without: string;
  record(graph: Graph, operands: Operands): void;
}

interface Operands {
  readonly scope: Scope;
  readonly matrix: CsrMatrix;
  readonly weight: SparseWeight;
  readonly b: GraphTensor;
  readonly residual: GraphTensor;
  readonly into: GraphTensor;
}

const SPARSITY = '0.9';

/** `clipped = max(0, sums + residual)` */
const ADD_AND_CLIP = kernel({
  name: 'add and clip',
  parameters: [{ name: 'vectors', type: 'u32' }],
  bindings: [
    { name: 'sums', element: 'vec4f', access: 'read' },
    { name: 'residual', element: 'vec4f', access: 'read' },
    { name: 'clipped', element: 'vec4f', access: 'read_write' },
  ],
  body: eachElement('params.vectors', '  clipped[i] = max(vec4f(), sums[i] + residual[i]);'),
});

const ABLATIONS: readonly Ablation[] = [
  {
    without: '',
    record: (graph, { weight, b, residual, into }) => {
      product(graph, weight, b, { residual, relu: true, into });
    },
  },
  {
    without: 'row swizzle',
    record(graph, { scope, matrix, weight, b, residual, into }) {
      const inOrder = scope.upload('rows in order', [matrix.rows, SPMM_ROW_WORDS], rowsInOrder(matrix));
      product(graph, { ...weight, swizzledRows: inOrder }, b, { residual, relu: true, into });
    },
  },
  {
    without: '16-bit indices',
    record(graph, { scope, matrix, b, residual, into }) {
      const wide = { ...matrix, columns: Uint32Array.from(matrix.columns) };
      const weight = uploadWeight(scope, '32-bit indices', wide, { format: 'sparse' });
      product(graph, weight, b, { residual, relu: true, into });
    },
  },
  {
    without: 'fused epilogue',
    record(graph, { weight, b, residual, into }) {
      const sums = product(graph, weight, b);
      addAndClip(graph, sums, residual, into);
    },
  },
  {
    without: '32-bit values (held in 16)',
    record(graph, { scope, matrix, b, residual, into }) {
      const weight = uploadWeight(scope, '16-bit values', matrix, { format: 'sparse', values: 'f16' });
      product(graph, weight, b, { residual, relu: true, into });
    },
  },
];

await runBench('ablations', async (run) => {
  const print = startTable<AblationResult>(run.say, [
    { heading: 'product', width: 72, align: 'left', cell: ({ name }) => name },
    { heading: 'N', width: 6, cell: ({ n }) => String(n) },
    { heading: 'without', width: 26, align: 'left', cell: ({ without }) => without || '-' },
    { heading: 'ms', width: 17, cell: ({ ms, spread }) => withSpread(ms, spread) },
    { heading: 'times as long', width: 13, cell: ({ times }) => times.toFixed(2) },
    { heading: 'kernel', width: 0, align: 'left', cell: ({ variant }) => variant },
  ]);
  await using unchecked = await openUnchecked(run.say);
  const results: AblationResult[] = [];
  for (const shape of productShapes(run.scale).filter(isOfTransformer)) {
    const compared = await compareAblations(run, unchecked, shape);
    compared.forEach(print);
    results.push(...compared);
  }
  const kinds = new Set(results.map(({ without }) => without).filter((without) => without !== ''));
  const geomean = Object.fromEntries(
    [...kinds].map((kind) => {
      const own = results.filter(({ without }) => without === kind);
      return [kind, geometricMean(own.map(({ times }) => times))];
    }),
  );
  run.say('');
  for (const [kind, mean] of Object.entries(geomean)) {
    run.say(`without ${kind}: ${mean.toFixed(2)} times as long, geometric mean`);
  }
  return { results, geomean };
});

/** Products alone in their shapes: the many of ResNet-50 tell nothing new. */
function isOfTransformer({ model }: ProductShape): boolean {
  return model !== 'rn50';
}

/** A device that does not check bounds; nothing where the runtime cannot leave them out. */
async function openUnchecked(say: BenchRun['say']): Promise<Gpu | undefined> {
  try {
    return await openGpu({ timestamps: true, robustness: false });
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    say(`bounds checks stay: ${error.message}\n`);
    return undefined;
  }
}

async function compareAblations(
  { gpu, rounds }: BenchRun,
  unchecked: Gpu | undefined,
  shape: ProductShape,
): Promise<AblationResult[]> {
  const { name, n } = shape;
  const made = await benchMatrix(shape, SPARSITY);
  using scope = new Scope(gpu);
  using uncheckedScope = unchecked && new Scope(unchecked);
  const [asItIs] = ABLATIONS;
  const contenders = await Promise.all(
    ABLATIONS.map(async (ablation) => ({
      without: ablation.without,
      gpu,
      plan: await planOf(scope, shape, made, ablation),
    })),
  );
  if (unchecked && uncheckedScope) {
    const plan = await planOf(uncheckedScope, shape, made, asItIs);
    contenders.push({ without: 'bounds checks', gpu: unchecked, plan });
  }
  const timings = await measureEach(contenders, rounds);
  return contenders.map(({ without, plan }, index) => {
    const { ms, spread } = timings[index];
    const variant = plan.kernels.join(' + ');
    plan.dispose();
    return {
      name: `${name} [${shape.rows}, ${shape.cols}]`,
      without,
      sparsity: Number(SPARSITY),
      pattern: made.pattern,
      n,
      variant,
      ms,
      times: ms / timings[0].ms,
      spread,
    };
  });
}

/** @param scope owns the operands */
function planOf(
  scope: Scope,
  { name, rows, cols, n }: ProductShape,
  { matrix }: BenchMatrix,
  { without, record }: Ablation,
): Promise<Plan> {
  const made = (what: string, count: number, width: number) =>
    scope.upload(what, [count, width], cosines(count * width));
  const weight = uploadWeight(scope, name, matrix, { format: 'sparse', bias: new Float32Array(rows) });
  const graph = new Graph(scope.gpu, `${name} without ${without}`);
  record(graph, {
    scope,
    matrix,
    weight: weight as SparseWeight,
    b: made('B', cols, n),
    residual: made('residual', rows, n),
    into: scope.tensor('C', [rows, n]),
  });
  return graph.plan();
}

/** As the kernel reads rows, but not sorted by length; biases 0. */
function rowsInOrder({ rows, rowStart }: CsrMatrix): Uint32Array {
  const words = new Uint32Array(rows * SPMM_ROW_WORDS);
  for (let row = 0; row < rows; row++) {
    words.set([row, rowStart[row] / 4, (rowStart[row + 1] - rowStart[row]) / 4, 0], row * SPMM_ROW_WORDS);
  }
  return words;
}

/** `into = max(0, sums + residual)`, as a dispatch of its own. */
function addAndClip(graph: Graph, sums: GraphTensor, residual: GraphTensor, into: GraphTensor): void {
  const vectors = elements(into) / 4;
  graph.dispatch(ADD_AND_CLIP, linearGrid(vectors), { vectors }, { sums, residual, clipped: into });
}
