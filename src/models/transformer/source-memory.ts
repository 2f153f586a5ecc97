import type { Gpu } from '../../graph/device/gpu.ts';
import { type DeviceTensor, inScope, type Scope } from '../../graph/device/scope.ts';

/** What every step of a search reads of the sources. A sentence takes as many columns as the extent says, up to `room`. */
export interface SourceMemory {
  readonly scope: Scope;
  /** Columns a sentence can take. */
  readonly room: number;
  /** Per decoder layer `[2H, sentences · stride]`, and room for more. */
  readonly keyValues: readonly DeviceTensor[];
  /** `[1, sentences · stride]`, and room for more. */
  readonly keyBias: DeviceTensor;
  /** Word 0: source positions that count; word 1: the stride, columns of a sentence. */
  readonly extent: DeviceTensor;
}

/** Room for sentences of `stride` columns, or for some more, so that longer ones to come seldom need another. */
export function makeSourceMemory(
  gpu: Gpu,
  { sentences, hidden, layers }: { sentences: number; hidden: number; layers: number },
  stride: number,
): SourceMemory {
  const doubled = 2 ** Math.ceil(Math.log2(stride));
  const room = sentences * doubled <= MOST_ROUNDED_COLUMNS ? doubled : stride;
  return inScope(gpu, (scope) => ({
    scope,
    room,
    keyValues: Array.from({ length: layers }, (_, layer) =>
      scope.tensor(`layer ${layer} source keys and values`, [2 * hidden, sentences * room]),
    ),
    keyBias: scope.tensor('source key bias', [1, sentences * room]),
    extent: scope.tensor('source extent', [2]),
  }));
}

/** Beyond so many columns memory is worth more than time. */
const MOST_ROUNDED_COLUMNS = 8192;
