import { join } from 'node:path';
import { writeFileAtomic } from '../../io/files/atomic-file.ts';
import { makeFolder } from '../../io/files/make-folder.ts';
import { refuseInputs } from '../../io/files/output-place.ts';
import type { Figure } from '../../results/plots/figure.ts';

/**
 * Draws figures into a folder, as SVG and on a page, once the folder is there.
 * @param inputs files that were drawn, which the figures must not replace.
 * @returns the paths of the files, the page first.
 */
export async function writeFigures(
  folder: string,
  title: string,
  inputs: readonly string[],
  draw: () => Promise<readonly Figure[]>,
): Promise<string[]> {
  const { figuresPage } = await import('../../results/plots/page.ts');
  await makeFolder(folder);
  const figures = await draw();
  const files = [
    { path: join(folder, 'index.html'), text: figuresPage(title, figures) },
    ...figures.map(({ name, svg }) => ({ path: join(folder, `${name}.svg`), text: svg })),
  ];
  const paths = files.map(({ path }) => path);
  await refuseInputs(folder, paths, inputs);
  for (const { path, text } of files) await writeFileAtomic(path, text);
  return paths;
}
