import { storedZip } from '../archive/stored-zip.ts';
import type { Checkpoint, TensorInfo } from '../checkpoint/checkpoint-types.ts';
import { divideTensors, isTextName, type OnTensor, type TensorFile, tensorBytes } from './export.ts';
import { isNpyType, npyHeader } from './npy.ts';

/**
 * The tensors of a checkpoint as a `.npz` file, which `numpy.load` opens: an uncompressed ZIP archive with a file
 * `<name>.npy` for each. Strings and types that NumPy does not have (bfloat16, 8-bit floats, quantised numbers) are left
 * out.
 * @throws {UsageError} for more than 4 GiB.
 */
export function npzFile(checkpoint: Checkpoint, onTensor?: OnTensor): TensorFile {
  const { held, leftOut } = divideTensors(
    checkpoint,
    ({ name, dtype }) => isNpyType(dtype) && isTextName(name),
  );
  const members = held.map((info, i) => {
    const header = npyHeader(info.dtype, info.shape);
    return {
      name: `${info.name}.npy`,
      size: header.length + info.byteLength,
      content: npyFile(header, checkpoint, info, () => onTensor?.(i + 1, held.length)),
    };
  });
  return { written: held.length, leftOut, pieces: storedZip(members) };
}

async function* npyFile(
  header: Uint8Array,
  checkpoint: Checkpoint,
  { name }: TensorInfo,
  onWritten: () => void,
): AsyncGenerator<Uint8Array> {
  yield header;
  yield* tensorBytes(checkpoint, name);
  onWritten();
}
