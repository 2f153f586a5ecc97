import type { Gpu } from '../../graph/open-gpu.ts';
import { openCheckpoint } from '../../io/checkpoint/checkpoint.ts';
import { loadVocabulary } from '../../io/text/load-vocabulary.ts';
import type { Vocabulary } from '../../io/text/subwords.ts';
import { readConfig, type TransformerOptions } from '../../models/transformer/config.ts';
import { loadTransformer, type Transformer } from '../../models/transformer/model.ts';
import { withDevice, withLoadProgress } from './device-session.ts';

export interface SessionRequest
  extends Pick<
    TransformerOptions,
    'technique' | 'logAlphaThreshold' | 'heads' | 'format' | 'valuePrecision'
  > {
  readonly checkpoint: string;
  readonly vocabulary: string;
  readonly signal: AbortSignal;
}

/** What a translation needs. */
export interface Session {
  readonly gpu: Gpu;
  readonly model: Transformer;
  readonly vocabulary: Vocabulary;
  readonly loadSeconds: number;
}

/** Opens the adapter, loads a model with its vocabulary, and lets go of all of it once it has been used. */
export async function withTransformer<T>(
  request: SessionRequest,
  use: (session: Session) => Promise<T>,
): Promise<T> {
  const started = performance.now();
  const checkpoint = await openCheckpoint(request.checkpoint);
  try {
    // What is cheap to find wrong is found before the model is loaded.
    const config = await readConfig(checkpoint, request);
    const vocabulary = await loadVocabulary(request.vocabulary, { expectedSize: config.vocabulary });
    const { signal, technique, logAlphaThreshold, heads, format, valuePrecision } = request;
    const options = { technique, logAlphaThreshold, heads, format, valuePrecision };
    return await withDevice(async (gpu) => {
      using model = await withLoadProgress(signal, (onProgress) =>
        loadTransformer(gpu, checkpoint, { ...options, onProgress }),
      );
      const loadSeconds = (performance.now() - started) / 1000;
      return await use({ gpu, model, vocabulary, loadSeconds });
    });
  } finally {
    await checkpoint.close();
  }
}
