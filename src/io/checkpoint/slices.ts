import { DataError } from '../../base/errors.ts';
import type { Extent } from '../bytes/ordered-code.ts';

/** More parts than any partitioner makes; the pairwise check for overlaps is quadratic. */
const MAX_PARTS = 4096;

/** A box of a tensor: where it begins and how far it goes, one number a dimension. */
export interface Box {
  readonly start: readonly number[];
  readonly size: readonly number[];
}

/** The box of a slice within a tensor of this shape. */
export function boxOf(slice: readonly Extent[], shape: readonly number[]): Box {
  if (slice.length !== shape.length) {
    throw new DataError(`a part has ${slice.length} dimensions, the tensor [${shape}] has ${shape.length}`);
  }
  const start = slice.map((extent) => extent.start);
  const size = slice.map((extent, axis) => (extent.length === -1 ? shape[axis] : extent.length));
  const inside = shape.every(
    (full, axis) => start[axis] >= 0 && size[axis] >= 0 && start[axis] + size[axis] <= full,
  );
  if (!inside)
    throw new DataError(`the part at [${start}] of size [${size}] is not inside the tensor [${shape}]`);
  return { start, size };
}

/** A DataError unless the boxes cover the tensor exactly once. */
export function checkCoverage(boxes: readonly Box[], shape: readonly number[]): void {
  if (boxes.length > MAX_PARTS) throw new DataError(`${boxes.length} parts are more than any writer makes`);
  for (const [i, a] of boxes.entries()) {
    for (const b of boxes.slice(i + 1)) {
      if (overlap(a, b)) throw new DataError(`the parts at [${a.start}] and [${b.start}] overlap`);
    }
  }
  const full = volume(shape);
  const covered = boxes.reduce((sum, box) => sum + volume(box.size), 0);
  if (covered !== full) {
    throw new DataError(
      `its parts cover ${covered} of ${full} elements: a part is missing from the checkpoint`,
    );
  }
}

/**
 * The runs of consecutive elements that a part, row-major, is made of: where each begins in the part and in the
 * whole tensor, and its length.
 */
export function* runsOf(
  box: Box,
  shape: readonly number[],
): Generator<{ from: number; to: number; length: number }> {
  const elements = volume(box.size);
  if (elements === 0) return;
  // Trailing dimensions that the part has in full are one run together with the dimension before them.
  let axis = shape.length;
  let length = 1;
  let inner = 1;
  while (axis > 0 && length === inner) {
    axis--;
    length *= box.size[axis];
    inner *= shape[axis];
  }
  for (let from = 0; from < elements; from += length) {
    yield { from, to: offsetInWhole(from, box, shape), length };
  }
}

/** Where element `index` of a part lies in the whole tensor. */
function offsetInWhole(index: number, box: Box, shape: readonly number[]): number {
  let offset = 0;
  let rest = index;
  let stride = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    const within = rest % box.size[axis];
    rest = (rest - within) / box.size[axis];
    offset += (box.start[axis] + within) * stride;
    stride *= shape[axis];
  }
  return offset;
}

function overlap(a: Box, b: Box): boolean {
  return a.start.every((start, axis) => {
    const end = Math.min(start + a.size[axis], b.start[axis] + b.size[axis]);
    return Math.max(start, b.start[axis]) < end;
  });
}

function volume(size: readonly number[]): number {
  return size.reduce((product, length) => product * length, 1);
}
