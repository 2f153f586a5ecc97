import { ByteBuilder } from '../bytes/byte-builder.ts';
import { crc32c, maskCrc } from '../bytes/crc32c.ts';

/** What a TFRecord file has of records, piece by piece: length, its checksum, data, their checksum. */
export async function* recordFrames(
  records: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  for await (const data of records) {
    const length = new ByteBuilder()
      .fixed32(data.length)
      .fixed32(Math.floor(data.length / 2 ** 32))
      .finish();
    yield new ByteBuilder()
      .bytes(length)
      .fixed32(maskCrc(crc32c(length)))
      .finish();
    yield data;
    yield new ByteBuilder().fixed32(maskCrc(crc32c(data))).finish();
  }
}
