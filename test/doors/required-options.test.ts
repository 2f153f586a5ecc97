import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as tsos from '../../src/index.ts';
import * as io from '../../src/io.ts';
import * as layers from '../../src/layers.ts';
import * as sparse from '../../src/sparse.ts';
import * as train from '../../src/train.ts';

/** Stands for an argument that is not looked at before the options are. */
// biome-ignore lint/suspicious/noExplicitAny: the point is what happens where types are not checked.
const unused = {} as any;

/** Whatever takes options that must be given, called with them. */
// biome-ignore lint/suspicious/noExplicitAny: as above
const CALLS: Record<string, (options: any) => unknown> = {
  pruneCheckpoint: (options) => tsos.pruneCheckpoint(unused, options),
  bleu: (options) => tsos.bleu(['a'], [['a']], options),
  compareBleu: (options) => tsos.compareBleu(['a'], ['a'], [['a']], options),
  evaluateToFile: (options) => tsos.evaluateToFile(unused, unused, options),
  kernel: (options) => sparse.kernel(options),
  attention: (options) => sparse.attention(unused, options, unused),
  embedding: (options) => sparse.embedding(unused, unused, 4, options),
  randomNumbers: (options) => sparse.randomNumbers(unused, unused, [4], options),
  buildVocabulary: (options) => io.buildVocabulary(new Map([['a', 1]]), options),
  linearPenaltyWeight: (options) => layers.linearPenaltyWeight(1, options),
  cubicPenaltyTarget: (options) => layers.cubicPenaltyTarget(1, options),
  CubicPenaltyWeight: (options) => new layers.CubicPenaltyWeight(options),
  GradualPruner: (options) => new layers.pruning.GradualPruner(options),
  gradualSparsity: (options) => layers.pruning.gradualSparsity(options, 1),
  isMaskUpdateDue: (options) => layers.pruning.isMaskUpdateDue(options, 1, 0),
  'maskByRule, rule': (options) => layers.pruning.maskByRule(options, unused),
  'maskByRule, request': (options) => layers.pruning.maskByRule({ method: 'magnitude' }, options),
  'pruning.onDevice.conv2d': (options) => layers.pruning.onDevice.conv2d(unused, unused, unused, options),
  transformerLearningRate: (options) => train.transformerLearningRate(1, options),
  resNetLearningRate: (options) => train.resNetLearningRate(1, options),
  allocateBatch: (options) => train.allocateBatch(unused, unused, options),
  transformerTrainingGraph: (options) => train.transformerTrainingGraph(unused, unused, unused, options),
  resNetTrainingGraph: (options) => train.resNetTrainingGraph(unused, unused, unused, options),
};

for (const [name, call] of Object.entries(CALLS)) {
  test(`${name} says which options are missing`, async () => {
    for (const options of [undefined, null, {}]) {
      await assert.rejects(
        async () => call(options),
        (error: Error) => {
          assert.ok(error instanceof tsos.UsageError, `${error.stack}`);
          assert.match(
            error.message,
            options ? /: the options lack \w/ : /: options are \w+, expected an object/,
          );
          return true;
        },
      );
    }
  });
}
