import { readJson } from './files.ts';
import { readSafetensors } from './tensors.ts';

/** One search of a golden case. */
export interface GoldenDecode {
  beam_size: number;
  alpha: number;
  top_beams: number;
  decode_length: number;
  extra_length: number;
  steps: number;
  /** Beam search: `[sentence][beam][step]`, zero-padded. */
  all_beam_ids: number[][][];
  all_beam_scores: number[][];
  float64_min_candidate_gap: number[];
  /** Greedy. */
  ids: number[][];
  log_prob: number[];
  float64_min_argmax_gap: number[];
}

/** A batch with what the original makes of it. */
export interface GoldenCase {
  name: string;
  texts: string[];
  input_ids: number[][];
  targets: number[][];
  encoder_output: string;
  teacher_forced_logits: string;
  decodes: GoldenDecode[];
}

/** What the original made of one small model, or the full one. */
export interface GoldenModel {
  config: { H: number; V: number; heads: number; log_alpha_threshold?: number };
  cases: GoldenCase[];
  tolerance_float32_vs_own_float64: { enc: number; logits: number; score: number };
  sparsity: { nonzero: number; total: number };
}

/** What the full model has in place of cases. */
type SingleCase = Omit<GoldenCase, 'name'> & {
  readonly greedy: Omit<GoldenDecode, 'beam_size' | 'alpha' | 'top_beams' | 'extra_length'>;
};

/** Reads `goldens.json`; the full model has a single case, whose parts lie at the top. */
export async function readGoldens(directory: string): Promise<GoldenModel> {
  const goldens = await readJson<GoldenModel & SingleCase>(`${directory}/goldens.json`);
  if (goldens.cases) return goldens;
  const greedy = { beam_size: 1, alpha: 0, top_beams: 1, extra_length: Number.NaN, ...goldens.greedy };
  return { ...goldens, cases: [{ name: 'main', ...goldens, decodes: [...goldens.decodes, greedy] }] };
}

/** Values of `goldens.safetensors`. */
export async function readGoldenTensors(directory: string): Promise<(name: string) => Float32Array> {
  const tensors = await readSafetensors(`${directory}/goldens.safetensors`);
  return (name) => tensors.get(name)!.data as Float32Array;
}

/** Errors allowed: four times what the original's own float32 loses, at least 1e-4. */
export function tolerances({ tolerance_float32_vs_own_float64: lost }: GoldenModel) {
  const allow = (error: number) => Math.max(4 * error, 1e-4);
  return { encoder: allow(lost.enc), logits: allow(lost.logits), score: allow(lost.score) };
}

/** Ids up to and with the first EOS, else all. */
export function untilEnd(ids: readonly number[]): number[] {
  const end = ids.indexOf(1);
  return end < 0 ? [...ids] : ids.slice(0, end + 1);
}
