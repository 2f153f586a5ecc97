import { Command, Option } from '@commander-js/extra-typings';
import { printable } from '../../base/printable.ts';
import { formatFloat } from '../../base/python-text.ts';
import { openCheckpoint } from '../../io/checkpoint/checkpoint.ts';
import { resolveLogAlphaThreshold, resolveTechnique } from '../../layers/resolve-technique.ts';
import { type CheckpointSparsity, checkpointSparsity } from '../../metrics/sparsity.ts';
import { CHECKPOINT, LOG_ALPHA_THRESHOLD, TECHNIQUE } from '../arguments/checkpoint-options.ts';
import { FROM, OFFLINE } from '../arguments/fetch-options.ts';
import { describeThreshold } from '../report/describe-threshold.ts';
import { noteUnusedThreshold } from '../report/threshold-note.ts';
import { checkpointFor } from '../session/published.ts';
import { note, printJson, printText } from '../terminal/print.ts';
import { formatTable } from '../terminal/table.ts';

export const sparsityCommand = new Command('sparsity')
  .addArgument(CHECKPOINT)
  .addOption(FROM)
  .addOption(OFFLINE)
  .addOption(TECHNIQUE)
  .addOption(LOG_ALPHA_THRESHOLD)
  .addOption(
    new Option(
      '--model <model>',
      'Whose names to expect for variational dropout; by default whichever are there',
    ).choices(['transformer', 'rn50'] as const),
  )
  .option('--json', 'Print one JSON object');

sparsityCommand.action(async (given, args) => {
  const checkpoint = await openCheckpoint(await checkpointFor(given, args));
  try {
    const technique = resolveTechnique(checkpoint, args.technique);
    const threshold = resolveLogAlphaThreshold(checkpoint, args.logAlphaThreshold);
    const sparsity = await checkpointSparsity(checkpoint, {
      technique,
      model: args.model,
      logAlphaThreshold: threshold.value,
    });
    note(`technique ${technique}`);
    if (sparsity.threshold !== undefined) note(describeThreshold(threshold));
    noteUnusedThreshold(technique, args.logAlphaThreshold);
    const thresholdSource = sparsity.threshold === undefined ? {} : { thresholdSource: threshold.source };
    if (args.json) await printJson({ path: checkpoint.path, ...sparsity, ...thresholdSource });
    else await printText(asText(checkpoint.path, sparsity));
  } finally {
    await checkpoint.close();
  }
});

/** Begins with the line that the original's `checkpoint_sparsity.py` prints. */
function asText(path: string, { sparsity: all, nonzero, total, layers }: CheckpointSparsity): string {
  const table = formatTable(
    [
      { heading: 'variable' },
      { heading: 'nonzero', align: 'right' },
      { heading: 'total', align: 'right' },
      { heading: 'sparsity %', align: 'right' },
    ],
    [
      ...layers.map(({ name, nonzero, total, sparsity }) => [
        name,
        nonzero,
        total,
        (100 * sparsity).toFixed(4),
      ]),
      ['all', nonzero, total, (100 * all).toFixed(4)],
    ],
  );
  return `${printable(path)} global sparsity = ${formatFloat(100 * all)}%\n\n${table}`;
}
