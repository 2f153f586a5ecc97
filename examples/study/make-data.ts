/*
 * The data of the study, from a seed; `npm run study` makes them and trains on them.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { encodeExample, writeTfRecords } from 'tsos/io';
import { derivedKey, type RandomKey, randomKey, uniforms } from 'tsos/layers';
import type { Random } from './draws.ts';
import { type Drawing, drawing } from './pictures/picture.ts';
import { type CorpusSizes, corpus } from './sentences/corpus.ts';

/** How much is made. */
export interface DataSizes {
  readonly pairs: CorpusSizes;
  readonly pictures: { readonly validation: number; readonly train: number };
}

export const STUDY_SIZES: DataSizes = {
  pairs: { test: 1000, dev: 500, train: 60_000 },
  pictures: { validation: 1000, train: 20_000 },
};

/** Writes `test.en`, `test.de`, likewise `dev` and `train`; nothing of a part that is to have none. */
export async function makeSentences(folder: string, sizes: CorpusSizes, seed = 7): Promise<void> {
  await mkdir(folder, { recursive: true });
  const key = randomKey(seed);
  const parts = corpus(sizes, (i) => randomOf(derivedKey(key, i)));
  for (const [part, pairs] of Object.entries(parts)) {
    if (pairs.length === 0) continue;
    await writeFile(join(folder, `${part}.en`), pairs.map(({ english }) => `${english}\n`).join(''));
    await writeFile(join(folder, `${part}.de`), pairs.map(({ german }) => `${german}\n`).join(''));
  }
}

/** Files of the training set. */
const SHARDS = 4;

const PICTURE_SEED = 5;
const PICTURE_PARTS = ['validation', 'train'] as const;

/** Writes TFRecord files `validation-*` and `train-*`, with the features that ImageNet's have; nothing of a part that is to have none. */
export async function makePictures(
  folder: string,
  sizes: DataSizes['pictures'],
  seed = PICTURE_SEED,
): Promise<void> {
  await mkdir(folder, { recursive: true });
  for (const [purpose, part] of PICTURE_PARTS.entries()) {
    const key = derivedKey(randomKey(seed), purpose);
    if (sizes[part] === 0) continue;
    const shards = part === 'train' ? SHARDS : 1;
    for (let shard = 0; shard < shards; shard++) {
      const [at, of] = [shard, shards].map((n) => `${n}`.padStart(5, '0'));
      const file = join(folder, `${part}-${at}-of-${of}`);
      await writeTfRecords(file, records(key, { first: shard, step: shards, count: sizes[part] }));
    }
  }
}

/** Picture `i` of those that nothing is trained with. */
export function testPicture(i: number): Promise<Drawing> {
  const key = derivedKey(randomKey(PICTURE_SEED), PICTURE_PARTS.indexOf('validation'));
  return drawing(randomOf(derivedKey(key, i)), i);
}

async function* records(
  key: RandomKey,
  { first, step, count }: { first: number; step: number; count: number },
) {
  for (let i = first; i < count; i += step) {
    const { jpeg, label } = await drawing(randomOf(derivedKey(key, i)), i);
    yield encodeExample([
      ['image/encoded', { kind: 'bytes', values: [jpeg] }],
      // ImageNet's labels begin with 1.
      ['image/class/label', { kind: 'int64', values: BigInt64Array.of(BigInt(label + 1)) }],
    ]);
  }
}

/** The uniform numbers of a key, one after the other. */
function randomOf(key: RandomKey): Random {
  const BLOCK = 64;
  let values: Float64Array = new Float64Array(0);
  let [block, at] = [0, 0];
  return () => {
    if (at === values.length) [values, at] = [uniforms(derivedKey(key, block++), BLOCK), 0];
    return values[at++];
  };
}
