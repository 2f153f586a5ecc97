import type { Vocabulary } from '../../io/text/subwords.ts';
import { sourceLength } from '../../models/transformer/translate-lines.ts';
import { note } from '../terminal/print.ts';

/** Ids of a source that are far more than a sentence has, so that lines may not have been cut where they should. */
const LONG = 1000;

/**
 * Says which line will keep a run busy without a word: every source position attends to every other, and the encoder of a batch
 * cannot be interrupted.
 */
export function noteLongSources(lines: readonly string[], vocabulary: Vocabulary): void {
  const long = lines
    .map((line, index) => ({ number: index + 1, ids: sourceLength(vocabulary, line) }))
    .filter(({ ids }) => ids > LONG)
    .sort((a, b) => b.ids - a.ids);
  if (long.length === 0) return;
  const [{ number, ids }, ...others] = long;
  const more = others.length === 0 ? '' : `, and ${others.length} more have above ${LONG}`;
  note(
    `line ${number} has ${ids} ids${more}: the time for a source grows with their square; --max-input cuts sources off`,
  );
}
