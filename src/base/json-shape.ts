import { DataError } from './errors.ts';

/**
 * What a value that came from JSON must be, as a check that also carries the type: every file of JSON is read against one, so
 * that no code has to look twice at what a stranger, an older version or a bad disk wrote.
 *
 * Written here and not taken from a library: `ajv` compiles its checks with `new Function`, which a page's content security
 * policy forbids, and brings five packages; others bring ten times this size and sentences of their own.
 *
 * @returns what is wrong, and where in the value, in a sentence; undefined where it is a `T`.
 * @param at where the value stands, such as `totals.top1`; empty for the whole.
 */
export type Shape<T> = ((value: unknown, at: string) => string | undefined) & { readonly type?: T };

/** What a shape lets pass. */
export type ShapeOf<S> = S extends Shape<infer T> ? T : never;

/** Shapes of all fields of an object, for `fields`. */
export type ShapesOf<T> = { readonly [Name in keyof T]-?: Shape<T[Name]> };

/**
 * A value that came from JSON, once it is known to have a shape.
 * @param what it should be, for the error, such as `result of "tsos evaluate"`.
 * @throws {DataError} that names the place in the value, and the file where one is given.
 */
export function shaped<T>(value: unknown, shape: Shape<T>, what: string, file?: string): T {
  const flaw = shape(value, '');
  if (flaw !== undefined) throw new DataError(`is no ${what}: ${flaw}`, file === undefined ? {} : { file });
  return value as T;
}

/** Whatever JSON can hold; for what is looked through later. */
export const anything: Shape<unknown> = () => undefined;

export const truth: Shape<boolean> = simple('true or false', (value) => typeof value === 'boolean');

/** @param kind what it is called in an error. */
export function text(kind = 'a text', pattern = /^/): Shape<string> {
  return simple(kind, (value) => typeof value === 'string' && pattern.test(value));
}

/** SHA-256, in hexadecimal. */
export const sha256 = text('64 hexadecimal digits', /^[0-9a-f]{64}$/);

export interface Limits {
  readonly least?: number;
  readonly most?: number;
}

/** A finite number. */
export function real({
  least = Number.NEGATIVE_INFINITY,
  most = Number.POSITIVE_INFINITY,
}: Limits = {}): Shape<number> {
  const isOne = (value: unknown) => Number.isFinite(value) && isWithin(value as number, least, most);
  return simple(`a number${limitWords(least, most)}`, isOne);
}

/** A whole number, from 0 unless said otherwise, that a double holds exactly. */
export function whole({ least = 0, most = Number.MAX_SAFE_INTEGER }: Limits = {}): Shape<number> {
  const isOne = (value: unknown) => Number.isSafeInteger(value) && isWithin(value as number, least, most);
  return simple(`a whole number${limitWords(least, most)}`, isOne);
}

export function oneOf<const T extends string | number | boolean | null>(...values: readonly T[]): Shape<T> {
  const kind = values.map((value) => JSON.stringify(value)).join(' or ');
  return simple(kind, (value) => values.includes(value as T));
}

export function nullable<T>(shape: Shape<T>): Shape<T | null> {
  return (value, at) => (value === null ? undefined : shape(value, at));
}

/** Of a field that may be left out. */
export function optional<T>(shape: Shape<T>): Shape<T | undefined> {
  return (value, at) => (value === undefined ? undefined : shape(value, at));
}

export function listOf<T>(item: Shape<T>, { least = 0 } = {}): Shape<readonly T[]> {
  return (value, at) => {
    if (!Array.isArray(value)) return wrong(value, at, 'a list');
    if (value.length < least) return wrong(value, at, `a list of at least ${least}`);
    return first(value.entries(), ([i, each]) => item(each, `${at}[${i}]`));
  };
}

/** An object by whatever names. */
export function recordOf<T>(entry: Shape<T>): Shape<Readonly<Record<string, T>>> {
  return (value, at) => {
    if (!isObject(value)) return wrong(value, at, 'an object');
    return first(Object.entries(value), ([name, each]) => entry(each, below(at, name)));
  };
}

type OptionalName<S> = { [Name in keyof S]: undefined extends ShapeOf<S[Name]> ? Name : never }[keyof S];

type Fields<S> = { readonly [Name in Exclude<keyof S, OptionalName<S>>]: ShapeOf<S[Name]> } & {
  readonly [Name in OptionalName<S>]?: Exclude<ShapeOf<S[Name]>, undefined>;
};

/** An object that has these fields. It may have others, which a later version may have written. */
export function fields<const S extends Readonly<Record<string, Shape<unknown>>>>(
  shapes: S,
): Shape<Fields<S>> {
  return (value, at) => {
    if (!isObject(value)) return wrong(value, at, 'an object');
    return first(Object.entries(shapes), ([name, shape]) =>
      shape(Object.hasOwn(value, name) ? value[name] : undefined, below(at, name)),
    );
  };
}

/** An object that has these fields and no others: for what people write, and may misspell. */
export function onlyFields<const S extends Readonly<Record<string, Shape<unknown>>>>(
  shapes: S,
): Shape<Fields<S>> {
  const known = Object.keys(shapes);
  const all = fields(shapes);
  return (value, at) => {
    const unknown = isObject(value) ? Object.keys(value).find((name) => !known.includes(name)) : undefined;
    if (unknown === undefined) return all(value, at);
    return `${below(at, unknown)} is not known; there are ${known.join(', ')}`;
  };
}

/** One of several kinds; what is wrong is told of the last. */
export function either<const S extends readonly Shape<unknown>[]>(...shapes: S): Shape<ShapeOf<S[number]>> {
  return (value, at) => {
    const flaws = shapes.map((shape) => shape(value, at));
    return flaws.includes(undefined) ? undefined : flaws.at(-1);
  };
}

/** A shape whose parts must also agree with each other. @param rule says what is wrong, in a sentence. */
export function agreeing<T>(shape: Shape<T>, rule: (value: T) => string | undefined): Shape<T> {
  return (value, at) => {
    const flaw = shape(value, at);
    if (flaw !== undefined) return flaw;
    const disagreement = rule(value as T);
    return disagreement === undefined || at === '' ? disagreement : `${at}: ${disagreement}`;
  };
}

function simple<T>(kind: string, isOne: (value: unknown) => boolean): Shape<T> {
  return (value, at) => (isOne(value) ? undefined : wrong(value, at, kind));
}

function wrong(value: unknown, at: string, kind: string): string {
  const subject = at === '' ? 'it' : at;
  if (value === undefined) return `${subject} is missing; it must be ${kind}`;
  return `${subject} is ${excerpt(value)}; it must be ${kind}`;
}

const EXCERPT_LENGTH = 60;

/** Of a value in an error: enough to find it. */
function excerpt(value: unknown): string {
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (isObject(value)) return 'an object';
  const whole = JSON.stringify(value);
  return whole.length > EXCERPT_LENGTH ? `${whole.slice(0, EXCERPT_LENGTH)}…` : whole;
}

function limitWords(least: number, most: number): string {
  if (least > Number.NEGATIVE_INFINITY && most < Number.MAX_SAFE_INTEGER) return ` from ${least} to ${most}`;
  return least > Number.NEGATIVE_INFINITY ? ` from ${least}` : '';
}

function below(at: string, name: string): string {
  return at === '' ? name : `${at}.${name}`;
}

function isWithin(value: number, least: number, most: number): boolean {
  return least <= value && value <= most;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function first<Item>(items: Iterable<Item>, flawOf: (item: Item) => string | undefined): string | undefined {
  for (const item of items) {
    const flaw = flawOf(item);
    if (flaw !== undefined) return flaw;
  }
  return undefined;
}
