import { parseArgs } from 'node:util';
import type { ArgsDef } from 'citty';
import { UsageError } from '../base/errors.ts';
import { TECHNIQUES, type Technique } from '../base/technique.ts';
import { closest } from '../io/checkpoint/suggest.ts';

/** An argument of the command line that cannot be read. */
export class ArgumentError extends UsageError {}

export const CHECKPOINT_ARGUMENT = {
  type: 'positional',
  required: true,
  description: 'A prefix, an .index file, a directory, a .tar or .tar.gz',
} as const satisfies ArgsDef[string];

/** The arguments of commands that read weights. */
export const WEIGHT_ARGUMENTS = {
  technique: {
    type: 'string',
    valueHint: 'name',
    description: `How it was made sparse (${TECHNIQUES.join(', ')}); by default what its variables say`,
  },
  'log-alpha-threshold': {
    type: 'string',
    valueHint: 'number',
    description:
      'Variational dropout drops weights with a larger log-alpha; by default from a published directory name, else 3',
  },
} as const satisfies ArgsDef;

/** How a model that is loaded holds its weights. */
export const HOLDING_ARGUMENTS = {
  format: {
    type: 'enum',
    options: ['sparse', 'dense'],
    description: 'Compute with all matrices so, instead of each by its density',
  },
  'value-precision': {
    type: 'enum',
    options: ['f32', 'f16'],
    description: 'Hold weights in 32 bits (default), or in 16 and lose up to 1/2048 of each',
  },
} as const satisfies ArgsDef;

/** What the command line says of weights that are to be read. */
export interface WeightOptions {
  readonly technique: Technique | undefined;
  readonly logAlphaThreshold: number | undefined;
}

/**
 * The values of {@link WEIGHT_ARGUMENTS}.
 * @throws {ArgumentError} where one cannot be read.
 */
export function weightOptions(args: {
  readonly technique?: string | undefined;
  readonly 'log-alpha-threshold'?: string | undefined;
}): WeightOptions {
  return {
    technique: techniqueOption(args.technique),
    logAlphaThreshold: numberOption('log-alpha-threshold', args['log-alpha-threshold']),
  };
}

/** As the hint of a positional argument: it stands for any number of them, which are in `args._`. */
export const ANY_NUMBER = '…';

/**
 * Refuses what the parser of citty would pass over: options that there are not, options without their value, empty
 * arguments and arguments too many.
 * @throws {ArgumentError} for the first of them.
 */
export function checkArguments(rawArgs: readonly string[], definitions: ArgsDef): void {
  const positionals = Object.entries(definitions).filter(([, { type }]) => type === 'positional');
  const most = positionals.some(([, { valueHint }]) => valueHint === ANY_NUMBER)
    ? Number.POSITIVE_INFINITY
    : positionals.length;
  const options = Object.entries(definitions).filter(([, { type }]) => type !== 'positional');
  const { tokens } = parseArgs({
    args: [...rawArgs],
    options: Object.fromEntries(
      options.map(([name, { type }]) => [name, { type: type === 'boolean' ? 'boolean' : 'string' }]),
    ),
    strict: false,
    tokens: true,
  });
  let given = 0;
  for (const token of tokens) {
    if (token.kind === 'positional') {
      if (++given > most) throw new ArgumentError(`"${token.value}" is one argument too many`);
      // Mostly a variable of a shell script that is not set.
      const [name] = positionals[Math.min(given, positionals.length) - 1];
      if (token.value === '') throw new ArgumentError(`${name.toUpperCase()} is empty; it needs a value`);
    }
    if (token.kind !== 'option') continue;
    const type = Object.hasOwn(definitions, token.name) ? definitions[token.name].type : 'positional';
    if (type === 'positional') throw unknownOption(token.rawName, options);
    if (type === 'boolean') {
      if (token.value !== undefined) throw new ArgumentError(`${token.rawName} takes no value`);
    } else if (!token.value || (!token.inlineValue && /^-[^\d.]/.test(token.value))) {
      throw new ArgumentError(`${token.rawName} needs a value`);
    }
  }
}

function unknownOption(given: string, options: readonly (readonly [string, unknown])[]): ArgumentError {
  const [near] = closest(
    given,
    options.map(([name]) => `--${name}`),
    1,
  );
  return new ArgumentError(
    `there is no option ${given}${near === undefined ? '' : `; did you mean ${near}?`}`,
  );
}

/**
 * The value of --technique.
 * @throws {ArgumentError} where there is no such technique.
 */
export function techniqueOption(value: string | undefined): Technique | undefined {
  const technique = TECHNIQUES.find((name) => name === value);
  if (value !== undefined && technique === undefined) {
    throw new ArgumentError(`--technique is "${value}"; it can be ${TECHNIQUES.join(', ')}`);
  }
  return technique;
}

/**
 * The value of an option that is a number.
 * @throws {ArgumentError} where it is none.
 */
export function numberOption(name: string, value: string | undefined): number | undefined {
  if (value === undefined) return undefined;
  if (!/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(value)) {
    throw new ArgumentError(`--${name} is "${value}"; it must be a number`);
  }
  return Number(value);
}

/**
 * The value of an option that is a whole number.
 * @throws {ArgumentError} where it is none, or less than the least.
 */
export function wholeOption(
  name: string,
  value: string | undefined,
  least = Number.MIN_SAFE_INTEGER,
): number | undefined {
  const number = numberOption(name, value);
  if (number !== undefined && !(Number.isSafeInteger(number) && number >= least)) {
    const range = least > 0 ? ` from ${least}` : '';
    throw new ArgumentError(`--${name} is ${value}; it must be a whole number${range}`);
  }
  return number;
}

/** All values of an option that may be given several times; the parser of citty keeps the last. */
export function repeatedOption(rawArgs: readonly string[], name: string): string[] {
  const options = { [name]: { type: 'string', multiple: true } } as const;
  const { values } = parseArgs({ args: [...rawArgs], options, strict: false });
  return (values[name] as string[] | undefined) ?? [];
}
