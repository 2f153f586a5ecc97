import { DataError } from '../../base/errors.ts';
import { ByteBuilder } from '../bytes/byte-builder.ts';
import { ByteCursor } from '../bytes/byte-cursor.ts';
import { crc32c, unmaskCrc } from '../bytes/crc32c.ts';

/**
 * Compares the checksums of a stored variant tensor: for each of its `count` variants a varint length, the bytes, and the
 * masked checksum of all so far, in which lengths count as 8 bytes. `crc` is that of the whole.
 */
export function checkVariants(bytes: Uint8Array, count: number, crc: number): void {
  if (bytes.length === 0) return;
  const cursor = new ByteCursor(bytes);
  let running = 0;
  for (let i = 0; i < count; i++) {
    const length = cursor.uint();
    const fixed = new ByteBuilder().fixed32(length % 2 ** 32).fixed32(Math.floor(length / 2 ** 32));
    running = crc32c(cursor.take(length), crc32c(fixed.finish(), running));
    const stored = cursor.take(4);
    if (unmaskCrc(new ByteCursor(stored).fixed32()) !== running) {
      throw new DataError(`the checksum of its variant ${i} does not fit: the file is damaged; get it again`);
    }
    running = crc32c(stored, running);
  }
  if (!cursor.atEnd) throw new DataError(`${bytes.length - cursor.position} bytes follow its last variant`);
  if (running !== crc) throw new DataError('its checksum does not fit: the file is damaged; get it again');
}
