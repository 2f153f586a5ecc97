import { DataError } from '../../base/errors.ts';
import { CheckpointReader, type StoredTensor } from '../../io/checkpoint/checkpoint-reader.ts';
import type { Checkpoint } from '../../io/checkpoint/checkpoint-types.ts';

/** Values that a model takes from a checkpoint. */
export interface Overlay {
  readonly from: Checkpoint;
  /** Whether a variable is taken from there, if it is there. */
  readonly takes: (name: string) => boolean;
  /** Name there of what is called so here; the same unless given. */
  readonly nameThere?: ((name: string) => string) | undefined;
}

/**
 * The variables of a checkpoint, some with the values that others have; of several the last counts. What is nowhere else keeps its
 * own values.
 * @returns the checkpoint, and by overlay which variables came from it
 * @throws {DataError} where a variable has another shape or type there.
 */
export function overlaidCheckpoint(
  base: Checkpoint,
  overlays: readonly Overlay[],
): { readonly checkpoint: Checkpoint; readonly taken: readonly (readonly string[])[] } {
  const tensors = new Map<string, StoredTensor>(
    base.names().map((name) => [name, storedIn(base, name, name)]),
  );
  const taken = overlays.map(({ from, takes, nameThere = (name) => name }) => {
    const there = new Set(from.names());
    const names = base.names().filter((name) => takes(name) && there.has(nameThere(name)));
    for (const name of names) {
      requireAlike(base, name, from, nameThere(name));
      tensors.set(name, storedIn(from, nameThere(name), name));
    }
    return names;
  });
  const checkpoint = new CheckpointReader(base.path, { tensors, close: async () => {} });
  return { checkpoint, taken };
}

function storedIn(checkpoint: Checkpoint, name: string, as: string): StoredTensor {
  return {
    info: () => ({ ...checkpoint.info(name), name: as }),
    read: () => checkpoint.read(name),
    chunks: (maxElements) => checkpoint.chunks(name, maxElements),
    verify: () => checkpoint.verify(name),
  };
}

function requireAlike(base: Checkpoint, name: string, from: Checkpoint, there: string): void {
  const [wanted, found] = [base.info(name), from.info(there)];
  if (String(wanted.shape) === String(found.shape) && wanted.dtype === found.dtype) return;
  throw new DataError(
    `${there} is ${found.dtype} [${found.shape.join(', ')}], the model to be trained has ${wanted.dtype} [${wanted.shape.join(', ')}]; ` +
      'give the sizes of that model',
    { file: from.path },
  );
}
