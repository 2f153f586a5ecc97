import { Command, Option } from '@commander-js/extra-typings';
import { printable } from '../../base/printable.ts';
import { openCheckpoint } from '../../io/checkpoint/checkpoint.ts';
import { checkpointInputs } from '../../io/checkpoint/checkpoint-inputs.ts';
import { isOfCheckpoint } from '../../io/checkpoint/locate.ts';
import { requireDirectory } from '../../io/files/atomic-directory.ts';
import type { CountRounding } from '../../layers/pruning/kept-count.ts';
import { type PrunedLayer, pruneCheckpoint } from '../../layers/pruning/prune-checkpoint.ts';
import type { MagnitudeRule, PruningRule } from '../../layers/pruning/rule.ts';
import { writeCopy } from '../../models/write-copy.ts';
import { ArgumentError } from '../arguments/argument-error.ts';
import { CHECKPOINT } from '../arguments/checkpoint-options.ts';
import { FROM, OFFLINE } from '../arguments/fetch-options.ts';
import { layerTargets } from '../arguments/layer-targets.ts';
import { number, wholeNumber } from '../arguments/values.ts';
import { noteMissedTargets, sparsityOf } from '../report/missed-targets.ts';
import { checkpointFor } from '../session/published.ts';
import { interruptible } from '../terminal/interrupt.ts';
import { printJson, printText } from '../terminal/print.ts';
import { showProgress } from '../terminal/progress.ts';
import { formatTable } from '../terminal/table.ts';

export const pruneCommand = new Command('prune')
  .addArgument(CHECKPOINT)
  .addOption(FROM)
  .addOption(OFFLINE)
  .requiredOption('--sparsity <share>', 'Share of each layer to prune, from 0 to below 1', number)
  .requiredOption('--output <dir>', 'New directory for the pruned checkpoint')
  .addOption(
    new Option('--method <method>', 'Which weights to keep: the largest, or a random choice')
      .choices(['magnitude', 'random'] as const)
      .default('magnitude' as const),
  )
  .option(
    '--per-layer <name:share>',
    'Another share for the layer with this in its name; may be given several times',
    layerTargets,
    [],
  )
  .addOption(
    new Option(
      '--algorithm <algorithm>',
      'Of magnitude: keep all ties (default), choose among them at random, or cut by a histogram',
    ).choices(['sort', 'exact', 'histogram'] as const),
  )
  .addOption(
    new Option(
      '--rounding <rounding>',
      'How many to keep of a fraction: as the published checkpoints, or as TensorFlow since 2019',
    )
      .choices(['floor', 'half-even'] as const)
      .default('floor' as const),
  )
  .option('--seed <number>', 'Of random choices', wholeNumber(0), 0)
  .option('--force', 'Replace the directory, where it has nothing but a checkpoint in it')
  .option('--json', 'Print one JSON object');

pruneCommand.action(async (given, args) => {
  const rule = pruningRule(args.method, args.algorithm, args.rounding);
  const { sparsity, seed, perLayer } = args;
  const path = await checkpointFor(given, args);
  const directory = {
    inputs: await checkpointInputs(path),
    replaceable: args.force ? isOfCheckpoint : undefined,
  };
  await requireDirectory(args.output, directory);
  const checkpoint = await openCheckpoint(path);
  const layers: PrunedLayer[] = [];
  try {
    using progress = showProgress('pruned');
    await interruptible(async (signal) => {
      const tensors = pruneCheckpoint(checkpoint, {
        sparsity,
        rule,
        layerTargets: perLayer,
        seed,
        onLayer(layer, done, total) {
          signal.throwIfAborted();
          layers.push(layer);
          progress.update(done, total, 'layers');
        },
      });
      await writeCopy(checkpoint, args.output, tensors, directory);
    });
  } finally {
    await checkpoint.close();
  }
  noteMissedTargets(layers, rule);
  const result = {
    path: checkpoint.path,
    output: args.output,
    ...rule,
    target: sparsity,
    seed,
    ...totals(layers),
    layers: layers.map((layer) => ({ ...layer, sparsity: sparsityOf(layer) })),
  };
  if (args.json) await printJson(result);
  else await printText(asText(args.output, layers));
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

function totals(layers: readonly PrunedLayer[]): { kept: number; total: number; sparsity: number } {
  const kept = layers.reduce((sum, layer) => sum + layer.kept, 0);
  const total = layers.reduce((sum, layer) => sum + layer.total, 0);
  return { kept, total, sparsity: sparsityOf({ kept, total }) };
}

function percent(counts: Pick<PrunedLayer, 'kept' | 'total'>): string {
  return (100 * sparsityOf(counts)).toFixed(4);
}

function asText(output: string, layers: readonly PrunedLayer[]): string {
  const { kept, total } = totals(layers);
  const table = formatTable(
    [
      { heading: 'weights' },
      { heading: 'kept', align: 'right' },
      { heading: 'total', align: 'right' },
      { heading: 'sparsity %', align: 'right' },
    ],
    [
      ...layers.map((layer) => [layer.name, layer.kept, layer.total, percent(layer)]),
      ['all', kept, total, percent({ kept, total })],
    ],
  );
  return `${table}${printable(output)} is ${percent({ kept, total })} % sparse\n`;
}
