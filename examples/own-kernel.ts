// A WGSL kernel of your own beside those of this package: a sparse product, and GELU on its result, in one plan.
//
//     npm run example -- own-kernel
import {
  csrFromDense,
  eachElement,
  Graph,
  kernel,
  linearGrid,
  openGpu,
  product,
  Scope,
  uploadWeight,
} from 'tsos/sparse';

/** `y = x · sigmoid(1.702 x)`, an approximation of GELU. */
const GELU = kernel({
  name: 'gelu',
  parameters: [{ name: 'count', type: 'u32' }],
  bindings: [
    { name: 'x', element: 'f32', access: 'read' },
    { name: 'y', element: 'f32', access: 'read_write' },
  ],
  body: eachElement('params.count', '  y[i] = x[i] / (1.0 + exp(-1.702 * x[i]));'),
});

await using gpu = await openGpu({ allowSoftware: true });
using scope = new Scope(gpu);
const weight = uploadWeight(scope, 'W', csrFromDense(Float32Array.of(1, 0, 0, 0, 2, 0), 2, 3)); // [2, 3]
const x = scope.upload(
  'x',
  [3, 4],
  Float32Array.from({ length: 12 }, (_, i) => i / 6 - 1),
); // [3, 4]

const graph = new Graph(gpu, 'product and GELU');
const inner = product(graph, weight, x); // [2, 4]
const y = graph.tensor('y', [2, 4]);
graph.dispatch(GELU, linearGrid(8), { count: 8 }, { x: inner, y });
using plan = await graph.plan();
plan.run();
console.log(plan.kernels.join(', '));
console.log(Array.from(await plan.read(y), (value) => value.toFixed(4)).join(' '));
