import { csrToDense } from '../../src/graph/weights/csr.ts';
import { Graph } from '../../src/graph/plan/graph.ts';
import { product } from '../../src/graph/operations/operations.ts';
import { readFloats, Scope } from '../../src/graph/device/scope.ts';
import { uploadWeight } from '../../src/graph/weights/weight.ts';
import { runBench } from '../support/bench.ts';
import { productShapes } from '../support/layers.ts';
import { geometricMean } from '../../src/base/geometric-mean.ts';
import { timeInRounds } from '../support/measure.ts';
import { benchMatrix, SPARSITIES } from '../support/patterns.ts';
import { startTable } from '../support/table.ts';
import { openOnnxRuntime } from './onnxruntime.mjs';
import { offerDevice } from './same-device.mjs';
import { assertClose } from './same-result.mjs';
import { openTfjs } from './tfjs.mjs';

/*
 * Our sparse and dense product beside the dense products of onnxruntime-web and tfjs: the same matrices on the same device,
 * in the same rounds, by the same clock (from submission to completion). Checks that all compute the same. See README.md.
 *
 * @typedef {object} Peer A library.
 * @property {string} name with its version
 * @property {(operands: Operands) => Promise<Product>} product
 *
 * @typedef {object} Operands `c[rows, n] = a[rows, cols] · b[cols, n]`, row-major.
 *
 * @typedef {object} Product
 * @property {(times: number) => Promise<void>} run submits the product so many times
 * @property {() => Promise<Float32Array>} result
 * @property {() => Promise<void>} dispose
 */

/** A sample shorter than this drowns in the cost of submitting it. */
const SAMPLE_MS = 20;
const MAX_REPEATS = 64;

await runBench('peers', async ({ gpu, scale, rounds, say }) => {
  offerDevice(gpu);
  const peers = [await openOnnxRuntime(gpu.device), await openTfjs()];
  const print = startTable(say, [
    { heading: 'product', width: 72, align: 'left', cell: ({ name }) => name },
    { heading: 'sparsity', width: 8, cell: ({ sparsity }) => `${100 * sparsity} %` },
    { heading: 'N', width: 6, cell: ({ n }) => String(n) },
    { heading: 'sparse ms', width: 10, cell: ({ ms }) => ms.toFixed(3) },
    { heading: 'dense ms', width: 10, cell: ({ denseMs }) => denseMs.toFixed(3) },
    ...peers.map(({ name }, index) => ({
      heading: `${name} ms`,
      width: 32,
      cell: ({ peers }) => `${peers[index].ms.toFixed(3)} (${peers[index].ratio.toFixed(2)})`,
    })),
  ]);
  const results = [];
  for (const shape of productShapes(scale)) {
    const compared = await compare(gpu, peers, shape, rounds);
    compared.forEach(print);
    results.push(...compared);
  }
  const geomean = Object.fromEntries(SPARSITIES.map((sparsity) => [sparsity, meansAt(Number(sparsity))]));
  for (const [sparsity, means] of Object.entries(geomean)) {
    const texts = Object.entries(means).map(([name, mean]) => `${mean.toFixed(2)} times ${name}`);
    say(`sparse at ${100 * Number(sparsity)} %: ${texts.join(', ')}`);
  }
  return { results, geomean };

  function meansAt(sparsity) {
    const own = results.filter((result) => result.sparsity === sparsity);
    const ratios = {
      'our dense product': own.map(({ ratio }) => ratio),
      ...Object.fromEntries(
        peers.map(({ name }, index) => [name, own.map(({ peers }) => peers[index].ratio)]),
      ),
      'the better of them': own.map(({ peers }) => Math.min(...peers.map(({ ratio }) => ratio))),
    };
    return Object.fromEntries(Object.entries(ratios).map(([name, all]) => [name, geometricMean(all)]));
  }
});

/** Times our product with the pattern of each sparsity, and all dense products with that of the first. */
async function compare(gpu, peers, shape, rounds) {
  const { name, rows, cols, n } = shape;
  const matrices = await inTurn(SPARSITIES, (sparsity) => benchMatrix(shape, sparsity));
  const [{ matrix: first }] = matrices;
  const b = Float32Array.from({ length: cols * n }, (_, i) => Math.cos(i));
  const operands = { rows, cols, n, a: csrToDense(first), b };
  const dense = [
    await ownProduct(gpu, first, b, 'dense'),
    ...(await inTurn(peers, (peer) => peer.product(operands))),
  ];
  const sparse = await inTurn(matrices, ({ matrix }) => ownProduct(gpu, matrix, b, 'sparse'));
  const expected = await sparse[0].result();
  for (const each of dense) assertClose(await each.result(), expected, 1e-4, name);
  const products = [...dense, ...sparse];
  const timings = await timeInRounds(await inTurn(products, (each) => sampler(gpu, each)), rounds);
  await inTurn(products, (each) => each.dispose());
  const [ourDense, ...theirs] = timings.slice(0, dense.length);
  return timings.slice(dense.length).map(({ ms, spread }, index) => ({
    name: `${name} [${rows}, ${cols}]`,
    sparsity: Number(matrices[index].sparsity),
    pattern: matrices[index].pattern,
    n,
    ms,
    denseMs: ourDense.ms,
    ratio: ourDense.ms / ms,
    spread,
    peers: theirs.map((timing, peer) => ({ ...timing, name: peers[peer].name, ratio: timing.ms / ms })),
  }));
}

async function ownProduct(gpu, matrix, b, format) {
  const { rows, cols } = matrix;
  const n = b.length / cols;
  const scope = new Scope(gpu);
  const graph = new Graph(gpu, `ours, ${format}`);
  const c = scope.tensor('C', [rows, n]);
  product(graph, uploadWeight(scope, 'A', matrix, { format }), scope.upload('B', [cols, n], b), { into: c });
  const plan = await graph.plan();
  return {
    run: async (times) => plan.run(times),
    async result() {
      plan.run();
      return readFloats(gpu, c, rows * n);
    },
    async dispose() {
      plan.dispose();
      scope.dispose();
    },
  };
}

/** What gives the milliseconds of one product, of as many as are worth a sample. */
async function sampler(gpu, { run }) {
  const time = async (times) => {
    const started = performance.now();
    await run(times);
    await gpu.settled();
    return (performance.now() - started) / times;
  };
  const repeats = Math.min(MAX_REPEATS, Math.ceil(SAMPLE_MS / (await time(1))));
  return () => time(repeats);
}

async function inTurn(items, work) {
  const results = [];
  for (const item of items) results.push(await work(item));
  return results;
}
