import { DataError } from '../../src/base/errors.ts';
import type {
  Checkpoint,
  DType,
  Tensor,
  TensorChunk,
  TensorInfo,
} from '../../src/io/checkpoint/checkpoint-types.ts';

/** A float32 tensor, or any tensor with its type. */
export type MemoryTensor = { shape: readonly number[]; data: Float32Array } | Tensor;

/**
 * A checkpoint whose tensors are given. Every chunk is written into one buffer that is reused, as a reader may do, so
 * that code that keeps a chunk for too long is found out; `pieceElements` cuts chunks smaller than asked for.
 */
export function memoryCheckpoint(
  tensors: Record<string, MemoryTensor>,
  options: { path?: string; pieceElements?: (name: string) => number } = {},
): Checkpoint {
  const find = (name: string): Tensor => {
    const tensor = Object.hasOwn(tensors, name) ? tensors[name] : undefined;
    if (tensor === undefined) throw new DataError(`no tensor ${name}`);
    const dtype: DType = 'dtype' in tensor ? tensor.dtype : 'float32';
    return { ...tensor, dtype };
  };
  return {
    path: options.path ?? 'memory',
    names: () => Object.keys(tensors).sort(),
    info(name: string): TensorInfo {
      const { dtype, shape, data } = find(name);
      return { name, dtype, shape, byteLength: Array.isArray(data) ? 0 : data.byteLength };
    },
    read: async (name) => find(name),
    async *chunks(name: string, maxElements = 1 << 20): AsyncGenerator<TensorChunk> {
      const { data } = find(name);
      if (!(data instanceof Float32Array)) throw new DataError(`${name} is not float32`);
      const size = Math.min(maxElements, options.pieceElements?.(name) ?? maxElements);
      const buffer = new Float32Array(Math.min(size, data.length));
      for (let start = 0; start < data.length; start += size) {
        const piece = buffer.subarray(0, Math.min(size, data.length - start));
        piece.set(data.subarray(start, start + piece.length));
        yield { start, data: piece };
        buffer.fill(Number.NaN);
      }
    },
    verify: async () => false,
    close: async () => {},
    [Symbol.asyncDispose]: async () => {},
  };
}
