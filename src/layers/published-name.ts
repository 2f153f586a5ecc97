/** Fields that the names of all published Transformer checkpoints have. */
interface CommonFields {
  /** Target of pruning, or the level that the achieved sparsity of the other techniques was filed under; a fraction. */
  readonly sparsity: number;
  /** Rate used for layer outputs, attention and relu alike. */
  readonly dropout: number;
  readonly labelSmoothing: number;
}

/** `<technique>_<sparsity>_<begin>_<end>_<frequency>_<dropout>_<label smoothing>`, steps of the optimizer. */
export interface PublishedPruning extends CommonFields {
  readonly technique: 'magnitude_pruning' | 'random_pruning';
  readonly beginStep: number;
  readonly endStep: number;
  /** Steps between two updates of the masks. */
  readonly frequency: number;
}

/** How the weight of the sparsifying loss rises from 0: over `rampSteps` steps from `rampStart`. */
interface RampFields extends CommonFields {
  readonly weightFunction: 'linear' | 'cubic';
  readonly rampStart: number;
  readonly rampSteps: number;
  /** Weight of the loss at the end of the ramp, as rounded in the name. */
  readonly lossWeight: number;
}

/** `l0_regularization_<sparsity>_<function>_<start>_<steps>_<weight>_<dropout>_<label smoothing>`. */
export interface PublishedL0 extends RampFields {
  readonly technique: 'l0_regularization';
}

/** As for L0, followed by `_<log-alpha threshold>`, the one to evaluate the checkpoint with. */
export interface PublishedVariationalDropout extends RampFields {
  readonly technique: 'variational_dropout';
  readonly logAlphaThreshold: number;
}

/** What the directory name of a published Transformer checkpoint says of its training. */
export type PublishedName = PublishedPruning | PublishedL0 | PublishedVariationalDropout;

const NUMBER = String.raw`(\d+(?:\.\d+)?(?:E[+-]\d+)?)`;
const STEP = String.raw`(\d+)`;

const PRUNING = new RegExp(
  `^(magnitude_pruning|random_pruning)_${[NUMBER, STEP, STEP, STEP, NUMBER, NUMBER].join('_')}$`,
);
const RAMP = new RegExp(
  `^(variational_dropout|l0_regularization)_${[NUMBER, '(linear|cubic)', STEP, STEP, NUMBER, NUMBER, NUMBER].join('_')}(?:_${NUMBER})?$`,
);

/** Reads the directory name of a published Transformer checkpoint; undefined where it is no such name. */
export function parsePublishedName(name: string): PublishedName | undefined {
  return parsePruning(name) ?? parseRamp(name);
}

/** Finds the innermost directory (or tar archive) of a path that bears a published name. */
export function findPublishedName(path: string): PublishedName | undefined {
  for (const part of path.split(/[/\\]/).reverse()) {
    const published = parsePublishedName(part.replace(/\.(tar|tar\.gz|tgz)$/, ''));
    if (published !== undefined) return published;
  }
  return undefined;
}

/** Writes the name that {@link parsePublishedName} reads, with the number formats of the published ones. */
export function formatPublishedName(published: PublishedName): string {
  const { technique, sparsity, dropout, labelSmoothing } = published;
  const head = `${technique}_${decimal(sparsity)}`;
  const tail = `${decimal(dropout)}_${decimal(labelSmoothing)}`;
  if ('frequency' in published) {
    return `${head}_${published.beginStep}_${published.endStep}_${published.frequency}_${tail}`;
  }
  const ramp = `${head}_${published.weightFunction}_${published.rampStart}_${published.rampSteps}`;
  return published.technique === 'variational_dropout'
    ? `${ramp}_${exponential(published.lossWeight)}_${tail}_${decimal(published.logAlphaThreshold)}`
    : `${ramp}_${decimal(published.lossWeight)}_${tail}`;
}

function parsePruning(name: string): PublishedPruning | undefined {
  const match = PRUNING.exec(name);
  if (match === null) return undefined;
  const [sparsity, beginStep, endStep, frequency, dropout, labelSmoothing] = match.slice(2).map(Number);
  const technique = match[1] as PublishedPruning['technique'];
  return { technique, sparsity, beginStep, endStep, frequency, dropout, labelSmoothing };
}

function parseRamp(name: string): PublishedL0 | PublishedVariationalDropout | undefined {
  const match = RAMP.exec(name);
  if (match === null) return undefined;
  const [rampStart, rampSteps, lossWeight, dropout, labelSmoothing] = match.slice(4, 9).map(Number);
  const weightFunction = match[3] as RampFields['weightFunction'];
  const fields = { sparsity: Number(match[2]), weightFunction, rampStart, rampSteps, lossWeight };
  const threshold = match[9] as string | undefined;
  if (match[1] === 'l0_regularization') {
    if (threshold !== undefined) return undefined;
    return { technique: 'l0_regularization', ...fields, dropout, labelSmoothing };
  }
  if (threshold === undefined) return undefined;
  return {
    technique: 'variational_dropout',
    ...fields,
    dropout,
    labelSmoothing,
    logAlphaThreshold: Number(threshold),
  };
}

/** Shortest decimal without an exponent and with a point, as in `0.000000289` and `0.0`. */
function decimal(value: number): string {
  const [mantissa, exponentText] = value.toExponential().split('e');
  const digits = mantissa.replace('.', '');
  const point = 1 + Number(exponentText);
  const padded = point > 0 ? digits.padEnd(point, '0') : '0'.repeat(1 - point) + digits;
  const whole = Math.max(point, 1);
  return `${padded.slice(0, whole)}.${padded.slice(whole) || '0'}`;
}

/** Shortest scientific form with two digits of exponent, as in `2.22E-08`. */
function exponential(value: number): string {
  const [mantissa, exponent] = value.toExponential().split('e');
  return `${mantissa}E${exponent[0]}${exponent.slice(1).padStart(2, '0')}`;
}
