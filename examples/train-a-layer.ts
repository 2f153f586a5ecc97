// A layer with variational dropout learns, on the device, which of its 64 inputs matter: those that do not get a large log-alpha
// and are dropped.
//
//     npm run example -- train-a-layer
import {
  differentiation,
  Graph,
  normals,
  openGpu,
  optimisers,
  randomKey,
  randomNumbers,
  readFloats,
  Scope,
  uploadKey,
  variationalDropout,
  writeKey,
} from 'tsos/layers';

const [INPUTS, COLUMNS, STEPS] = [64, 512, 600];
const { Tape, add, scale, square, subtract, sum } = differentiation;
const { klDivergence, matmulTrain } = variationalDropout.onDevice;

await using gpu = await openGpu({ allowSoftware: true });
using scope = new Scope(gpu);

// The truth: y is the sum of the first 8 of 64 inputs.
const values = Float32Array.from(normals(randomKey(1), INPUTS * COLUMNS)); // [inputs, columns]
const truth = new Float32Array(COLUMNS);
for (let i = 0; i < 8 * COLUMNS; i++) truth[i % COLUMNS] += values[i];
const x = scope.upload('x', [INPUTS, COLUMNS], values);
const y = scope.upload('y', [1, COLUMNS], truth);

const start = Float32Array.from(normals(randomKey(2), INPUTS), (value) => 0.1 * value);
const theta = scope.upload('theta', [INPUTS, 1], start);
const logSigma2 = scope.upload('log sigma2', [INPUTS, 1], new Float32Array(INPUTS).fill(-6));
const key = uploadKey(scope, randomKey(3));

const graph = new Graph(gpu, 'training step');
const tape = new Tape(graph);
const noise = randomNumbers(graph, key, [1, COLUMNS], {
  distribution: 'normal',
  order: 'column-major',
  stream: 0,
});
const output = matmulTrain(tape, x, [theta, logSigma2], noise);
const error = scale(tape, sum(tape, square(tape, subtract(tape, output, y))), 1 / COLUMNS);
const loss = add(tape, error, scale(tape, klDivergence(tape, [theta, logSigma2]), 0.05));
const adam = new optimisers.Adam(scope);
optimisers.applyGradients(graph, adam, [theta, logSigma2], tape.gradients(loss, [theta, logSigma2]));
using plan = await graph.plan();

for (let step = 0; step < STEPS; step++) {
  writeKey(scope, key, randomKey(100 + step));
  adam.prepare(0.05 * (1 - step / STEPS));
  plan.run();
  if (step % 200 === 199) console.log(`step ${step + 1}: loss ${(await plan.read(loss))[0].toFixed(4)}`);
}
const [weights, logVariances] = [await readFloats(gpu, theta), await readFloats(gpu, logSigma2)];
const kept = [...weights.keys()].filter((i) => logVariances[i] - Math.log(weights[i] ** 2) < 3);
console.log(`kept inputs: ${kept.join(', ')}`);
