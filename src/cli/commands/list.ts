import { Command } from '@commander-js/extra-typings';
import { type PublishedCheckpoint, pointsOf, selectCheckpoints } from '../../results/catalogue.ts';
import { downloadAddress } from '../../results/fetch-checkpoint.ts';
import { PUBLISHED_MODEL, PUBLISHED_SPARSITY, PUBLISHED_TECHNIQUE } from '../arguments/catalogue-options.ts';
import { note, printJson, printText } from '../terminal/print.ts';
import { formatTable } from '../terminal/table.ts';

export const listCommand = new Command('list')
  .addOption(PUBLISHED_MODEL)
  .addOption(PUBLISHED_TECHNIQUE)
  .addOption(PUBLISHED_SPARSITY)
  .option('--json', 'Print one JSON object');

listCommand.action(async ({ json, ...filter }) => {
  const checkpoints = selectCheckpoints(filter);
  if (json) await printJson({ checkpoints: checkpoints.map(described) });
  else await printText(asTable(checkpoints));
  note(`${checkpoints.length} checkpoints`);
});

function described({ path, ...checkpoint }: PublishedCheckpoint) {
  return { ...checkpoint, url: downloadAddress({ ...checkpoint, path }) };
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
        `${metric} ${pointsOf(metric, figure).toFixed(2)}`,
        keptWeights,
        logAlphaThreshold ?? '',
      ],
    ),
  );
}
