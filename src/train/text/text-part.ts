import type { BatchPart } from '../loop/trainee.ts';
import type { LengthBucket } from './length-buckets.ts';
import type { SentencePair } from './sentence-pair.ts';

/** Rows of sentence pairs that the device works on at once, with room for others. */
export interface TextPart extends BatchPart {
  /** The pairs of each: several where rows are packed, else one. At most as many rows as there is room for. */
  readonly rows: readonly (readonly SentencePair[])[];
  /** Room for rows, and for the tokens of a side of each. */
  readonly room: LengthBucket;
  /** Rows may hold several pairs, which do not see each other. */
  readonly isPacked: boolean;
}

/** What a step is made with. */
export interface TextBatch {
  readonly parts: readonly TextPart[];
  /** Tokens of the targets. */
  readonly tokens: number;
}

/** The batches of a training on text, found by the number of the step. */
export interface TextBatchSource {
  /** Batches of an epoch. */
  readonly perEpoch: number;
  /** The batch of a step, whatever was asked for before. */
  at(step: number): TextBatch;
}

/** A part without rows, of the shape that parts with such room have. */
export function emptyPart(room: LengthBucket, { isPacked }: Pick<TextPart, 'isPacked'>): TextPart {
  return { rows: [], room, isPacked, shape: `${room.sentences} × ${room.length}`, share: 0 };
}

/** Cuts a batch into parts. @param empty what all are like */
export function textBatch(rows: readonly (readonly SentencePair[])[], empty: TextPart): TextBatch {
  const tokens = targetTokens(rows);
  const { sentences } = empty.room;
  const parts: TextPart[] = [];
  for (let at = 0; at < rows.length; at += sentences) {
    const some = rows.slice(at, at + sentences);
    parts.push({ ...empty, rows: some, share: targetTokens(some) / tokens });
  }
  return { parts, tokens };
}

function targetTokens(rows: readonly (readonly SentencePair[])[]): number {
  return rows.flat().reduce((sum, { targets }) => sum + targets.length, 0);
}
