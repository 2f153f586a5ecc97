import type { Gpu } from '../../graph/open-gpu.ts';
import { openCheckpoint } from '../../io/checkpoint/checkpoint.ts';
import type { Checkpoint } from '../../io/checkpoint/checkpoint-types.ts';
import { type ResNetConfig, type ResNetOptions, readConfig } from '../../models/resnet50/config.ts';
import { loadResNet50, type ResNet50 } from '../../models/resnet50/model.ts';
import { withDevice, withLoadProgress } from './device-session.ts';

export interface ResNetRequest
  extends Pick<ResNetOptions, 'technique' | 'logAlphaThreshold' | 'imageSize' | 'format' | 'valuePrecision'> {
  readonly checkpoint: string;
  readonly signal: AbortSignal;
  /** Called before anything is loaded; throws where the network is not what it should be. */
  readonly check?: ((config: ResNetConfig) => void) | undefined;
}

/** What a classification needs. */
export interface ResNetSession {
  readonly gpu: Gpu;
  readonly checkpoint: Checkpoint;
  readonly model: ResNet50;
  readonly loadSeconds: number;
}

/** Opens the adapter, loads a network, and lets go of both once they have been used. */
export async function withResNet<T>(
  { checkpoint: path, signal, check = () => {}, ...options }: ResNetRequest,
  use: (session: ResNetSession) => Promise<T>,
): Promise<T> {
  const started = performance.now();
  const checkpoint = await openCheckpoint(path);
  try {
    // What is cheap to find wrong is found before the adapter is opened.
    check(await readConfig(checkpoint, options));
    return await withDevice(async (gpu) => {
      using model = await withLoadProgress(signal, (onProgress) =>
        loadResNet50(gpu, checkpoint, { ...options, onProgress }),
      );
      return await use({ gpu, checkpoint, model, loadSeconds: (performance.now() - started) / 1000 });
    });
  } finally {
    await checkpoint.close();
  }
}
