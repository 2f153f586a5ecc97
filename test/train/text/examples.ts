import { encodeExample, type Feature } from '../../../src/io/records/example.ts';
import type { PackedRow } from '../../../src/models/transformer/packed-row.ts';
import type { SentencePair } from '../../../src/train/text/sentence-pair.ts';

/** A record of a pair, as Tensor2Tensor writes it. */
export function pairExample({ inputs, targets }: SentencePair): Uint8Array {
  return encodeExample([
    ['inputs', int64(inputs)],
    ['targets', int64(targets)],
  ]);
}

/** A record of a packed row. @param padding zeros between sentences, and the length up to which there are some behind them */
export function packedExample(row: PackedRow, { spacing = 0, length = 0 } = {}): Uint8Array {
  const features: [string, Feature][] = [];
  for (const side of ['inputs', 'targets'] as const) {
    const { ids, segments, positions } = row[side];
    const stored = (values: readonly number[]) => {
      const spaced = values.flatMap((value, i) =>
        i > 0 && positions[i] === 0 ? [...new Array<number>(spacing).fill(0), value] : [value],
      );
      return int64([...spaced, ...new Array<number>(Math.max(0, length - spaced.length)).fill(0)]);
    };
    features.push(
      [side, stored(ids)],
      [`${side}_segmentation`, stored(segments)],
      [`${side}_position`, stored(positions)],
    );
  }
  return encodeExample(features);
}

function int64(values: readonly number[]): Feature {
  return { kind: 'int64', values: BigInt64Array.from(values, BigInt) };
}
