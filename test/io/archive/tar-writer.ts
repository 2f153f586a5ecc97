/** Header block of a tar member (ustar, or GNU with a binary size for 8 GiB and above). */
export function tarHeader(name: string, size: number, type = '0'): Buffer {
  const block = Buffer.alloc(512);
  block.write(name, 0, 100);
  block.write('0000644\0', 100);
  if (size < 8 ** 11) block.write(`${size.toString(8).padStart(11, '0')}\0`, 124);
  else {
    block[124] = 0x80;
    block.writeBigUInt64BE(BigInt(size), 128);
  }
  block.write(type, 156);
  block.write('ustar\x0000', 257);
  return sealHeader(block);
}

/** A whole archive of small files, with its end mark. */
export function tarOf(files: Readonly<Record<string, Uint8Array>>): Buffer {
  const members = Object.entries(files).flatMap(([name, content]) => tarMember(name, content));
  return Buffer.concat([...members, new Uint8Array(1024)]);
}

/** Header, body and padding of one member. */
export function tarMember(name: string, content: Uint8Array, type = '0'): Uint8Array[] {
  return [tarHeader(name, content.length, type), content, new Uint8Array(-content.length & 511)];
}

/** The body of a pax header: `LENGTH key=value\n` each, where the length counts its own digits. */
export function paxRecords(texts: readonly string[]): Buffer {
  return Buffer.concat(
    texts.map((text) => {
      const rest = Buffer.byteLength(text) + 2;
      // One digit more may make the number one digit longer.
      const digits = [1, 2, 3, 4, 5, 6].find((count) => String(rest + count).length === count)!;
      return Buffer.from(`${rest + digits} ${text}\n`);
    }),
  );
}

/** Sets the checksum of a header block that was changed. */
export function sealHeader(block: Buffer): Buffer {
  block.fill(0x20, 148, 156);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return block;
}
