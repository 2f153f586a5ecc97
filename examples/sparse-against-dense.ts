// How much faster is a sparse matrix of your own than the same matrix held dense, on this adapter?
//
//     npm run example -- sparse-against-dense [pattern.smtx] [columns]
//
// Without a file, a pattern with 90 % zeros is made up. Values do not matter for the time.
import {
  csrFromDense,
  csrFromPattern,
  Graph,
  openGpu,
  product,
  readSmtx,
  Scope,
  uploadWeight,
} from 'tsos/sparse';

const [file, columns = '64'] = process.argv.slice(2);
const matrix = file === undefined ? madeUp(512, 512) : await fromFile(file);
const x = Float32Array.from({ length: matrix.cols * Number(columns) }, (_, i) => Math.sin(i));

await using gpu = await openGpu({ allowSoftware: true });
using scope = new Scope(gpu);
const input = scope.upload('x', [matrix.cols, Number(columns)], x);
const results: Float32Array[] = [];
for (const format of ['sparse', 'dense'] as const) {
  const graph = new Graph(gpu, `${format} product`);
  const result = product(graph, uploadWeight(scope, 'W', matrix, { format }), input);
  using plan = await graph.plan();
  plan.run(); // the first run compiles
  results.push(await plan.read(result));
  const started = performance.now();
  plan.run(20);
  await gpu.settled();
  console.log(`${format}: ${((performance.now() - started) / 20).toFixed(2)} ms`);
}
const worst = results[0].reduce((most, value, i) => Math.max(most, Math.abs(value - results[1][i])), 0);
console.log(
  `[${matrix.rows}, ${matrix.cols}], ${matrix.nnz} nonzeros, on ${gpu.describe()}; largest difference ${worst}`,
);

async function fromFile(path: string) {
  const pattern = await readSmtx(path);
  return csrFromPattern(
    pattern,
    Float32Array.from(pattern.columns, (_, i) => Math.sin(i) || 1),
  );
}

function madeUp(rows: number, cols: number) {
  const dense = Float32Array.from({ length: rows * cols }, () =>
    Math.random() < 0.1 ? Math.random() - 0.5 : 0,
  );
  return csrFromDense(dense, rows, cols);
}
