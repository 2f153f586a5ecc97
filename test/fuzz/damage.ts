import { below, type Random } from '../support/random.ts';
import type { Files } from './family.ts';

/** Numbers at which readers err: ends of types, lengths that cannot be, and what signs and shifts make of them. */
const EDGES = [0, 1, 0x7f, 0x80, 0xff, 0x7fff, 0xffff, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff, 1e9];

const WORDS = [
  '-1',
  '0',
  '1e9',
  '1e999',
  'NaN',
  'null',
  'true',
  '{}',
  '[]',
  '""',
  '4294967296',
  '9007199254740993',
  '\u0000',
  '\ud83d\ude00',
  '\u2028',
  '..',
  '../x',
  '__proto__',
  '\\',
];

/** Values that stand where others should. */
const ODD: readonly unknown[] = [
  null,
  true,
  -1,
  0,
  0.5,
  1e9,
  1e300,
  '',
  '-1',
  [],
  {},
  ['x'],
  { a: 1 },
  '\u2028',
  '__proto__',
];

/** Does one to four kinds of damage to one of several files. */
export function damaged(random: Random, files: Files): Files {
  const names = [...files.keys()];
  const name = names[below(random, names.length)];
  let bytes = files.get(name)!;
  for (let count = 1 + below(random, 4); count > 0; count--) bytes = damagedBytes(random, bytes);
  return new Map(files).set(name, bytes);
}

/** Does one damage to bytes, more often near an end, where headers and footers are. */
export function damagedBytes(random: Random, bytes: Uint8Array): Uint8Array {
  const at = placeIn(random, bytes.length);
  const length = 1 + below(random, random() < 0.2 ? bytes.length + 1 : 16);
  const [head, tail] = [bytes.subarray(0, at), bytes.subarray(at)];
  switch (below(random, 9)) {
    case 0:
    case 1:
      return flipped(random, bytes, at);
    case 2:
      return joined(head, drawn(random, 1 + below(random, 8)), tail.subarray(length));
    case 3:
      return joined(head, tail.subarray(length));
    case 4:
      return joined(head, tail.subarray(0, length), tail);
    case 5:
      return head;
    case 6:
      return joined(head, edge(random), tail.subarray(below(random, 9)));
    case 7:
      return joined(
        head,
        new TextEncoder().encode(WORDS[below(random, WORDS.length)]),
        tail.subarray(below(random, 4)),
      );
    default: {
      // A piece from elsewhere.
      const from = placeIn(random, bytes.length);
      return joined(head, bytes.subarray(from, from + length), tail.subarray(below(random, 2) * length));
    }
  }
}

/** JSON of the right syntax, with one or two values changed, removed or added. */
export function damagedJson(random: Random, value: unknown): Uint8Array {
  let copy = structuredClone(value);
  for (let count = 1 + below(random, 2); count > 0; count--) copy = changed(random, copy);
  const json = new TextEncoder().encode(JSON.stringify(copy));
  return random() < 0.1 ? damagedBytes(random, json) : json;
}

function placeIn(random: Random, length: number): number {
  const kind = below(random, 4);
  if (kind === 0) return Math.max(0, length - 1 - below(random, 64));
  return below(random, kind === 1 ? Math.min(length, 128) + 1 : length + 1);
}

function flipped(random: Random, bytes: Uint8Array, at: number): Uint8Array {
  // A Buffer's own slice would be a view.
  const copy = new Uint8Array(bytes);
  if (at < copy.length) copy[at] ^= 1 << below(random, 8);
  return copy;
}

function edge(random: Random): Uint8Array {
  const bytes = new Uint8Array([1, 2, 4, 8][below(random, 4)]);
  let value = EDGES[below(random, EDGES.length)];
  const isLittle = random() < 0.7;
  for (let i = 0; i < bytes.length; i++) {
    bytes[isLittle ? i : bytes.length - 1 - i] = value % 256;
    value = Math.floor(value / 256);
  }
  return bytes;
}

function drawn(random: Random, length: number): Uint8Array {
  return Uint8Array.from({ length }, () => below(random, 256));
}

function joined(...parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

function changed(random: Random, value: unknown): unknown {
  const isDeep = typeof value === 'object' && value !== null && Object.keys(value).length > 0;
  if (!isDeep || random() < 0.1) return structuredClone(ODD[below(random, ODD.length)]);
  const holder = value as Record<string, unknown>;
  const keys = Object.keys(holder);
  const key = keys[below(random, keys.length)];
  if (random() < 0.1 && !Array.isArray(value)) delete holder[key];
  else holder[key] = changed(random, holder[key]);
  return value;
}
