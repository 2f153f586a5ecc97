import { type Gpu, openGpu } from '../graph/device.ts';
import { openCheckpoint } from '../io/checkpoint.ts';
import { loadVocabulary, type Vocabulary } from '../io/subwords.ts';
import { readConfig, type TransformerOptions } from '../models/transformer/config.ts';
import { loadTransformer, type Transformer } from '../models/transformer/model.ts';
import { showProgress } from './progress.ts';

export interface SessionRequest
  extends Pick<TransformerOptions, 'technique' | 'logAlphaThreshold' | 'heads' | 'format'> {
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
    await using gpu = await openGpu();
    using _ = disposedAtExit(gpu);
    using model = await loadWithProgress(gpu, checkpoint, request);
    const loadSeconds = (performance.now() - started) / 1000;
    return await use({ gpu, model, vocabulary, loadSeconds });
  } finally {
    await checkpoint.close();
  }
}

/** Dawn may crash where a process ends with a live device. One that dies of a signal does not wait for its work. */
function disposedAtExit(gpu: Gpu): Disposable {
  const dispose = (code: number) => {
    if (code < 128) gpu.dispose();
  };
  process.once('exit', dispose);
  return { [Symbol.dispose]: () => process.off('exit', dispose) };
}

async function loadWithProgress(
  gpu: Gpu,
  checkpoint: Awaited<ReturnType<typeof openCheckpoint>>,
  { signal, technique, logAlphaThreshold, heads, format }: SessionRequest,
): Promise<Transformer> {
  using progress = showProgress('loaded');
  return await loadTransformer(gpu, checkpoint, {
    technique,
    logAlphaThreshold,
    heads,
    format,
    onProgress(done, total) {
      signal.throwIfAborted();
      progress.update(done, total, 'matrices');
    },
  });
}
