import { DataError } from '../base/errors.ts';
import type { Technique } from '../base/technique.ts';
import { type Csv, type CsvRow, numberIn, readCsv } from '../io/exchange/csv.ts';
import { diskTree } from '../io/files/disk-tree.ts';
import { pathIn } from '../io/files/paths.ts';
import type { PublishedModel } from '../layers/published-name.ts';

export type { Experiment } from './result-files.ts';

import { type Experiment, RESULT_FILES, type ResultFile } from './result-files.ts';

/** One measured run of the paper. */
export interface ResultRow {
  /** Below the folder of results. */
  readonly file: string;
  /** From 1, which is the header. A line with several measurements makes several rows. */
  readonly line: number;
  /** Which of the paper’s two models. */
  readonly model: PublishedModel;
  /** Which of the paper’s experiments. */
  readonly experiment: Experiment;
  /** How runs from scratch differ. */
  readonly variant?: string;
  /** Of lottery tickets and runs from scratch: what made their masks. */
  readonly technique: Technique;
  /** Share of zeros, 0 to 1: the target of ResNet-50's pruning, else what was achieved; 0 for dense. */
  readonly sparsity: number;
  /** The sparsity that it counts for, of those from 0.5 to 0.98 that the paper compares techniques at. */
  readonly level?: number;
  /** BLEU, or top-1 accuracy in percent, as the files and people have it. */
  readonly quality: number;
  /** What the file says of the run, by column. */
  readonly settings: Readonly<Record<string, number | string>>;
}

/** Tells the folder of a study of one's own, which need not have all files. */
export const STUDY_FILE = 'study.json';

/** The sparsities that the paper compares techniques at. */
export const LEVELS = [0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98] as const;

/**
 * How far an achieved sparsity may lie from a level to count for it. With this one the best run of each level is the one
 * that was published; the paper does not state its own.
 */
const LEVEL_TOLERANCE = 0.003;

/**
 * Loads the twenty result files of the paper, or those of them that a study of one's own has.
 * @param folder the one with `sparse_rn50` and `sparse_transformer` in it; or that of `tsos sweep`, with a `study.json`.
 * @throws {DataError} where a file is missing or does not have the columns that were published.
 */
export async function loadResults(folder: string): Promise<ResultRow[]> {
  const isStudy = await isStudyFolder(folder);
  const isThere = async ({ path }: ResultFile) => (await diskTree.kind(pathIn(folder, path))) === 'file';
  const files = await Promise.all(
    RESULT_FILES.map(async (file) => (isStudy && !(await isThere(file)) ? [] : loadResultFile(folder, file))),
  );
  return files.flat();
}

/** Whether a folder has the results of a study of one's own. */
export async function isStudyFolder(folder: string): Promise<boolean> {
  return (await diskTree.kind(pathIn(folder, STUDY_FILE))) === 'file';
}

async function loadResultFile(folder: string, file: ResultFile): Promise<ResultRow[]> {
  const csv = await readCsv(pathIn(folder, file.path));
  assertHeader(csv, file);
  return csv.rows.flatMap((row) => runsOf(file, csv, row));
}

function assertHeader({ file, header }: Csv, { columns }: ResultFile): void {
  const expected = columns.map(({ heading }) => heading);
  const wrong = expected.findIndex((heading, i) => heading !== header[i]);
  if (wrong >= 0) {
    throw new DataError(
      `column ${wrong + 1} is ${JSON.stringify(header[wrong] ?? '')} where the published file has ` +
        `${JSON.stringify(expected[wrong])}; get the original file`,
      { file },
    );
  }
  if (header.length > expected.length) {
    throw new DataError(`has ${header.length} columns where the published file has ${expected.length}`, {
      file,
    });
  }
}

/** The runs of a line: one, or one for each of its measurements. */
function runsOf({ path, model, experiment, variant, technique, columns }: ResultFile, csv: Csv, row: CsvRow) {
  const settings: Record<string, number | string> = {};
  const measurements = new Map<string, Measurement>();
  for (const [i, column] of columns.entries()) {
    if ('setting' in column) {
      settings[column.setting] = column.text ? row.cells[i] : numberIn(csv, row, i);
      continue;
    }
    const key = JSON.stringify(column.with ?? {});
    const measurement = measurements.get(key) ?? { with: column.with ?? {} };
    measurements.set(key, { ...measurement, [column.measure]: scaled(numberIn(csv, row, i), column.scale) });
  }
  // What a line states once, such as the sparsity of nine runs, holds for all of its measurements.
  const { with: _, ...shared } = measurements.get('{}') ?? {};
  return Array.from(measurements.values())
    .map((measurement) => ({ ...shared, ...measurement }))
    .filter(({ quality }) => quality !== undefined)
    .map(({ quality, sparsity = 0, with: measuredWith }): ResultRow => {
      const level = levelOf(sparsity);
      return {
        file: path,
        line: row.line,
        model,
        experiment,
        ...(variant === undefined ? {} : { variant }),
        technique,
        sparsity,
        ...(level === undefined ? {} : { level }),
        quality: quality!,
        settings: { ...settings, ...measuredWith },
      };
    });
}

/** The files have up to 12 digits, to which the scaling is not to add any. */
function scaled(value: number, scale: number): number {
  return Number((scale * value).toPrecision(12));
}

interface Measurement {
  readonly quality?: number;
  readonly sparsity?: number;
  /** Settings of this measurement alone. */
  readonly with: Readonly<Record<string, number>>;
}

function levelOf(sparsity: number): number | undefined {
  return LEVELS.find((level) => Math.abs(sparsity - level) <= LEVEL_TOLERANCE);
}
