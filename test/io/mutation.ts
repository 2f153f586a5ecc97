import { copyFile, readdir } from 'node:fs/promises';
import fc from '../support/fast-check.ts';

/** Damage to a file; positions are taken modulo its length. */
export interface Mutation {
  readonly kind: 'flip' | 'truncate' | 'splice' | 'duplicate';
  readonly at: number;
  readonly length: number;
  readonly bytes: Uint8Array;
}

/** Damage anywhere, at the end (where footers are) more often. */
export const mutation: fc.Arbitrary<Mutation> = fc.record({
  kind: fc.constantFrom('flip', 'truncate', 'splice', 'duplicate'),
  at: fc.oneof(fc.nat(1 << 20), fc.integer({ min: -60, max: -1 })),
  length: fc.integer({ min: 1, max: 40 }),
  bytes: fc.uint8Array({ minLength: 1, maxLength: 12 }),
});

export function mutate(original: Uint8Array, { kind, at, length, bytes }: Mutation): Uint8Array {
  const place = ((at % original.length) + original.length) % original.length;
  const [head, tail] = [original.subarray(0, place), original.subarray(place)];
  switch (kind) {
    case 'flip': {
      const copy = original.slice();
      copy[place] ^= 1 << (length % 8);
      return copy;
    }
    case 'truncate':
      return head;
    case 'splice':
      return Buffer.concat([head, bytes, tail.subarray(length)]);
    case 'duplicate':
      return Buffer.concat([head, tail.subarray(0, length), tail]);
  }
}

/** Copies the files of a fixture, so that they can be damaged. */
export async function copyFixture(from: string, to: string): Promise<void> {
  for (const name of await readdir(from)) {
    if (!name.endsWith('.json')) await copyFile(`${from}/${name}`, `${to}/${name}`);
  }
}
