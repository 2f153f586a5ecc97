import assert from 'node:assert/strict';
import {
  checkpointSparsity,
  loadTransformer,
  loadVocabulary,
  openCheckpoint,
  openGpu,
  translateLines,
} from 'tsos';

const DEMO = 'node_modules/tsos/demo';

await using gpu = await openGpu();
await using checkpoint = await openCheckpoint(`${DEMO}/transformer.tar.gz`);
using model = await loadTransformer(gpu, checkpoint);
const vocabulary = await loadVocabulary(`${DEMO}/vocabulary.subwords`);
const lines = ['My old bag is black.'];
const [line] = await translateLines(model, vocabulary, lines, { beam: 2, extraLength: 4 });
assert.ok(line && line.translation.length > 0);
const { sparsity } = await checkpointSparsity(checkpoint);
assert.equal(Math.round(100 * sparsity), 90);
console.log(`tsos translates with ${(100 * sparsity).toFixed(1)} % of weights zero on ${gpu.describe()}`);
