import type { Checkpoint, TensorInfo } from '../checkpoint/checkpoint-types.ts';
import type { NamedTensor } from '../checkpoint/write-checkpoint.ts';

/** What of a checkpoint a file of another format has. */
export interface Exported {
  /** Tensors that were written. */
  readonly written: number;
  /** Tensors that the format cannot hold, by their type or name. */
  readonly leftOut: readonly TensorInfo[];
}

/** A file of another format, made as its pieces are asked for. */
export interface TensorFile extends Exported {
  /** Each is valid until the next is asked for. */
  readonly pieces: AsyncIterable<Uint8Array>;
}

/** Called as tensors are written. */
export type OnTensor = (done: number, total: number) => void;

/** Tensors of a checkpoint, all unless said otherwise, each read when asked for. */
export async function* readTensors(
  checkpoint: Checkpoint,
  onTensor?: OnTensor,
  names: readonly string[] = checkpoint.names(),
): AsyncGenerator<NamedTensor> {
  for (const [i, name] of names.entries()) {
    yield { ...(await checkpoint.read(name)), name };
    onTensor?.(i + 1, names.length);
  }
}

/** Parts the tensors of a checkpoint into those a format can hold and the others. */
export function divideTensors(
  checkpoint: Checkpoint,
  canHold: (info: TensorInfo) => boolean,
): { held: TensorInfo[]; leftOut: TensorInfo[] } {
  const held: TensorInfo[] = [];
  const leftOut: TensorInfo[] = [];
  for (const name of checkpoint.names()) {
    const info = checkpoint.info(name);
    (canHold(info) ? held : leftOut).push(info);
  }
  return { held, leftOut };
}

/** Whether a V2 checkpoint written here can hold a tensor: variants cannot even be read. */
export function isBundleTensor({ dtype }: TensorInfo): boolean {
  return dtype !== 'variant';
}

/** Whether a name is Unicode text, as formats need it that have names as text. */
export function isTextName(name: string): boolean {
  return !/\p{Surrogate}/u.test(name);
}

/** The little-endian bytes of a numeric tensor, piece by piece; each is valid until the next is asked for. */
export async function* tensorBytes(checkpoint: Checkpoint, name: string): AsyncGenerator<Uint8Array> {
  for await (const { data } of checkpoint.chunks(name)) {
    yield new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  }
}
