import type { Gpu } from '../graph/device/gpu.ts';
import type { Checkpoint } from '../io/checkpoint/checkpoint-types.ts';
import { modelKind } from './model-kind.ts';
import { loadResNet50, pictureValues } from './resnet50/model.ts';
import { EOS } from './transformer/config.ts';
import { loadTransformer } from './transformer/model.ts';
import { halfOf } from './transformer/search.ts';

/** What a model is to be fast at. */
export interface TuneSizes {
  /** Sentences of a batch; default 8. */
  readonly batch?: number | undefined;
  /** Hypotheses of a sentence; default 4. */
  readonly beam?: number | undefined;
  /** Tokens of a sentence; default 27, the mean of newstest2014. */
  readonly length?: number | undefined;
  /** Pictures of a batch; default 1. */
  readonly pictures?: number | undefined;
}

/** How to go about it. */
export interface TuneModelOptions extends TuneSizes {
  /** Called before every part of the work. */
  readonly onPart?: ((part: string) => void) | undefined;
  /** Stops between parts; the promise rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Runs a model with all its weights sparse and then with all of them dense, once each, so that the device measures the kernels
 * of both as far as its budget goes; then decides how weights of these classes are held from now on, and saves, if it measured.
 * @throws {DataError} where the checkpoint holds neither model.
 */
export async function tuneModel(
  gpu: Gpu,
  checkpoint: Checkpoint,
  options: TuneModelOptions = {},
): Promise<void> {
  const { onPart, signal } = options;
  const runOnce = modelKind(checkpoint) === 'rn50' ? classifyNothing : translateNothing;
  for (const format of ['sparse', 'dense'] as const) {
    signal?.throwIfAborted();
    onPart?.(format);
    await runOnce(gpu, checkpoint, format, options);
  }
  if (gpu.tuning.measured) gpu.tuning.decideFormats();
  await gpu.tuning.save();
}

/** The shape of the pictures decides the speed, not what is on them. */
async function classifyNothing(
  gpu: Gpu,
  checkpoint: Checkpoint,
  format: 'sparse' | 'dense',
  { pictures = 1 }: TuneSizes,
): Promise<void> {
  using model = await loadResNet50(gpu, checkpoint, { format });
  await model.logits(new Float32Array(pictures * pictureValues(model.config.imageSize)));
}

/** Any sentence of the length will do, and one step for each width that a search comes to: all steps run the same kernels. */
async function translateNothing(
  gpu: Gpu,
  checkpoint: Checkpoint,
  format: 'sparse' | 'dense',
  { batch = 8, beam = 4, length = 27 }: TuneSizes,
): Promise<void> {
  using model = await loadTransformer(gpu, checkpoint, { format });
  const sentence = [...new Array<number>(length - 1).fill(EOS + 1), EOS];
  for (let sentences: number | undefined = batch; sentences; sentences = halfOf({ sentences, beam }, gpu)) {
    await model.translate(new Array(sentences).fill(sentence), { beam, maxLength: 1 });
  }
}
