import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type FloatPiece, inStep, streamFloat32 } from '../../src/base/float-stream.ts';
import fc from '../support/fast-check.ts';
import { memoryCheckpoint } from '../support/memory-checkpoint.ts';

const cut = fc.integer({ min: 1, max: 8 });
const lengths = fc.array(fc.nat({ max: 10 }), { maxLength: 5 });

test('two streams are walked element by element, however variables and pieces are cut', async () => {
  await fc.assert(
    fc.asyncProperty(lengths, cut, cut, async (lengths, leftCut, rightCut) => {
      const total = lengths.reduce((sum, length) => sum + length, 0);
      const values = Float32Array.from({ length: total }, (_, i) => i);
      const parts = lengths.map((length, i) => {
        const start = lengths.slice(0, i).reduce((sum, before) => sum + before, 0);
        return [`part_${i}`, { shape: [length], data: values.slice(start, start + length) }] as const;
      });
      const checkpoint = memoryCheckpoint(
        { ...Object.fromEntries(parts), whole: { shape: [total], data: values } },
        { pieceElements: (name) => (name === 'whole' ? rightCut : leftCut) },
      );
      const split = parts.map(([name]) => name);
      const seen: number[] = [];
      for await (const [left, right] of inStep(
        streamFloat32(checkpoint, split),
        streamFloat32(checkpoint, ['whole']),
      )) {
        assert.deepEqual(left.data, right.data);
        assert.equal(right.start, seen.length);
        seen.push(...right.data);
      }
      assert.deepEqual(seen, [...values]);
    }),
  );
});

test('a fault that shows at the end of either stream is not missed', async () => {
  for (const faulty of ['left', 'right']) {
    const stream = (name: string) => pieces(name, name === faulty);
    await assert.rejects(async () => {
      for await (const _ of inStep(stream('left'), stream('right')));
    }, /checksum of/);
  }
});

test('both streams are closed when the caller stops early', async () => {
  const closed: string[] = [];
  const stream = (name: string) => pieces(name, false, () => closed.push(name));
  for await (const _ of inStep(stream('left'), stream('right'))) break;
  assert.deepEqual(closed.sort(), ['left', 'right']);
});

/** A stream that notices after its last piece that what it gave was wrong, as a reader does by a checksum. */
async function* pieces(
  name: string,
  faulty: boolean,
  onClose?: () => void,
): AsyncGenerator<FloatPiece, void, undefined> {
  try {
    for (let start = 0; start < 4; start += 2) yield { name, start, data: Float32Array.of(start, start + 1) };
    if (faulty) throw new Error(`checksum of ${name}`);
  } finally {
    onClose?.();
  }
}
