import type { Technique } from '../base/technique.ts';
import { formatCsv } from '../io/exchange/csv.ts';
import { INITIAL_LOG_ALPHA } from '../layers/l0-regularization/hard-concrete.ts';
import { RESULT_FILES, type ResultColumn, type ResultFile } from '../results/result-files.ts';
import { pruningSteps } from '../train/run/schedules.ts';
import type { TrainingSettings } from '../train/run/settings.ts';
import type { Measurement, RunResult } from './run-result.ts';

/** A table as the paper's results were published, by its path below the folder of results. */
export interface ResultTable {
  /** With slashes, as `sparse_transformer/technique_comparison/transformer_magnitude_pruning.csv`. */
  readonly path: string;
  /** Of the file: CSV with a line of headings. */
  readonly text: string;
}

/** The results of runs in the columns of the paper's own files, one for each technique there is. */
export function resultTables(results: readonly RunResult[]): ResultTable[] {
  return RESULT_FILES.flatMap((file) => {
    const own = results.filter(
      ({ settings, measurements }) => measurements.length > 0 && isOf(file, settings),
    );
    if (own.length === 0) return [];
    const header = file.columns.map(({ heading }) => heading);
    return [
      {
        path: file.path,
        text: formatCsv(
          header,
          own.map((result) => cells(file, result)),
        ),
      },
    ];
  });
}

/** Masks that were given make a run another experiment, whose files tell runs apart by more than is known here. */
function isOf({ model, technique, experiment }: ResultFile, settings: TrainingSettings): boolean {
  return (
    model === settings.model &&
    technique === settings.technique &&
    (experiment === 'baseline' || experiment === 'comparison') &&
    settings.loadMasksFrom === undefined
  );
}

function cells({ columns, model }: ResultFile, result: RunResult): (string | number)[] {
  const known = columnsOf(result.settings);
  return columns.map((column) => {
    if ('setting' in column) return known[column.setting] ?? (column.text ? '' : 0);
    const { sparsity, evaluation } = measurementOf(column, result.measurements);
    if (column.measure === 'sparsity') return sparsity / column.scale;
    const quality = model === 'transformer' ? evaluation.bleu : 100 * evaluation.top1;
    return quality / column.scale;
  });
}

function measurementOf(column: ResultColumn, measurements: readonly Measurement[]): Measurement {
  const threshold = 'with' in column ? column.with?.logAlphaThreshold : undefined;
  return measurements.find(({ logAlphaThreshold }) => logAlphaThreshold === threshold) ?? measurements[0];
}

/** What the paper's columns say of a run, by the names that `result-files.ts` gives them. */
function columnsOf(settings: TrainingSettings): Readonly<Record<string, string | number>> {
  const { technique, trainSteps } = settings;
  const pruning = pruningSteps(settings);
  const { penaltyBegin = 0, penaltyEnd = trainSteps } = settings;
  const ramp = {
    lossWeight: settings.penaltyWeight ?? 0,
    weightFunction: settings.penaltyFunction ?? 'linear',
    rampStart: penaltyBegin,
    rampSteps: penaltyEnd - penaltyBegin,
    rampEnd: penaltyEnd,
    initialLogAlpha: settings.initialLogAlpha ?? INITIAL_LOG_ALPHA,
  };
  const common = {
    trainingSteps: trainSteps,
    batchSize: settings.batchSize,
    beginStep: pruning.begin,
    endStep: pruning.end,
    frequency: pruning.frequency,
    thresholdDecay: 0,
    ...ramp,
  };
  if (settings.model === 'transformer') {
    return {
      ...common,
      hparams: hparamsName(technique),
      dataset: 'own',
      regularization: settings.regularization,
    };
  }
  return { ...common, labelSmoothing: settings.labelSmoothing, weightDecay: settings.weightDecay };
}

function hparamsName(technique: Technique): string {
  return technique === 'dense' ? 'transformer_base' : `sparse_transformer_${technique}`;
}
