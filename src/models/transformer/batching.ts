import type { Gpu } from '../../graph/device/gpu.ts';
import { PAD } from './config.ts';

/** Source columns that are worked on together, unless one sentence alone has more; bounds the memory of a batch. */
const MAX_SOURCE_COLUMNS = 8192;

/** Tokens of the longest sentence. */
export function longest(ids: readonly (readonly number[])[]): number {
  return ids.reduce((most, { length }) => Math.max(most, length), 0);
}

/**
 * Columns that sentences of so many tokens get, so that similar lengths share a plan. A GPU encodes many batches with some
 * padding in the time its host takes to build a plan; a software adapter pays for every column.
 */
export function bucket(length: number, deviceClass: Gpu['deviceClass']): number {
  return deviceClass === 'cpu' ? padded(length) : 2 * padded(length / 2);
}

/** The least padding that is worth telling lengths apart. */
function padded(length: number): number {
  const step = length <= 64 ? 8 : 16;
  return Math.ceil(length / step) * step;
}

/** Cuts a batch into runs of sentences that together stay within the columns a plan may have. */
export function* groups(
  ids: readonly (readonly number[])[],
  extent: number,
): Generator<(readonly number[])[]> {
  if (ids.length * padded(extent) <= MAX_SOURCE_COLUMNS) {
    yield [...ids];
    return;
  }
  let group: (readonly number[])[] = [];
  for (const sentence of ids) {
    const stride = padded(Math.max(longest(group), sentence.length));
    if (group.length > 0 && (group.length + 1) * stride > MAX_SOURCE_COLUMNS) {
      yield group;
      group = [];
    }
    group.push(sentence);
  }
  yield group;
}

/** Ids of all sentences, each in its own `stride` columns. */
export function padIds(ids: readonly (readonly number[])[], stride: number): Uint32Array {
  const padded = new Uint32Array(ids.length * stride).fill(PAD);
  ids.forEach((sentence, index) => {
    padded.set(sentence, index * stride);
  });
  return padded;
}
