import { writeFileAtomic } from '../../io/files/atomic-file.ts';
import { makeFolder } from '../../io/files/make-folder.ts';
import { pathIn } from '../../io/files/paths.ts';
import type { Report } from './report.ts';
import { reportMarkdown } from './report-markdown.ts';
import { reportPage } from './report-page.ts';

/** Names of the files of a report. */
export const REPORT_FILES = ['report.json', 'report.md', 'report.html'] as const;

/**
 * Writes a report into a folder: `report.json`, `report.md` and `report.html`.
 * @returns their paths.
 */
export async function writeReport(folder: string, report: Report): Promise<string[]> {
  await makeFolder(folder);
  const texts: Record<(typeof REPORT_FILES)[number], string> = {
    'report.json': `${JSON.stringify(report, null, 2)}\n`,
    'report.md': reportMarkdown(report),
    'report.html': await reportPage(report),
  };
  const paths: string[] = [];
  for (const [name, text] of Object.entries(texts)) {
    const path = pathIn(folder, name);
    await writeFileAtomic(path, text);
    paths.push(path);
  }
  return paths;
}
