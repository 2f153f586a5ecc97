import { defineCommand } from 'citty';
import { type PublishedCheckpoint, selectCheckpoints } from '../../results/catalogue.ts';
import { downloadAddress } from '../../results/fetch-checkpoint.ts';
import { CATALOGUE_ARGUMENTS, checkpointFilter } from '../catalogue-arguments.ts';
import { note, print } from '../report/print.ts';
import { formatTable } from '../report/table.ts';

export const listCommand = defineCommand({
  meta: { name: 'list', description: 'List the checkpoints that were published with the paper' },
  args: { ...CATALOGUE_ARGUMENTS, json: { type: 'boolean', description: 'Print one JSON object' } },
  async run({ args }) {
    const checkpoints = selectCheckpoints(checkpointFilter(args));
    await print(args.json ? asJson(checkpoints) : asTable(checkpoints));
    note(`${checkpoints.length} checkpoints`);
  },
});

function asJson(checkpoints: readonly PublishedCheckpoint[]): string {
  const described = checkpoints.map(({ path, ...checkpoint }) => ({
    ...checkpoint,
    url: downloadAddress({ path }),
  }));
  return `${JSON.stringify({ checkpoints: described })}\n`;
}

function asTable(checkpoints: readonly PublishedCheckpoint[]): string {
  return formatTable(
    [
      { heading: 'name' },
      { heading: 'model' },
      { heading: 'technique' },
      { heading: 'sparsity %', align: 'right' },
      { heading: 'result', align: 'right' },
      { heading: 'weights kept', align: 'right' },
      { heading: 'log-alpha threshold', align: 'right' },
    ],
    checkpoints.map(
      ({ name, model, technique, sparsity, metric, figure, keptWeights, logAlphaThreshold }) => [
        name,
        model,
        technique,
        Number((100 * sparsity).toFixed(1)),
        `${metric} ${figure.toFixed(2)}`,
        keptWeights,
        logAlphaThreshold ?? '',
      ],
    ),
  );
}
