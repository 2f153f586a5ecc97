import { basename, join, resolve } from 'node:path';
import { Command } from '@commander-js/extra-typings';
import { writeFileAtomic } from '../../io/files/atomic-file.ts';
import { makeFolder } from '../../io/files/make-folder.ts';
import { refuseInputs } from '../../io/files/output-place.ts';
import { METRICS_FILE, readMetrics } from '../../train/watch/metrics-file.ts';
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
  const [{ curveFigures }, { figuresPage }] = await Promise.all([
    import('../../results/plots/curves.ts'),
    import('../../results/plots/page.ts'),
  ]);
  const figures = await curveFigures(measured);
  await makeFolder(output);
  const files = [
    { name: 'index.html', text: figuresPage('Trainings', figures) },
    ...figures.map(({ name, svg }) => ({ name: `${name}.svg`, text: svg })),
  ];
  const paths = files.map(({ name }) => join(output, name));
  await refuseInputs(output, paths, inputs);
  for (const [i, { text }] of files.entries()) await writeFileAtomic(paths[i], text);
  if (json) await printJson({ runs, files: paths });
  else await print(paths.map((path) => `${path}\n`).join(''));
});
