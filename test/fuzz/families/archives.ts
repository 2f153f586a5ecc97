import { gunzipSync, gzipSync } from 'node:zlib';
import { openGzippedTar, openTar } from '../../../src/io/archive/archive.ts';
import type { ArchiveTree } from '../../../src/io/archive/file-tree.ts';
import { portableUnpacking } from '../../../src/io/archive/portable-unpacking.ts';
import { memorySource } from '../../../src/io/bytes/memory-source.ts';
import { zlibInflate } from '../../../src/io/files/zlib-inflate.ts';
import { SPARSE_FORMS, sparseMember } from '../../io/archive/sparse-writer.ts';
import { paxRecords, sealHeader, tarMember, tarOf } from '../../io/archive/tar-writer.ts';
import { damagedBytes } from '../damage.ts';
import { type Family, type Files, onlyOf, single, utf8 } from '../family.ts';

const END = new Uint8Array(1024);

const TARS: readonly Files[] = [
  single(tarOf({ 'm/a': utf8('some text'), 'm/b': new Uint8Array(700).fill(3), c: new Uint8Array(0) })),
  single(
    Buffer.concat([
      ...tarMember('pax', paxRecords(['path=m/other name', 'size=4', 'mtime=1.5']), 'x'),
      ...tarMember('short', utf8('four')),
      ...tarMember('././@LongLink', utf8(`${'n'.repeat(120)}\0`), 'L'),
      ...tarMember('cut', utf8('five!')),
      END,
    ]),
  ),
  ...SPARSE_FORMS.map((form) =>
    single(
      Buffer.concat([
        ...sparseMember(
          form,
          'm/sparse',
          [
            { hole: 600, bytes: utf8('abc') },
            { hole: 5000, bytes: utf8('d') },
          ],
          9000,
        ).member,
        END,
      ]),
    ),
  ),
];

/** Tars, plain, of which each header has a checksum. */
export const tar: Family = {
  name: 'tar',
  seeds: () => TARS,
  repaired: (random, seed) => single(resealed(damagedBytes(random, onlyOf(seed)))),
  read: async (files) => readTree(await openTar(memorySource('m.tar', onlyOf(files)))),
};

/** The same, packed by gzip. */
export const gzip: Family = {
  name: 'gzip',
  seeds: () => TARS.map((each) => packed(onlyOf(each))),
  repaired: (random, seed) => packed(resealed(damagedBytes(random, gunzipSync(onlyOf(seed))))),
  async read(files, random) {
    const unpacking = random() < 0.5 ? portableUnpacking : { ...portableUnpacking, inflate: zlibInflate };
    await readTree(
      await openGzippedTar(memorySource('m.tar.gz', onlyOf(files)), unpacking, { isWanted: () => true }),
    );
  },
};

function packed(bytes: Uint8Array): Files {
  return single(gzipSync(bytes, { level: 1 }));
}

/** Sets the checksum of whatever begins a member where headers stand. */
function resealed(bytes: Uint8Array): Uint8Array {
  const copy = Buffer.from(bytes);
  for (let at = 0; at + 512 <= copy.length; at += 512) {
    if (copy.toString('latin1', at + 257, at + 262) === 'ustar') sealHeader(copy.subarray(at, at + 512));
  }
  return copy;
}

/** How much of each file is read. */
const MOST_READ = 1 << 16;

async function readTree(tree: ArchiveTree): Promise<void> {
  try {
    for (const path of tree.paths()) {
      const source = await tree.open(path);
      try {
        await source.read(0, Math.min(source.size, MOST_READ));
        if (source.size > 0) await source.read(source.size - 1, 1);
      } finally {
        await source.close();
      }
    }
  } finally {
    await tree.close();
  }
}
