import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import jpeg from 'jpeg-js';
import { encodeExample, type Feature } from '../../../src/io/records/example.ts';
import { writeTfRecords } from '../../../src/io/records/tfrecord.ts';
import { below, randomFrom } from '../../support/random.ts';

/** A small JPEG of a size and colours that depend on the seed. */
export function makeJpeg(seed: number): Uint8Array {
  const random = randomFrom(seed);
  const [width, height] = [8 + below(random, 24), 8 + below(random, 24)];
  const data = Uint8Array.from({ length: 4 * width * height }, () => below(random, 256));
  return jpeg.encode({ width, height, data }, 80).data;
}

/** A record of ImageNet; a feature that is not given is missing. */
export function makeRecord(features: { jpeg?: Uint8Array; label?: number }): Uint8Array {
  const example: [string, Feature][] = [];
  if (features.jpeg) example.push(['image/encoded', { kind: 'bytes', values: [features.jpeg] }]);
  if (features.label !== undefined) {
    example.push(['image/class/label', { kind: 'int64', values: BigInt64Array.of(BigInt(features.label)) }]);
  }
  return encodeExample(example);
}

/**
 * Files `validation-*`, or `train-*`, with so many pictures each; picture i of all is `makeJpeg(i)` with the stored label i + 1.
 * @param bad positions whose pictures are no JPEG.
 */
export async function makeShards(
  directory: string,
  counts: readonly number[],
  bad: readonly number[] = [],
  split: 'validation' | 'train' = 'validation',
): Promise<void> {
  let position = 0;
  for (const [shard, count] of counts.entries()) {
    const records = Array.from({ length: count }, () => {
      const seed = position++;
      return makeRecord({
        jpeg: bad.includes(seed) ? Buffer.from('GIF89a') : makeJpeg(seed),
        label: seed + 1,
      });
    });
    const number = `${shard}`.padStart(5, '0');
    await writeTfRecords(join(directory, `${split}-${number}-of-00009`), records, {
      compression: shard % 2 === 1 ? 'gzip' : 'none',
    });
  }
}

/** JPEG files; `makeJpeg` of the place in the list. */
export async function makeFiles(directory: string, names: readonly string[]): Promise<void> {
  for (const [seed, name] of names.entries()) await writeFile(join(directory, name), makeJpeg(seed));
}
