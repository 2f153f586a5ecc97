import { formatFloat } from '../base/python-text.ts';

/** The two models of the paper, by the names its code uses. */
export type PublishedModel = 'transformer' | 'rn50';

/** Fields that the names of all published checkpoints have. */
export interface PublishedFields {
  /** Target of pruning, or the level that the achieved sparsity of the other techniques was filed under; a fraction. */
  readonly sparsity: number;
  /** Share of a label that is spread over the other classes. */
  readonly labelSmoothing: number;
}

/** When weights are pruned, in steps of the optimizer. */
export interface PublishedPruningFields extends PublishedFields {
  /** How weights were chosen. */
  readonly technique: 'magnitude_pruning' | 'random_pruning';
  /** The first step at which weights are pruned. */
  readonly beginStep: number;
  /** The step at which the target is reached. */
  readonly endStep: number;
  /** Steps between two updates of the masks. */
  readonly frequency: number;
}

/** `<technique>_<sparsity>_<begin>_<end>_<frequency>_<dropout>_<label smoothing>` */
export interface PublishedPruning extends PublishedPruningFields {
  /** Tells the names apart. */
  readonly model: 'transformer';
  /** Rate used for layer outputs, attention and relu alike. */
  readonly dropout: number;
}

/** How the weight of the sparsifying loss rises from 0: over `rampSteps` steps from `rampStart`. */
export interface PublishedRampFields extends PublishedFields {
  /** Tells the names apart. */
  readonly model: 'transformer';
  /** The form of the rise. */
  readonly weightFunction: 'linear' | 'cubic';
  /** The step it begins at. */
  readonly rampStart: number;
  /** Steps it takes. */
  readonly rampSteps: number;
  /** Weight of the loss at the end of the ramp, as rounded in the name. */
  readonly lossWeight: number;
  /** Rate used for layer outputs, attention and relu alike. */
  readonly dropout: number;
}

/** `l0_regularization_<sparsity>_<function>_<start>_<steps>_<weight>_<dropout>_<label smoothing>` */
export interface PublishedL0 extends PublishedRampFields {
  /** Tells the names apart. */
  readonly technique: 'l0_regularization';
}

/** As for L0, followed by `_<log-alpha threshold>`, the one to evaluate the checkpoint with. */
export interface PublishedVariationalDropout extends PublishedRampFields {
  /** Tells the names apart. */
  readonly technique: 'variational_dropout';
  /** Weights with a larger log-alpha are dropped. */
  readonly logAlphaThreshold: number;
}

/** `(standard_threshold|extended_threshold|standard_random_cumulative)_<sparsity>_<begin>_<end>_<frequency>_<label smoothing>` */
export interface PublishedResNetPruning extends PublishedPruningFields {
  /** Tells the names apart. */
  readonly model: 'rn50';
  /**
   * Extended: 1.5 times as long a training, the first layer dense and the last at most 80 % sparse; `sparsity` is the
   * target of the layers between.
   */
  readonly schedule: 'standard' | 'extended';
}

/** `variational_dropout_<sparsity>_<ramp start>_<ramp end>_<weight>_<label smoothing>`, the ramp linear. */
export interface PublishedResNetVariationalDropout extends PublishedFields {
  /** Tells the names apart. */
  readonly model: 'rn50';
  /** Tells the names apart. */
  readonly technique: 'variational_dropout';
  /** The step it begins at. */
  readonly rampStart: number;
  /** The step it ends at. */
  readonly rampEnd: number;
  /** Weight of the loss at the end of the ramp: a round number over the 1,281,167 training images. */
  readonly lossWeight: number;
  /** Not in the name: the paper evaluates all of these with it. */
  readonly logAlphaThreshold: 0.5;
}

/** What the directory name of a published checkpoint says of its training. */
export type PublishedName =
  | PublishedPruning
  | PublishedL0
  | PublishedVariationalDropout
  | PublishedResNetPruning
  | PublishedResNetVariationalDropout;

const RESNET_LOG_ALPHA_THRESHOLD = 0.5;

/** Reads the directory name of a published checkpoint; undefined where it is no such name. */
export function parsePublishedName(name: string): PublishedName | undefined {
  for (const form of FORMS) {
    const fields = Object.entries(form.fields);
    const pattern = fields.map(([, { pattern }]) => `(${pattern})`).join('_');
    const match = new RegExp(`^${form.prefix}_${pattern}$`).exec(name);
    if (match === null) continue;
    const values = fields.map(([key, { parse }], i) => [key, parse(match[i + 1])]);
    return { ...form.fixed, ...Object.fromEntries(values) };
  }
  return undefined;
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
  const values: Readonly<Record<string, unknown>> = { ...published };
  const form = FORMS.find(({ fixed }) =>
    Object.entries(fixed).every(([key, value]) => values[key] === value),
  )!;
  const fields = Object.entries(form.fields).map(([key, { format }]) => format(values[key] as never));
  return [form.prefix, ...fields].join('_');
}

/** How one field of a name is written. */
interface Field<Value> {
  readonly pattern: string;
  readonly parse: (text: string) => Value;
  readonly format: (value: Value) => string;
}

const NUMBER = String.raw`\d+(?:\.\d+)?(?:[Ee][+-]\d+)?`;

const STEP: Field<number> = { pattern: String.raw`\d+`, parse: Number, format: String };
const DECIMAL: Field<number> = { pattern: NUMBER, parse: Number, format: decimal };
const EXPONENTIAL: Field<number> = { pattern: NUMBER, parse: Number, format: exponential };
const PYTHON_FLOAT: Field<number> = { pattern: NUMBER, parse: Number, format: formatFloat };
const FUNCTION: Field<string> = { pattern: 'linear|cubic', parse: String, format: String };

const PRUNING_STEPS = { beginStep: STEP, endStep: STEP, frequency: STEP };
const TRANSFORMER_PRUNING = {
  sparsity: DECIMAL,
  ...PRUNING_STEPS,
  dropout: DECIMAL,
  labelSmoothing: DECIMAL,
};
const RESNET_PRUNING = { sparsity: DECIMAL, ...PRUNING_STEPS, labelSmoothing: DECIMAL };
const RAMP = { sparsity: DECIMAL, weightFunction: FUNCTION, rampStart: STEP, rampSteps: STEP };
const REGULARIZATION = { dropout: DECIMAL, labelSmoothing: DECIMAL };

/** A form of name: what stands before its fields, the fields in their order, and what the form itself says. */
interface Form {
  readonly prefix: string;
  // biome-ignore lint/suspicious/noExplicitAny: each field formats what it parses.
  readonly fields: Readonly<Record<string, Field<any>>>;
  readonly fixed: Pick<PublishedName, 'model' | 'technique'> & Readonly<Record<string, unknown>>;
}

const FORMS: readonly Form[] = [
  {
    prefix: 'magnitude_pruning',
    fields: TRANSFORMER_PRUNING,
    fixed: { model: 'transformer', technique: 'magnitude_pruning' },
  },
  {
    prefix: 'random_pruning',
    fields: TRANSFORMER_PRUNING,
    fixed: { model: 'transformer', technique: 'random_pruning' },
  },
  {
    prefix: 'l0_regularization',
    fields: { ...RAMP, lossWeight: DECIMAL, ...REGULARIZATION },
    fixed: { model: 'transformer', technique: 'l0_regularization' },
  },
  {
    prefix: 'variational_dropout',
    fields: { ...RAMP, lossWeight: EXPONENTIAL, ...REGULARIZATION, logAlphaThreshold: DECIMAL },
    fixed: { model: 'transformer', technique: 'variational_dropout' },
  },
  {
    prefix: 'standard_threshold',
    fields: RESNET_PRUNING,
    fixed: { model: 'rn50', technique: 'magnitude_pruning', schedule: 'standard' },
  },
  {
    prefix: 'extended_threshold',
    fields: RESNET_PRUNING,
    fixed: { model: 'rn50', technique: 'magnitude_pruning', schedule: 'extended' },
  },
  {
    prefix: 'standard_random_cumulative',
    fields: RESNET_PRUNING,
    fixed: { model: 'rn50', technique: 'random_pruning', schedule: 'standard' },
  },
  {
    prefix: 'variational_dropout',
    fields: {
      sparsity: DECIMAL,
      rampStart: STEP,
      rampEnd: STEP,
      lossWeight: PYTHON_FLOAT,
      labelSmoothing: DECIMAL,
    },
    fixed: {
      model: 'rn50',
      technique: 'variational_dropout',
      logAlphaThreshold: RESNET_LOG_ALPHA_THRESHOLD,
    },
  },
];

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
