import type { Scope } from '../../src/graph/device/scope.ts';
import { Adam } from '../../src/graph/optimisers/adam.ts';
import { Nesterov } from '../../src/graph/optimisers/nesterov.ts';
import type { Optimiser } from '../../src/graph/optimisers/optimiser.ts';
import { freshResNet } from '../../src/models/fresh/fresh-resnet.ts';
import { freshTransformer } from '../../src/models/fresh/fresh-transformer.ts';
import { loadTrainableResNet } from '../../src/models/resnet50/training.ts';
import { loadTrainableTransformer } from '../../src/models/transformer/training.ts';
import type { BatchPart, Trainee } from '../../src/train/loop/trainee.ts';
import type { PicturePart } from '../../src/train/pictures/picture-batches.ts';
import { resNetTrainee } from '../../src/train/pictures/resnet-trainee.ts';
import type { TextPart } from '../../src/train/text/text-part.ts';
import { transformerTrainee } from '../../src/train/text/transformer-trainee.ts';
import type { Scale } from '../comparison/scale.ts';

/** A model that is trained, with a batch of made-up data. */
export interface TrainedSample<Part extends BatchPart = BatchPart> {
  readonly name: string;
  readonly trainee: Trainee<Part>;
  readonly batch: Part;
  readonly optimiser: (scope: Scope) => Optimiser;
  /** Tokens of the targets, or pictures. */
  readonly items: number;
}

const TECHNIQUE = 'magnitude_pruning';

/** The Transformer of the small study. @param scope owns its variables */
export async function sampleTransformer(scope: Scope, scale: Scale): Promise<TrainedSample<TextPart>> {
  const size =
    scale === 'smoke'
      ? { hidden: 16, filter: 32, layers: 1, vocabulary: 40 }
      : { hidden: 64, filter: 256, layers: 1, vocabulary: 512 };
  const [sentences, length] = scale === 'smoke' ? [4, 8] : [64, 20];
  const start = freshTransformer({ technique: TECHNIQUE, size });
  const model = await loadTrainableTransformer(scope, start, { technique: TECHNIQUE, heads: 4 });
  // Half of a batch's tokens are frequent ones, as in text.
  const token = (i: number) => 2 + ((i * 7919) % (i % 2 === 0 ? 12 : size.vocabulary - 2));
  const sentence = (s: number) => {
    const tokens = Math.ceil(length * (0.5 + 0.5 * ((s * 0.618) % 1)));
    return Array.from({ length: tokens }, (_, t) => (t === tokens - 1 ? 1 : token(s * length + t)));
  };
  const pairs = Array.from({ length: sentences }, (_, s) => ({
    inputs: sentence(s),
    targets: sentence(s + sentences),
  }));
  return {
    name: `Transformer, H ${size.hidden}, F ${size.filter}, ${sentences} sentences of ${length}`,
    trainee: transformerTrainee(scope.gpu, model, { labelSmoothing: 0.1, clipAlpha: 8 }),
    batch: {
      rows: pairs.map((pair) => [pair]),
      room: { sentences, length },
      isPacked: false,
      shape: 'sample',
      share: 1,
    },
    optimiser: (own) => new Adam(own),
    items: pairs.reduce((sum, { targets }) => sum + targets.length, 0),
  };
}

/** The residual network of the small study. @param scope owns its variables */
export async function sampleResNet(scope: Scope, scale: Scale): Promise<TrainedSample<PicturePart>> {
  const [width, side, pictures, classes] = scale === 'smoke' ? [4, 16, 2, 4] : [8, 32, 64, 20];
  const start = freshResNet({ technique: TECHNIQUE, size: { depth: 18, width, classes } });
  const model = await loadTrainableResNet(scope, start, { technique: TECHNIQUE });
  const pixels = Float32Array.from({ length: pictures * side * side * 3 }, (_, i) => (i * 7919) % 256);
  const labels = Uint32Array.from({ length: pictures }, (_, i) => i % classes);
  return {
    name: `ResNet-18 of width ${width}, ${pictures} pictures of ${side} × ${side}`,
    trainee: resNetTrainee(scope.gpu, { model, start }, { labelSmoothing: 0.1, clipAlpha: 8 }),
    batch: { pixels, labels, size: side, shape: 'sample', share: 1 },
    optimiser: (own) => new Nesterov(own),
    items: pictures,
  };
}
