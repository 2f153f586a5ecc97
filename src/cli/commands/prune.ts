import { defineCommand } from 'citty';
import { openCheckpoint } from '../../io/checkpoint/checkpoint.ts';
import { trainingStep, writeCheckpointDirectory } from '../../io/checkpoint/checkpoint-directory.ts';
import type { CountRounding } from '../../layers/pruning/kept-count.ts';
import type { LayerTarget } from '../../layers/pruning/layer-targets.ts';
import { type PrunedLayer, pruneCheckpoint } from '../../layers/pruning/prune-checkpoint.ts';
import type { MagnitudeRule, PruningRule } from '../../layers/pruning/rule.ts';
import {
  ArgumentError,
  CHECKPOINT_ARGUMENT,
  numberOption,
  repeatedOption,
  wholeOption,
} from '../arguments.ts';
import { noteMissedTargets, sparsityOf } from '../report/missed-targets.ts';
import { print } from '../report/print.ts';
import { formatTable } from '../report/table.ts';
import { interruptible } from '../session/interrupt.ts';
import { showProgress } from '../session/progress.ts';

export const pruneCommand = defineCommand({
  meta: { name: 'prune', description: 'Prune a dense checkpoint at once' },
  args: {
    checkpoint: CHECKPOINT_ARGUMENT,
    sparsity: {
      type: 'string',
      required: true,
      valueHint: 'share',
      description: 'Share of each layer to prune, from 0 to below 1',
    },
    output: {
      type: 'string',
      required: true,
      valueHint: 'dir',
      description: 'New directory for the pruned checkpoint',
    },
    method: {
      type: 'enum',
      options: ['magnitude', 'random'],
      default: 'magnitude',
      description: 'Which weights to keep: the largest, or a random choice',
    },
    'per-layer': {
      type: 'string',
      valueHint: 'name:share',
      description: 'Another share for the layer with this in its name; may be given several times',
    },
    algorithm: {
      type: 'enum',
      options: ['sort', 'exact', 'histogram'],
      description:
        'Of magnitude: keep all ties (default), choose among them at random, or cut by a histogram',
    },
    rounding: {
      type: 'enum',
      options: ['floor', 'half-even'],
      default: 'floor',
      description:
        'How many to keep of a fraction: as the published checkpoints, or as TensorFlow since 2019',
    },
    seed: { type: 'string', valueHint: 'number', default: '0', description: 'Of random choices' },
    json: { type: 'boolean', description: 'Print one JSON object' },
  },
  async run({ args, rawArgs }) {
    const rule = pruningRule(args.method, args.algorithm, args.rounding);
    const sparsity = numberOption('sparsity', args.sparsity)!;
    const seed = wholeOption('seed', args.seed, 0)!;
    const layerTargets = repeatedOption(rawArgs, 'per-layer').map(layerTarget);
    const checkpoint = await openCheckpoint(args.checkpoint);
    const layers: PrunedLayer[] = [];
    try {
      using progress = showProgress('pruned');
      await interruptible(async (signal) => {
        const tensors = pruneCheckpoint(checkpoint, {
          sparsity,
          rule,
          layerTargets,
          seed,
          onLayer(layer, done, total) {
            signal.throwIfAborted();
            layers.push(layer);
            progress.update(done, total, 'layers');
          },
        });
        await writeCheckpointDirectory(args.output, tensors, await trainingStep(checkpoint));
      });
    } finally {
      await checkpoint.close();
    }
    noteMissedTargets(layers, rule);
    const result = {
      path: checkpoint.path,
      output: args.output,
      ...rule,
      sparsity,
      seed,
      ...totals(layers),
      layers,
    };
    await print(args.json ? `${JSON.stringify(result)}\n` : asText(args.output, layers));
  },
});

/** @throws {ArgumentError} where an algorithm is given for a method that has none. */
function pruningRule(
  method: PruningRule['method'],
  algorithm: MagnitudeRule['algorithm'],
  rounding: CountRounding,
): PruningRule {
  if (method === 'magnitude') return { method, algorithm: algorithm ?? 'sort', rounding };
  if (algorithm !== undefined) throw new ArgumentError('--algorithm is for --method magnitude; leave it out');
  return { method, rounding };
}

/** @throws {ArgumentError} where an entry is not a name, a colon and a number. */
function layerTarget(entry: string): LayerTarget {
  const colon = entry.lastIndexOf(':');
  if (colon < 1)
    throw new ArgumentError(`--per-layer is "${entry}"; it must be name:share, such as final_dense:0.8`);
  return { layer: entry.slice(0, colon), sparsity: numberOption('per-layer', entry.slice(colon + 1))! };
}

function totals(layers: readonly PrunedLayer[]): { kept: number; total: number; percent: number } {
  const kept = layers.reduce((sum, layer) => sum + layer.kept, 0);
  const total = layers.reduce((sum, layer) => sum + layer.total, 0);
  return { kept, total, percent: sparsityOf({ kept, total }) };
}

function asText(output: string, layers: readonly PrunedLayer[]): string {
  const { kept, total, percent } = totals(layers);
  const table = formatTable(
    [
      { heading: 'weights' },
      { heading: 'kept', align: 'right' },
      { heading: 'total', align: 'right' },
      { heading: 'sparsity %', align: 'right' },
    ],
    [
      ...layers.map((layer) => [layer.name, layer.kept, layer.total, sparsityOf(layer).toFixed(4)]),
      ['all', kept, total, percent.toFixed(4)],
    ],
  );
  return `${table}${output} is ${percent.toFixed(4)} % sparse\n`;
}
