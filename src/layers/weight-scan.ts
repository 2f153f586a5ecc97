import { f32x4, i32, i32x4, local, loopWhile, select, startKernel, v128 } from '../base/wasm-kernel.ts';

/** The most elements one scan takes; what it touches stays in the second-level cache. */
export const SCAN_ELEMENTS = 1 << 14;

/**
 * Looks at consecutive weights of a sparse matrix, at most `SCAN_ELEMENTS` of them.
 * @param selector as long as `weights`
 * @returns the places where `selector` is not 0 (NaN is not), rising; overwritten by the next scan. undefined where a
 *   weight is not finite.
 */
export type WeightScan = (weights: Float32Array, selector: Float32Array) => Uint32Array | undefined;

let scan: WeightScan | undefined;

/** The fastest scan there is. */
export function weightScan(): WeightScan {
  scan ??= simdScan() ?? plainScan();
  return scan;
}

/** Without its sign, a float32 plus one unit of exponent overflows to a sign bit just where it is not finite. */
const MAGNITUDE = 0x7fffffff;
const EXPONENT_UNIT = 0x00800000;

/** @internal */
export function plainScan(): WeightScan {
  const places = new Uint32Array(SCAN_ELEMENTS);
  return (weights, selector) => {
    const bits = new Int32Array(weights.buffer, weights.byteOffset, weights.length);
    let count = 0;
    let overflow = 0;
    for (let i = 0; i < bits.length; i++) {
      overflow |= (bits[i] & MAGNITUDE) + EXPONENT_UNIT;
      if (selector[i] !== 0) places[count++] = i;
    }
    return overflow < 0 ? undefined : places.subarray(0, count);
  };
}

const LANES = 4;
const UNROLLED = 4;
const STEP_BYTES = UNROLLED * LANES * 4;
/** Where the kernel's memory holds what: first, for every set of four lanes, the numbers of those in it. */
const WEIGHTS = 2 ** LANES * LANES * 4;
const SELECTOR = WEIGHTS + SCAN_ELEMENTS * 4;
const PLACES = SELECTOR + SCAN_ELEMENTS * 4;

/** undefined where WebAssembly is not to be had. @internal */
export function simdScan(): WeightScan | undefined {
  const kernel = startScanKernel();
  if (kernel === undefined) return undefined;
  const { memory, run } = kernel;
  const lanes = new Uint32Array(memory, 0, 2 ** LANES * LANES);
  for (let set = 0; set < 2 ** LANES; set++) {
    let count = 0;
    for (let lane = 0; lane < LANES; lane++) if ((set >> lane) & 1) lanes[set * LANES + count++] = lane;
  }
  const ownWeights = new Float32Array(memory, WEIGHTS, SCAN_ELEMENTS);
  const ownSelector = new Float32Array(memory, SELECTOR, SCAN_ELEMENTS);
  const places = new Uint32Array(memory, PLACES, SCAN_ELEMENTS);
  return (weights, selector) => {
    const { length } = weights;
    if (length === 0) return places.subarray(0, 0);
    ownWeights.set(weights);
    ownSelector.set(selector);
    // The last step reads on; zeros there are finite and not selected.
    ownWeights.fill(0, length, length + STEP_BYTES / 4);
    ownSelector.fill(0, length, length + STEP_BYTES / 4);
    const count = run(length * 4);
    return count < 0 ? undefined : places.subarray(0, count);
  };
}

/** Scans that many bytes of weights; gives the number of places, or −1 where a weight is not finite. */
function startScanKernel() {
  const [END, AT, OUT, SET, OVERFLOW, LANE_PLACES] = [0, 1, 2, 3, 4, 5];
  const splat = (value: number) => [i32.const(value), i32x4.splat];
  const steps = Array.from({ length: UNROLLED }, (_, index) => {
    const offset = index * LANES * 4;
    return [
      ...[local.get(AT), v128.load(WEIGHTS + offset)],
      ...[...splat(MAGNITUDE), v128.and, ...splat(EXPONENT_UNIT), i32x4.add],
      ...[local.get(OVERFLOW), v128.or, local.set(OVERFLOW)],

      ...[local.get(AT), v128.load(SELECTOR + offset), ...splat(0), f32x4.ne, i32x4.bitmask, local.set(SET)],

      // All four lanes are stored; those beyond the set are overwritten by the next step.
      ...[local.get(OUT), local.get(SET), i32.const(4), i32.shl, v128.load(0)],
      ...[local.get(LANE_PLACES), i32x4.add, v128.store(PLACES)],
      ...[local.get(OUT), local.get(SET), i32.popcnt, i32.const(2), i32.shl, i32.add, local.set(OUT)],
      ...[local.get(LANE_PLACES), ...splat(LANES), i32x4.add, local.set(LANE_PLACES)],
    ];
  });
  const advance = [local.get(AT), i32.const(STEP_BYTES), i32.add, local.tee(AT)];
  return startKernel({
    memoryBytes: PLACES + SCAN_ELEMENTS * 4 + LANES * 4,
    locals: { i32: 3, v128: 2 },
    body: [
      loopWhile(...steps.flat(), ...advance, local.get(END), i32.lt_u),
      ...[i32.const(-1), local.get(OUT), i32.const(2), i32.shr_u],
      ...[local.get(OVERFLOW), i32x4.bitmask, select],
    ],
  });
}
