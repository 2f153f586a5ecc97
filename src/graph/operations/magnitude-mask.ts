import { UsageError } from '../../base/errors.ts';
import { linearGrid } from '../../wgsl/linear-grid.ts';
import {
  BEGIN_SELECTION,
  CHOOSE_DIGIT,
  COUNT_DIGITS,
  COUNTS,
  DIGITS,
  FOUND_WORDS,
  MAGNITUDE_MASK,
  SUM_COUNTS,
  SUMS,
} from '../../wgsl/magnitude-mask.ts';
import { type DeviceTensor, elements, readWords, type Scope, write } from '../device/scope.ts';
import { Graph } from '../plan/graph.ts';

/** Weights whose largest magnitudes are kept. */
export interface MaskedTensor {
  /** Any shape. */
  readonly weights: DeviceTensor;
  /** Of as many elements; overwritten: 1 where a weight is kept, else 0. */
  readonly mask: DeviceTensor;
  /** `[1]`, overwritten by the least magnitude that is kept, or the largest number there is where none is. */
  readonly threshold: DeviceTensor;
}

/** What was found out about a tensor. */
export interface MagnitudeSelection {
  /** Weights that are kept: as many as asked for, and those that tie with the last one. */
  readonly kept: number;
  /** Weights that are not finite; where there are any, mask and threshold stay as they were. */
  readonly notFinite: number;
  /** Bit pattern of the least magnitude that is kept. */
  readonly bits: number;
}

/** Makes masks of the largest magnitudes on the device. */
export interface MagnitudeMasks extends Disposable {
  /** Makes all masks anew, without waiting for them. @param wanted weights to keep, of each tensor in order */
  run(wanted: Uint32Array): void;
  /** What the last run found out, of each tensor in order. */
  read(): Promise<MagnitudeSelection[]>;
  /** Frees its plan; what its scope owns stays. */
  dispose(): void;
}

/**
 * Makes ready to keep the largest magnitudes of tensors, all in one pass, of which nothing is read back.
 * @param scope owns what is needed for it, some bytes a tensor
 * @throws {UsageError} where a mask has another size than its weights.
 */
export async function magnitudeMasks(
  scope: Scope,
  tensors: readonly MaskedTensor[],
): Promise<MagnitudeMasks> {
  const { gpu } = scope;
  const graph = new Graph(gpu, 'masks of the largest magnitudes');
  const wanted = scope.tensor('weights to keep', [tensors.length]);
  const found = scope.tensor('weights found', [tensors.length, FOUND_WORDS]);
  for (const [row, tensor] of tensors.entries()) recordMask(graph, { wanted, found, row }, tensor);
  const plan = await graph.plan();
  const dispose = (): void => plan.dispose();
  return {
    run(counts) {
      write(gpu, wanted, counts);
      plan.run();
    },
    async read() {
      const words = await readWords(gpu, found);
      return tensors.map((_, row) => {
        const [bits, , kept, notFinite] = words.subarray(FOUND_WORDS * row);
        return { bits, kept, notFinite };
      });
    },
    dispose,
    [Symbol.dispose]: dispose,
  };
}

interface Selection {
  readonly wanted: DeviceTensor;
  readonly found: DeviceTensor;
  /** Which of them. */
  readonly row: number;
}

function recordMask(
  graph: Graph,
  { wanted, found, row }: Selection,
  { weights, mask, threshold }: MaskedTensor,
): void {
  const count = elements(weights);
  if (elements(mask) !== count) {
    throw new UsageError(`mask [${mask.shape}] for weights [${weights.shape}]: sizes must be equal`);
  }
  const counts = graph.tensor('counts of digits', [COUNTS]);
  graph.dispatch(BEGIN_SELECTION, linearGrid(COUNTS), { row }, { wanted, found, counts });
  for (const { bits, shift, offset } of DIGITS) {
    const sums = graph.tensor('sums of counts', [SUMS]);
    const digit = { row, bits, offset };
    graph.dispatch(COUNT_DIGITS, linearGrid(count), { count, shift, ...digit }, { weights, found, counts });
    graph.dispatch(SUM_COUNTS, linearGrid(SUMS), { offset }, { counts, sums });
    graph.dispatch(CHOOSE_DIGIT, linearGrid(1), digit, { counts, sums, wanted, found });
  }
  graph.dispatch(MAGNITUDE_MASK, linearGrid(count), { count, row }, { weights, found, mask, threshold });
}
