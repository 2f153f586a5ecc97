import { DataError } from '../../src/base/errors.ts';
import type {
  Checkpoint,
  Tensor,
  TensorChunk,
  TensorInfo,
} from '../../src/io/checkpoint/checkpoint-types.ts';
import { compareBytes } from './bytes.ts';
import { readJson, readTestPattern } from './files.ts';
import { sharedPath } from './shared.ts';

/** How the values of a variable, or of one of its rows, come about. */
interface Rule {
  /** Float32 of `lo + (hi - lo) · u`. */
  readonly hash?: readonly [lo: number, hi: number];
  readonly constant?: number;
  /** 1 where `u` is below it, else 0. */
  readonly bernoulli?: number;
  /** Path of a 0/1 pattern in the Deep Learning Matrix Collection. */
  readonly smtx?: string;
}

interface Variable extends Rule {
  readonly name: string;
  readonly dtype: 'float32' | 'int32' | 'int64';
  readonly shape: readonly number[];
  /** Seeds the hash in place of the name. */
  readonly seed?: string;
  /**
   * Whether the pattern is `[out, in]` and the variable `[…, in, out]`; ResNet manifests leave it out and mean true.
   */
  readonly transpose?: boolean;
  /** Rules of single rows along the first axis. */
  readonly rows?: Readonly<Record<string, Rule>>;
  /** Elements set one by one. */
  readonly override?: { readonly index: readonly number[]; readonly value: readonly number[] };
  readonly nudge?: Nudge;
}

/** Moves values that lie too close to a pruning decision, by `by`. */
type Nudge = { readonly margin: number; readonly by: number } & (
  | { readonly kind: 'vd'; readonly theta: string; readonly threshold: number }
  | { readonly kind: 'value'; readonly at: readonly number[] }
);

/**
 * Opens a manifest of the goldens as the checkpoint it describes. Values are computed where they are asked for;
 * nothing is kept but the last pattern read, so that manifests of whole models cost no memory.
 */
export async function openManifest(path: string): Promise<Checkpoint> {
  const { variables } = await readJson<{ variables: Variable[] }>(path);
  const byName = new Map(variables.map((variable) => [variable.name, variable]));
  const patterns = patternCache();

  const find = (name: string): Variable => {
    const variable = byName.get(name);
    if (variable === undefined) throw new DataError(`no variable ${name}`, { file: path });
    return variable;
  };
  const values = async (name: string, start: number, end: number): Promise<Float32Array> => {
    const variable = find(name);
    const pattern = variable.smtx === undefined ? undefined : await patterns(variable.smtx);
    const result = ruleValues(variable, variable, start, end, pattern);
    replaceRows(result, variable, start);
    replaceElements(result, variable, start);
    if (variable.nudge?.kind === 'vd') {
      nudgeFromThreshold(result, variable.nudge, await values(variable.nudge.theta, start, end));
    } else if (variable.nudge?.kind === 'value') {
      nudgeFromValues(result, variable.nudge);
    }
    return result;
  };
  return {
    path,
    names: () => [...byName.keys()].sort(compareNames),
    info(name: string): TensorInfo {
      const { dtype, shape } = find(name);
      return { name, dtype, shape, byteLength: elements(shape) * (dtype === 'int64' ? 8 : 4) };
    },
    async read(name: string): Promise<Tensor> {
      const variable = find(name);
      const { dtype, shape } = variable;
      const length = elements(shape);
      return { dtype, shape, data: integers(variable, length) ?? (await values(name, 0, length)) };
    },
    async *chunks(name: string, maxElements = 1 << 20): AsyncGenerator<TensorChunk> {
      const variable = find(name);
      const length = elements(variable.shape);
      for (let start = 0; start < length; start += maxElements) {
        const end = Math.min(start + maxElements, length);
        yield { start, data: integers(variable, end - start) ?? (await values(name, start, end)) };
      }
    },
    verify: async () => false,
    close: async () => {},
    [Symbol.asyncDispose]: async () => {},
  };
}

/** Values of the hash alone: float32 of `lo + (hi − lo) · u`. */
export function hashed(name: string, count: number, hash: readonly [lo: number, hi: number]): Float32Array {
  return ruleValues({ hash }, { name, dtype: 'float32', shape: [count] }, 0, count, undefined);
}

function patternCache(): (path: string) => Promise<Uint8Array> {
  let last: { path: string; dense: Promise<Uint8Array> } | undefined;
  return (path) => {
    if (last?.path !== path) last = { path, dense: densePattern(path) };
    return last.dense;
  };
}

/** A pattern as bytes 0 or 1, transposed: `[cols, rows]`. */
async function densePattern(path: string): Promise<Uint8Array> {
  const { rows, cols, rowOffsets, columns } = await readTestPattern(sharedPath('data', 'dlmc', `${path}.gz`));
  const dense = new Uint8Array(rows * cols);
  for (let r = 0; r < rows; r++) {
    for (let i = rowOffsets[r]; i < rowOffsets[r + 1]; i++) dense[columns[i] * rows + r] = 1;
  }
  return dense;
}

function ruleValues(
  rule: Rule,
  variable: Variable,
  start: number,
  end: number,
  transposedPattern: Uint8Array | undefined,
): Float32Array {
  if (rule.smtx !== undefined) {
    if (variable.transpose === false || transposedPattern === undefined) {
      throw new DataError(`pattern of ${variable.name}: only [out, in] patterns are supported`);
    }
    return Float32Array.from(transposedPattern.subarray(start, end));
  }
  const values = new Float32Array(end - start);
  if (rule.constant !== undefined) return values.fill(rule.constant);
  const seed = fnv1a(variable.seed ?? variable.name);
  for (let i = 0; i < values.length; i++) {
    const u = uniform(seed, start + i);
    if (rule.hash !== undefined) values[i] = rule.hash[0] + (rule.hash[1] - rule.hash[0]) * u;
    else values[i] = u < rule.bernoulli! ? 1 : 0;
  }
  return values;
}

function replaceRows(values: Float32Array, variable: Variable, start: number): void {
  const width = elements(variable.shape.slice(1));
  for (const [row, rule] of Object.entries(variable.rows ?? {})) {
    const from = Math.max(start, Number(row) * width);
    const to = Math.min(start + values.length, (Number(row) + 1) * width);
    if (from < to) values.set(ruleValues(rule, variable, from, to, undefined), from - start);
  }
}

function replaceElements(values: Float32Array, { override }: Variable, start: number): void {
  override?.index.forEach((index, i) => {
    if (index >= start && index < start + values.length) values[index - start] = override.value[i];
  });
}

function nudgeFromThreshold(
  values: Float32Array,
  nudge: Extract<Nudge, { kind: 'vd' }>,
  theta: Float32Array,
): void {
  for (let i = 0; i < values.length; i++) {
    const logAlpha = values[i] - Math.log(theta[i] * theta[i] + 1e-8);
    if (Math.abs(logAlpha - nudge.threshold) < nudge.margin) values[i] += nudge.by;
  }
}

function nudgeFromValues(values: Float32Array, nudge: Extract<Nudge, { kind: 'value' }>): void {
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    if (nudge.at.some((avoided) => Math.abs(value - avoided) < nudge.margin)) values[i] += nudge.by;
  }
}

/** Values of a counter; undefined for float32 variables. */
function integers(variable: Variable, length: number): Int32Array | BigInt64Array | undefined {
  if (variable.dtype === 'int64') return new BigInt64Array(length).fill(BigInt(variable.constant!));
  if (variable.dtype === 'int32') return new Int32Array(length).fill(variable.constant!);
  return undefined;
}

/** FNV-1a with 32 bits over the UTF-8 bytes. */
function fnv1a(text: string): number {
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(text)) hash = Math.imul(hash ^ byte, 0x01000193);
  return hash;
}

/** A number in `[0, 1)` from a seed and an index, by the finalizer of MurmurHash3. */
function uniform(seed: number, index: number): number {
  let x = (seed + Math.imul(index, 0x9e3779b9)) | 0;
  x ^= x >>> 16;
  x = Math.imul(x, 0x85ebca6b);
  x ^= x >>> 13;
  x = Math.imul(x, 0xc2b2ae35);
  x ^= x >>> 16;
  return (x >>> 8) / 2 ** 24;
}

function elements(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

/** By their UTF-8 bytes. */
function compareNames(a: string, b: string): number {
  const encoder = new TextEncoder();
  return compareBytes(encoder.encode(a), encoder.encode(b));
}
