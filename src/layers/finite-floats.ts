import { DataError } from '../base/errors.ts';
import type { Checkpoint } from '../io/checkpoint/checkpoint-types.ts';

/**
 * Reads a small variable whole.
 * @param wanted its shape; `undefined` for an axis of any length
 * @throws {DataError} where it has another shape or type, or a value that is not finite.
 */
export async function readFiniteFloats(
  checkpoint: Checkpoint,
  name: string,
  wanted: readonly (number | undefined)[],
): Promise<Float32Array> {
  const { shape, dtype, data } = await checkpoint.read(name);
  const fits =
    shape.length === wanted.length && wanted.every((extent, axis) => (extent ?? shape[axis]) === shape[axis]);
  if (!fits || !(data instanceof Float32Array)) {
    const text = wanted.map((extent) => extent ?? 'any').join(', ');
    throw new DataError(`${name} should be float32 [${text}], is ${dtype} [${shape.join(', ')}]`, {
      file: checkpoint.path,
    });
  }
  const bad = data.findIndex((value) => !Number.isFinite(value));
  if (bad >= 0) {
    throw new DataError(
      `${name} holds ${data[bad]} at element ${bad}; the checkpoint is of a run that diverged`,
      { file: checkpoint.path },
    );
  }
  return data;
}
