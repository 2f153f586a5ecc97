import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { describe, it } from 'node:test';
import { portableUnpacking } from '../../../src/io/archive/portable-unpacking.ts';
import { sparseSource } from '../../../src/io/archive/sparse-source.ts';
import { blobSource } from '../../../src/io/bytes/blob-source.ts';
import type { ByteSource } from '../../../src/io/bytes/byte-source.ts';
import { memorySource } from '../../../src/io/bytes/memory-source.ts';
import { NotThereError, openUrl } from '../../../src/io/bytes/url-source.ts';
import { diskUnpacking } from '../../../src/io/files/disk-unpacking.ts';
import { openFile } from '../../../src/io/files/file-source.ts';
import fc from '../../support/fast-check.ts';
import { type Asked, type Reply, rangeReply, withServer } from '../../support/file-server.ts';
import { dataErrorOf, withDirectory } from '../support.ts';

const keep = (chunks: AsyncIterable<Uint8Array>) => portableUnpacking.openSpool(Infinity).add(chunks);

/** How each kind of source is opened over given bytes. */
const KINDS: Record<string, (bytes: Uint8Array<ArrayBuffer>, use: Use) => Promise<void>> = {
  'a file': (bytes, use) =>
    withDirectory(async (directory) => {
      await writeFile(`${directory}/file`, bytes);
      await use(await openFile(`${directory}/file`));
    }),
  'a Blob': (bytes, use) => use(blobSource('blob', new Blob([bytes]))),
  memory: (bytes, use) => use(memorySource('memory', bytes)),
  'a part of another': (bytes, use) => {
    const [before, after] = [new Uint8Array(3), new Uint8Array(5)];
    const whole = blobSource('whole', new Blob([before, bytes, after]));
    return use(whole.region(3, bytes.length, 'part'));
  },
  'a file with holes': (bytes, use) => use(withHoles(bytes)),
  'a URL with ranges': (bytes, use) => overUrl((asked) => rangeReply(asked, bytes), use),
  'a URL without ranges': (bytes, use) => overUrl(() => ({ status: 200, body: bytes }), use),
  'what is unpacked to a disk': async (bytes, use) => {
    const spool = diskUnpacking.openSpool(Infinity);
    await use(await (await spool.add(pieces(bytes)))('unpacked'));
    await spool.close();
  },
  'what is unpacked to Blobs': async (bytes, use) => use(await (await keep(pieces(bytes)))('unpacked')),
};

type Use = (source: ByteSource) => Promise<void>;

for (const [kind, open] of Object.entries(KINDS)) {
  describe(kind, () => {
    it('gives any stretch, in order or not, and all of it as a stream', async () => {
      await fc.assert(
        fc.asyncProperty(someBytes, fc.array(fc.tuple(fc.nat(), fc.nat())), async (bytes, stretches) => {
          await open(bytes, async (source) => {
            assert.equal(source.size, bytes.length);
            // At once, as tensors that are loaded in step are.
            await Promise.all(
              stretches.map(async ([a, b]) => {
                const position = a % (bytes.length + 1);
                const length = b % (bytes.length - position + 1);
                assertEqual(await source.read(position, length), bytes.subarray(position, position + length));
              }),
            );
            assertEqual(await collect(source.stream()), bytes);
            for (const [position, length] of [
              [bytes.length, 1],
              [-1, 1],
              [0, bytes.length + 1],
            ]) {
              await dataErrorOf(source.read(position, length), /bytes are expected here/);
            }
            await source.close();
          });
        }),
        { numRuns: 15 },
      );
    });
  });
}

describe('a URL', () => {
  it('is fetched in pieces that grow while it is read in order, and are kept', async () => {
    const bytes = Uint8Array.from({ length: 2 ** 23 }, (_, i) => i % 251);
    await withServer(
      (asked) => rangeReply(asked, bytes),
      async (base, asked) => {
        const source = await openUrl(`${base}/file`, keep);
        for (let at = 0; at < bytes.length; at += 2 ** 18) {
          assertEqual(await source.read(at, 2 ** 18), bytes.subarray(at, at + 2 ** 18));
        }
        assert.ok(asked.length <= 12, `${asked.length} requests`);
        const before = asked.length;
        await source.read(bytes.length - 100, 100);
        assert.equal(asked.length, before);
      },
    );
  });

  it('is asked for again where the server fails for a moment', async () => {
    const bytes = new Uint8Array(100);
    const reply = (asked: Asked, count: number): Reply =>
      count < 3 ? { status: 503 } : rangeReply(asked, bytes);
    await withServer(reply, async (base) => {
      assert.equal((await openUrl(`${base}/file`, keep)).size, 100);
    });
  });

  it('is refused, and said why, where there is nothing, a page, or what may not be had', async () => {
    const pages: Record<string, [Reply, RegExp]> = {
      '/missing': [{ status: 404 }, /missing: there is no such file/],
      '/page': [{ status: 200, headers: { 'Content-Type': 'text/html; charset=utf-8' } }, /is a web page/],
      '/forbidden': [{ status: 403 }, /the server answers 403/],
    };
    await withServer(
      ({ path }) => pages[path][0],
      async (base) => {
        for (const [path, [, message]] of Object.entries(pages)) {
          const error = await dataErrorOf(openUrl(`${base}${path}`, keep), message);
          assert.equal(error instanceof NotThereError, path !== '/forbidden');
        }
      },
    );
    await dataErrorOf(openUrl('http://127.0.0.1:1/file', keep), /cannot be fetched/);
  });

  it('is refused once it has changed', async () => {
    const bytes = new Uint8Array(2 ** 18);
    await withServer(
      (asked, count) => rangeReply(asked, bytes, count === 1 ? '"one"' : '"two"'),
      async (base) => {
        const source = await openUrl(`${base}/file`, keep);
        await dataErrorOf(source.read(2 ** 17, 10), /has changed on the server/);
        await dataErrorOf(collect(source.stream()), /has changed on the server/);
      },
    );
  });

  it('is read by ranges where the server hides of what they are, and fetched whole where it packs them', async () => {
    const bytes = Uint8Array.from({ length: 2 ** 18 }, (_, i) => i % 251);
    for (const hide of [withoutPlace, packed]) {
      await withServer(
        (asked) => hide(rangeReply(asked, bytes)),
        async (base) => {
          const source = await openUrl(`${base}/file`, keep);
          assertEqual(await source.read(1000, 2 ** 17), bytes.subarray(1000, 1000 + 2 ** 17));
        },
      );
    }
  });
});

function withoutPlace({ headers, ...reply }: Reply): Reply {
  const { 'Content-Range': _, ...others } = { ...headers };
  return { ...reply, headers: others };
}

function packed(reply: Reply): Reply {
  return reply.status === 206 ? { ...reply, headers: { ...reply.headers, 'Content-Encoding': 'br' } } : reply;
}

const someBytes = fc.oneof(
  fc.uint8Array({ maxLength: 3000 }),
  // Of more windows and pieces than one.
  fc
    .tuple(fc.integer({ min: 2 ** 16 - 5, max: 2 ** 19 }), fc.nat(255))
    .map(([length, seed]) => Uint8Array.from({ length }, (_, i) => (i * i + seed) >> 7)),
) as fc.Arbitrary<Uint8Array<ArrayBuffer>>;

/** A sparse file that has these bytes, its blocks of zeros as holes. */
function withHoles(bytes: Uint8Array<ArrayBuffer>): ByteSource {
  const size = Math.max(64, bytes.length >> 5);
  const blocks = Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) => ({
    at: size * i,
    bytes: bytes.slice(size * i, size * i + size),
  })).filter(({ bytes }) => bytes.some((byte) => byte !== 0));
  const stored = blobSource('stored', new Blob(blocks.map(({ bytes }) => bytes)));
  const stretches = blocks.map(({ at, bytes: { length } }) => ({ at, length }));
  return sparseSource(stored, { size: bytes.length, stretches });
}

async function overUrl(reply: (asked: Asked) => Reply, use: Use): Promise<void> {
  await withServer(reply, async (base) => use(await openUrl(`${base}/file`, keep)));
}

async function* pieces(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += 1000) yield bytes.subarray(at, at + 1000);
}

async function collect(chunks: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  for await (const chunk of chunks) parts.push(chunk);
  return Buffer.concat(parts);
}

function assertEqual(actual: Uint8Array, expected: Uint8Array): void {
  assert.ok(Buffer.compare(actual, expected) === 0);
}
