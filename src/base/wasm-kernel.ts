/*
 * WebAssembly, for loops over whole files that JavaScript runs one number at a time. A kernel is one function over a memory
 * of its own, put together from instructions named as in WebAssembly's text format, operands first.
 */

/** Encoded instructions. */
export type Code = readonly number[];

export interface KernelSource {
  readonly memoryBytes: number;
  /** How many locals there are of each type, all 0 at first. Local 0 is the parameter; `i32` follow it, then `v128`. */
  readonly locals: { readonly i32: number; readonly v128: number };
  /** Leaves one i32, the result. */
  readonly body: readonly Code[];
}

export interface Kernel {
  readonly memory: ArrayBuffer;
  readonly run: (parameter: number) => number;
}

/** @returns undefined where there is no WebAssembly with SIMD; a page may forbid it by its content security policy. */
export function startKernel(source: KernelSource): Kernel | undefined {
  try {
    const { exports } = new WebAssembly.Instance(new WebAssembly.Module(encodeModule(source)));
    const { memory, run } = exports as { memory: WebAssembly.Memory; run: Kernel['run'] };
    return { memory: memory.buffer, run };
  } catch {
    return undefined;
  }
}

const simd = (...code: number[]): Code => [0xfd, ...code];
/** Alignment is a hint that no engine needs. */
const UNALIGNED = 0;
const I32 = 0x7f;
const V128 = 0x7b;
const NO_RESULT = 0x40;
const END = 0x0b;

export const local = {
  get: (index: number): Code => [0x20, index],
  set: (index: number): Code => [0x21, index],
  tee: (index: number): Code => [0x22, index],
};

export const i32 = {
  const: (value: number): Code => [0x41, ...signedLeb(value)],
  lt_u: [0x49],
  popcnt: [0x69],
  add: [0x6a],
  shl: [0x74],
  shr_u: [0x76],
} as const;

export const v128 = {
  load: (offset: number): Code => simd(0x00, UNALIGNED, ...leb(offset)),
  store: (offset: number): Code => simd(0x0b, UNALIGNED, ...leb(offset)),
  and: simd(0x4e),
  or: simd(0x50),
  xor: simd(0x51),
} as const;

export const i32x4 = {
  splat: simd(0x11),
  bitmask: simd(0xa4, 0x01),
  add: simd(0xae, 0x01),
} as const;

export const f32x4 = { ne: simd(0x42) } as const;

/** The first of two values where the i32 above them is not 0. */
export const select: Code = [0x1b];

/** Runs the body again as long as it leaves an i32 that is not 0. */
export function loopWhile(...body: readonly Code[]): Code {
  return [0x03, NO_RESULT, ...body.flat(), 0x0d, 0, END];
}

function encodeModule({ memoryBytes, locals, body }: KernelSource): Uint8Array<ArrayBuffer> {
  const code = [2, ...leb(locals.i32), I32, ...leb(locals.v128), V128, ...body.flat(), END];
  const pages = Math.ceil(memoryBytes / 2 ** 16);
  return Uint8Array.of(
    ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, [1, 0x60, 1, I32, 1, I32]),
    ...section(3, [1, 0]),
    ...section(5, [1, 0, ...leb(pages)]),
    ...section(7, [2, ...exported('memory', 2), ...exported('run', 0)]),
    ...section(10, [1, ...leb(code.length), ...code]),
  );
}

function section(id: number, content: Code): Code {
  return [id, ...leb(content.length), ...content];
}

/** The first memory (kind 2) or function (kind 0). */
function exported(name: string, kind: number): Code {
  return [name.length, ...new TextEncoder().encode(name), kind, 0];
}

/** LEB128 of an unsigned number. */
function leb(value: number): Code {
  return value < 128 ? [value] : [(value & 127) | 128, ...leb(value >>> 7)];
}

/** LEB128 of a signed number: the sixth bit of the last byte is its sign. */
function signedLeb(value: number): Code {
  return value >= -64 && value < 64 ? [value & 127] : [(value & 127) | 128, ...signedLeb(value >> 7)];
}
