import { basename, join, resolve } from 'node:path';
import { Command } from '@commander-js/extra-typings';
import { METRICS_FILE, readMetrics } from '../../train/watch/metrics-file.ts';
import { writeFigures } from '../session/write-figures.ts';
import { print, printJson } from '../terminal/print.ts';

export const curvesCommand = new Command('curves')
  .argument('<runs...>', 'Folders of tsos train; of a sweep those in its folder runs')
  .requiredOption('--output <folder>', 'For the figures, as SVG and on a page')
  .option('--json', 'Print one JSON object');

curvesCommand.action(async (runs, { output, json }) => {
  const inputs = runs.map((run) => join(run, METRICS_FILE));
  const measured = await Promise.all(
    inputs.map(async (file, i) => ({ name: basename(resolve(runs[i])), records: await readMetrics(file) })),
  );
  const files = await writeFigures(output, 'Trainings', inputs, async () =>
    (await import('../../results/plots/curves.ts')).curveFigures(measured),
  );
  if (json) await printJson({ runs, files });
  else await print(files.map((path) => `${path}\n`).join(''));
});
