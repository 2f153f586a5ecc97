import { defineCommand } from 'citty';
import { formatFloat } from '../../base/python-text.ts';
import { openCheckpoint } from '../../io/checkpoint/checkpoint.ts';
import { resolveLogAlphaThreshold, resolveTechnique } from '../../layers/resolve-technique.ts';
import { type CheckpointSparsity, checkpointSparsity } from '../../metrics/sparsity.ts';
import { CHECKPOINT_ARGUMENT, WEIGHT_ARGUMENTS, weightOptions } from '../arguments.ts';
import { note, print } from '../report/print.ts';
import { formatTable } from '../report/table.ts';
import { noteUnusedThreshold } from '../report/threshold-note.ts';
import { describeThreshold } from '../report/translation-report.ts';

export const sparsityCommand = defineCommand({
  meta: { name: 'sparsity', description: 'Measure the weight sparsity of a checkpoint' },
  args: {
    checkpoint: CHECKPOINT_ARGUMENT,
    ...WEIGHT_ARGUMENTS,
    model: {
      type: 'enum',
      options: ['transformer', 'rn50'],
      description: 'Whose names to expect for variational dropout; by default whichever are there',
    },
    json: { type: 'boolean', description: 'Print one JSON object' },
  },
  async run({ args }) {
    const requested = weightOptions(args);
    const checkpoint = await openCheckpoint(args.checkpoint);
    try {
      const technique = resolveTechnique(checkpoint, requested.technique);
      const threshold = resolveLogAlphaThreshold(checkpoint.path, requested.logAlphaThreshold);
      const sparsity = await checkpointSparsity(checkpoint, {
        technique,
        model: args.model,
        logAlphaThreshold: threshold.value,
      });
      note(`technique ${technique}`);
      if (sparsity.threshold !== undefined) note(describeThreshold(threshold));
      noteUnusedThreshold(technique, requested.logAlphaThreshold);
      const thresholdSource = sparsity.threshold === undefined ? {} : { thresholdSource: threshold.source };
      await print(
        args.json
          ? `${JSON.stringify({ path: checkpoint.path, ...sparsity, ...thresholdSource })}\n`
          : asText(checkpoint.path, sparsity),
      );
    } finally {
      await checkpoint.close();
    }
  },
});

/** Begins with the line that the original's `checkpoint_sparsity.py` prints. */
function asText(path: string, { percent, nonzero, total, layers }: CheckpointSparsity): string {
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
      ['all', nonzero, total, percent.toFixed(4)],
    ],
  );
  return `${path} global sparsity = ${formatFloat(percent)}%\n\n${table}`;
}
