import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { imageNetClasses } from '../../../src/io/pictures/imagenet-classes.ts';

test('there are a thousand classes, in the order of their ids', () => {
  const ids = imageNetClasses().map(({ id }) => id);
  assert.equal(new Set(ids).size, 1000);
  assert.deepEqual(ids, [...ids].sort());
  assert.ok(ids.every((id) => /^n\d{8}$/.test(id)));
  assert.ok(imageNetClasses().every(({ name }) => /^\w[\w .,'-]*$/.test(name)));
});

test('classes that everybody knows by their numbers are where they should be', () => {
  for (const [label, id, name] of [
    [0, 'n01440764', 'tench, Tinca tinca'],
    [1, 'n01443537', 'goldfish, Carassius auratus'],
    [134, 'n02012849', 'crane'],
    [207, 'n02099601', 'golden retriever'],
    [285, 'n02124075', 'Egyptian cat'],
    [517, 'n03126707', 'crane'],
    [638, 'n03710637', 'maillot'],
    [639, 'n03710721', 'maillot, tank suit'],
    [954, 'n07753592', 'banana'],
    [999, 'n15075141', 'toilet tissue, toilet paper, bathroom tissue'],
  ] as const) {
    assert.deepEqual(imageNetClasses()[label], { id, name });
  }
});

test('the ids are those of the lists that TensorFlow and others carry, each on a line', () => {
  const list = imageNetClasses().map(({ id }) => `${id}\n`);
  const sha256 = createHash('sha256').update(list.join('')).digest('hex');
  assert.equal(sha256, '70002b0ff5de60a3a17a82dbfcff291931f96225ddf941ad2e182fc39e183d15');
});
