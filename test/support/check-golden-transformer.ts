import assert from 'node:assert/strict';
import type { Transformer } from '../../src/models/transformer/model.ts';
import { assertClose } from './accuracy.ts';
import {
  type GoldenCase,
  type GoldenDecode,
  type GoldenModel,
  tolerances,
  untilEnd,
} from './golden-transformer.ts';

/** Encoder output at real positions. */
export async function checkEncoder(
  model: Transformer,
  { input_ids: ids, encoder_output: name }: GoldenCase,
  tensor: (name: string) => Float32Array,
  tolerance: number,
): Promise<void> {
  const actual = await model.encode(ids);
  const expected = tensor(name);
  const [, length, hidden] = actual.shape;
  assert.equal(actual.length, expected.length);
  ids.forEach((sentence, b) => {
    const start = b * length * hidden;
    const end = start + sentence.length * hidden;
    assertClose(
      actual.subarray(start, end),
      expected.subarray(start, end),
      tolerance,
      `encoder output, sentence ${b}`,
    );
  });
}

/** Teacher-forced logits at all positions. */
export async function checkLogits(
  model: Transformer,
  { input_ids: ids, targets, teacher_forced_logits: name }: GoldenCase,
  tensor: (name: string) => Float32Array,
  tolerance: number,
): Promise<void> {
  assertClose(await model.logits(ids, targets), tensor(name), tolerance, 'logits');
}

/** Hypotheses and scores of one search. */
export async function checkDecode(
  model: Transformer,
  ids: number[][],
  decode: GoldenDecode,
  golden: GoldenModel,
): Promise<void> {
  const { beam_size: beam, alpha, top_beams: topBeams, decode_length: maxLength } = decode;
  const results = await model.translate(ids, { beam, alpha, topBeams, maxLength });
  const { score: tolerance, logits: lowerTolerance } = tolerances(golden);
  results.forEach(({ ids: best, score, beams }, b) => {
    const where = `beam ${beam}, ${topBeams} of interest, ${maxLength} tokens, sentence ${b}`;
    if (beam === 1) {
      if (decode.float64_min_argmax_gap && decode.float64_min_argmax_gap[b] <= tolerance) return;
      assert.deepEqual(best, untilEnd(decode.ids[b]), where);
      // What adding up that many terms in float32 may lose, on either side, comes on top.
      const summation = 2 * decode.steps * 2 ** -24 * Math.abs(decode.log_prob[b]);
      assertClose([score], [decode.log_prob[b]], tolerance + (summation || 0), where);
      return;
    }
    const ended = decode.all_beam_scores[b].filter((expected) => expected > -1e6).length;
    assertClose([score], [decode.all_beam_scores[b][0]], tolerance, where);
    if (decode.float64_min_candidate_gap && decode.float64_min_candidate_gap[b] <= tolerance) return;
    assert.equal(beams.length, ended, where);
    beams.forEach((hypothesis, k) => {
      assert.deepEqual(hypothesis.ids, untilEnd(decode.all_beam_ids[b][k]), `${where}, beam ${k}`);
      // What the golden states of scores was measured on the best; others are as good as the logits they come from.
      const allowed = k === 0 ? tolerance : Math.max(tolerance, lowerTolerance);
      assertClose([hypothesis.score], [decode.all_beam_scores[b][k]], allowed, `${where}, beam ${k}`);
    });
  });
}
