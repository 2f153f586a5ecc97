import { join } from 'node:path';
import { Command, Option } from '@commander-js/extra-typings';
import { formatCsv } from '../../io/exchange/csv.ts';
import { METRIC_OF, qualityOf } from '../../results/catalogue.ts';
import { isStudyFolder, loadResults, type ResultRow } from '../../results/load-results.ts';
import {
  bestRows,
  type Condition,
  cellOf,
  columnsOf,
  filterRows,
  groupRows,
  implausibleRows,
  parseCondition,
  sortRows,
} from '../../results/query.ts';
import { RESULT_FILES } from '../../results/result-files.ts';
import { ArgumentError } from '../arguments/argument-error.ts';
import { wholeNumber } from '../arguments/values.ts';
import { writeFigures } from '../session/write-figures.ts';
import { note, print, printJson, printText } from '../terminal/print.ts';
import { formatTable } from '../terminal/table.ts';

export const resultsCommand = new Command('results')
  .argument(
    '<folder>',
    'The folder "results" of the original, with sparse_rn50 and sparse_transformer in it, or that of tsos sweep',
  )
  .option(
    '--filter <column=value>',
    'Only runs like that; column=0.5..0.9 for a range; may be given several times',
    conditions,
    [],
  )
  .option('--best', 'Only the best run of each technique and sparsity')
  .option('--sort <column>', 'Order by a column')
  .option('--descending', 'With --sort: the largest first')
  .option('--limit <n>', 'Only so many runs from the top', wholeNumber(1))
  .option('--plots <folder>', "Draw the paper's figures, or those of a sweep, as SVG and on a page")
  .option('--paper <folder>', "With --plots, of a sweep: the paper's results, to be drawn beside")
  .addOption(new Option('--csv', 'Print comma-separated values').conflicts('json'))
  .option('--json', 'Print one JSON object');

resultsCommand.action(async (folder, args) => {
  if (args.descending && args.sort === undefined) throw new ArgumentError('--descending needs --sort');
  const { filter, limit } = args;
  const all = await loadResults(folder);
  noteImplausible(all);

  const filtered = filterRows(all, filter);
  const chosen = args.best ? bestRows(filtered) : filtered;
  const sorted = args.sort === undefined ? chosen : sortRows(chosen, args.sort, args.descending);
  const rows = sorted.slice(0, limit);
  const plots =
    args.plots === undefined
      ? undefined
      : await drawFigures(args.plots, all, { source: folder, paper: args.paper });

  const isQuery = args.best || args.sort !== undefined || limit !== undefined || filter.length > 0;
  if (args.json) await printJson({ folder, rows: rows.map(described), ...(plots && { plots }) });
  else if (args.csv) await print(asCsv(rows));
  else if (isQuery) await printText(asTable(rows));
  else if (plots !== undefined) await print(plots.map((path) => `${path}\n`).join(''));
  else await printText(overview(all));
  note(`${rows.length} of ${all.length} runs`);
});

/** They stay in, since whoever asks should see what the files say. */
function noteImplausible(rows: readonly ResultRow[]): void {
  const [first, ...others] = implausibleRows(rows);
  if (first === undefined) return;
  const { file, line, sparsity, quality } = first;
  const more = others.length === 0 ? '' : `, and ${others.length} more runs cannot be`;
  note(`${file} line ${line} has sparsity ${sparsity} and quality ${quality}, which cannot be${more}`);
}

function conditions(condition: string, before: readonly Condition[]): readonly Condition[] {
  return [...before, parseCondition(condition)];
}

/** Draws everything, since the figures compare all with all. @returns the paths of the files, the page first. */
async function drawFigures(
  folder: string,
  rows: readonly ResultRow[],
  { source, paper }: { readonly source: string; readonly paper: string | undefined },
): Promise<string[]> {
  const isStudy = await isStudyFolder(source);
  if (paper !== undefined && !isStudy) {
    throw new ArgumentError('--paper is for the results of a sweep; leave it out');
  }
  const beside = paper === undefined ? undefined : await loadResults(paper);
  const title = isStudy ? 'A study of sparsity' : 'The State of Sparsity: published results';
  const inputs = [source, ...(paper === undefined ? [] : [paper])].flatMap((from) =>
    RESULT_FILES.map(({ path }) => join(from, path)),
  );
  return writeFigures(folder, title, inputs, async () =>
    isStudy
      ? (await import('../../results/plots/study.ts')).studyFigures(rows, beside)
      : (await import('../../results/plots/figures.ts')).paperFigures(rows),
  );
}

/** Programs are given top-1 accuracy as a share. */
function described({ quality, ...row }: ResultRow) {
  const metric = METRIC_OF[row.model];
  return { ...row, metric, quality: qualityOf(metric, quality) };
}

function asCsv(rows: readonly ResultRow[]): string {
  const columns = columnsOf(rows);
  return formatCsv(columns, cells(rows, columns));
}

function asTable(rows: readonly ResultRow[]): string {
  const columns = columnsOf(rows);
  const isNumeric = (column: string) => rows.some((row) => typeof cellOf(row, column) === 'number');
  return formatTable(
    columns.map((heading) => ({ heading, align: isNumeric(heading) ? 'right' : 'left' })),
    cells(rows, columns),
  );
}

function cells(rows: readonly ResultRow[], columns: readonly string[]): (string | number)[][] {
  return rows.map((row) => columns.map((column) => cellOf(row, column) ?? ''));
}

/** What there is: runs of each kind, with the ranges of what was measured. */
function overview(rows: readonly ResultRow[]): string {
  return formatTable(
    [
      { heading: 'model' },
      { heading: 'experiment' },
      { heading: 'technique' },
      { heading: 'runs', align: 'right' },
      { heading: 'sparsity %', align: 'right' },
      { heading: 'quality', align: 'right' },
    ],
    groupRows(rows).map((group) => [
      group[0].model,
      [group[0].experiment, group[0].variant].filter((part) => part !== undefined).join(' '),
      group[0].technique,
      group.length,
      range(
        group.map(({ sparsity }) => 100 * sparsity),
        1,
      ),
      range(
        group.map(({ quality }) => quality),
        2,
      ),
    ]),
  );
}

function range(values: readonly number[], digits: number): string {
  const ends = values.reduce(
    ([least, most], value) => [Math.min(least, value), Math.max(most, value)],
    [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY],
  );
  return Array.from(new Set(ends.map((end) => end.toFixed(digits)))).join(' – ');
}
