import { valueText } from '../../base/check-arguments.ts';
import { DeviceError, UsageError } from '../../base/errors.ts';
import { featuresLast, type ShapedFloats, withShape } from '../../base/shaped-floats.ts';
import { Turns } from '../../base/turns.ts';
import type { Gpu } from '../../graph/device/gpu.ts';
import { type DeviceTensor, readFloats, Scope, write } from '../../graph/device/scope.ts';
import { copy } from '../../graph/operations/operations.ts';
import { Graph } from '../../graph/plan/graph.ts';
import type { Plan } from '../../graph/plan/plan.ts';
import { countFormats, type WeightCounts } from '../../graph/weights/weight-counts.ts';
import type { Checkpoint } from '../../io/checkpoint/checkpoint-types.ts';
import { EVALUATION_SIZE } from '../../io/pictures/evaluation-picture.ts';
import { type ResNetConfig, type ResNetOptions, readConfig } from './config.ts';
import { addResNet, type Stage } from './network.ts';
import { loadWeights, type ResNetWeights } from './weights.ts';

/** A sparse (or dense) residual network on a device. */
export interface ResNet50 extends Disposable {
  /** The network as its checkpoint describes it. */
  readonly config: ResNetConfig;
  /** How many weights are kept and how they are held. */
  readonly weights: WeightCounts;
  /** The adapter it computes on, in a line. */
  readonly adapter: string;
  /** Bytes of the weights on the device. */
  readonly byteLength: number;
  /**
   * Logits `[B, classes]`. Calls made at once wait for each other; the result for a picture does not depend on the batch
   * it comes in.
   * @param pixels `[B, S, S, 3]`, S being `config.imageSize`, red, green, blue, 0 … 255 as `evaluationPixels` gives them; normalised inside
   * @throws {UsageError} for pictures of another size, or none
   * @throws {AdapterError} where the device has no buffer large enough
   * @throws {DeviceError} where the device failed, or the weights overflow float32
   */
  logits(pixels: Float32Array & { readonly shape?: readonly number[] }): Promise<ShapedFloats>;
  /**
   * Activations after the stages of the network, `[B, Y, X, C]` each. For study of a few pictures: it runs them in one pass and
   * keeps everything.
   * @throws {UsageError} for pictures of another size, none, or more than one pass can take
   */
  stages(
    pixels: Float32Array & { readonly shape?: readonly number[] },
  ): Promise<ReadonlyMap<Stage, ShapedFloats>>;
  /** Frees what it has on the device. */
  dispose(): void;
}

/**
 * Loads a ResNet of the paper (of depth 18, 34, 50, 101, 152 or 200 and any width) onto a device.
 * @throws {DataError} where the checkpoint holds none, or an incomplete one.
 * @throws {AdapterError} where the device is too small for it.
 */
export async function loadResNet50(
  gpu: Gpu,
  checkpoint: Checkpoint,
  options: ResNetOptions = {},
): Promise<ResNet50> {
  const config = await readConfig(checkpoint, options);
  const scope = new Scope(gpu);
  try {
    const weights = await loadWeights(scope, checkpoint, config, options);
    await gpu.settled();
    return new DeviceResNet(scope, config, weights);
  } catch (error) {
    scope.dispose();
    throw error;
  }
}

/** The network made ready for one number of pictures. */
interface Pass extends Disposable {
  readonly batch: number;
  readonly pictures: DeviceTensor;
  readonly logits: DeviceTensor;
  readonly plan: Plan;
}

/** Passes that are kept: that of full batches, and that of what remains. */
const KEPT_PASSES = 2;

class DeviceResNet implements ResNet50 {
  readonly config: ResNetConfig;
  readonly weights: WeightCounts;
  readonly #scope: Scope;
  readonly #weights: ResNetWeights;
  /** The last used comes last. */
  readonly #passes: Pass[] = [];
  /** Passes share buffers. */
  readonly #calls = new Turns();

  constructor(scope: Scope, config: ResNetConfig, weights: ResNetWeights) {
    this.config = config;
    this.#scope = scope;
    this.#weights = weights;
    this.weights = countWeights(weights);
  }

  get adapter(): string {
    return this.#scope.gpu.describe();
  }

  get byteLength(): number {
    return this.#scope.byteLength;
  }

  logits(pixels: Float32Array & { readonly shape?: readonly number[] }): Promise<ShapedFloats> {
    return this.#calls.take(async () => {
      const { classes, imageSize } = this.config;
      const count = pictureCount(pixels, imageSize);
      const values = pictureValues(imageSize);
      const logits = new Float32Array(count * classes);
      const most = largestBatch(this.#scope.gpu, this.#weights.initial.rows, imageSize);
      for (let first = 0; first < count; first += most) {
        const batch = Math.min(most, count - first);
        const part = pixels.subarray(first * values, (first + batch) * values);
        logits.set(await this.#run(part, batch), first * classes);
      }
      this.#checkFinite(logits);
      return withShape(logits, [count, classes]);
    });
  }

  stages(
    pixels: Float32Array & { readonly shape?: readonly number[] },
  ): Promise<ReadonlyMap<Stage, ShapedFloats>> {
    return this.#calls.take(async () => {
      const batch = pictureCount(pixels, this.config.imageSize);
      const { gpu } = this.#scope;
      using scope = new Scope(gpu);
      const graph = new Graph(gpu, 'ResNet, all stages');
      const kept: { stage: Stage; tensor: DeviceTensor; count: number; shape: number[] }[] = [];
      const { pictures, logits } = this.#ends(scope, batch);
      addResNet(graph, this.#weights, pictures, logits, (stage, { tensor, height, width }) => {
        const [channels, columns] = tensor.shape;
        const keep = scope.tensor(stage, [channels, columns]);
        copy(graph, tensor, keep);
        const shape = [batch, height, width, channels];
        kept.push({ stage, tensor: keep, count: batch * height * width, shape });
      });
      write(gpu, pictures, pixels);
      using plan = await graph.plan();
      plan.run();
      const stages = new Map<Stage, ShapedFloats>();
      for (const { stage, tensor, count, shape } of kept) {
        stages.set(stage, withShape(await readColumns(gpu, tensor, count), shape));
      }
      return stages;
    });
  }

  dispose(): void {
    for (const pass of this.#passes.splice(0)) pass[Symbol.dispose]();
    this.#scope.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  /** @returns `[batch, classes]` */
  async #run(pixels: Float32Array, batch: number): Promise<Float32Array> {
    const { gpu } = this.#scope;
    const pass = await this.#passFor(batch);
    write(gpu, pass.pictures, pixels);
    pass.plan.run();
    return readColumns(gpu, pass.logits, batch);
  }

  async #passFor(batch: number): Promise<Pass> {
    const at = this.#passes.findIndex((pass) => pass.batch === batch);
    if (at >= 0) {
      const [pass] = this.#passes.splice(at, 1);
      this.#passes.push(pass);
      return pass;
    }
    while (this.#passes.length >= KEPT_PASSES) this.#passes.shift()?.[Symbol.dispose]();
    const { gpu } = this.#scope;
    const scope = new Scope(gpu);
    try {
      const graph = new Graph(gpu, `ResNet, ${batch} pictures`);
      const { pictures, logits } = this.#ends(scope, batch);
      addResNet(graph, this.#weights, pictures, logits);
      const plan = await graph.plan();
      const dispose = () => {
        plan.dispose();
        scope.dispose();
      };
      const pass = { batch, pictures, logits, plan, [Symbol.dispose]: dispose };
      this.#passes.push(pass);
      return pass;
    } catch (error) {
      scope.dispose();
      throw error;
    }
  }

  #ends(scope: Scope, batch: number): { pictures: DeviceTensor; logits: DeviceTensor } {
    const { classes, imageSize } = this.config;
    return {
      pictures: scope.tensor('pictures', [batch, imageSize, imageSize, 3]),
      logits: scope.tensor('logits', [classes, Math.ceil(batch / 4) * 4]),
    };
  }

  /** Weights can be finite and still overflow on the way; what comes out then means nothing. */
  #checkFinite(logits: Float32Array): void {
    const broken = logits.findIndex((value) => !Number.isFinite(value));
    if (broken < 0) return;
    const picture = Math.floor(broken / this.config.classes);
    throw new DeviceError(
      `logits: picture ${picture} has a logit that is not finite: its pixels are not, or the weights of this checkpoint overflow float32`,
    );
  }
}

function countWeights({ initial, groups, dense }: ResNetWeights): WeightCounts {
  const kernels = [
    initial,
    ...groups.flat().flatMap(({ projection, main }) => (projection ? [projection, ...main] : main)),
  ];
  return {
    nonzero: kernels.reduce((sum, { nnz }) => sum + nnz, dense.nnz),
    total: kernels.reduce(
      (sum, { rows, channels, window }) => sum + rows * channels * window.size ** 2,
      dense.rows * dense.cols,
    ),
    ...countFormats([...kernels.map((each) => (each.kind === 'pointwise' ? each.weight : each)), dense]),
  };
}

/** Values of one picture. @param size its side, in pixels */
export function pictureValues(size: number): number {
  return size * size * 3;
}

function pictureCount(pixels: Float32Array & { readonly shape?: readonly number[] }, size: number): number {
  // Bytes of a picture, or float64, would be read as if they were float32.
  if (!(pixels instanceof Float32Array)) {
    throw new UsageError(`pixels are ${valueText(pixels)}, expected a Float32Array`);
  }
  const { shape, length } = pixels;
  const values = pictureValues(size);
  const wanted = `[B, ${size}, ${size}, 3]`;
  const [batch, ...sides] = shape ?? [length / values, size, size, 3];
  const fits =
    sides.join() === [size, size, 3].join() &&
    Number.isInteger(batch) &&
    batch >= 1 &&
    batch * values === length;
  if (!fits) {
    const given = shape ? `[${shape.join(', ')}] with ${length} values` : `${length} values`;
    throw new UsageError(
      `pixels are ${given}; the network takes ${wanted}, ${values} values a picture and at least one picture`,
    );
  }
  return batch;
}

/** Pictures of one pass: more pixels save nothing on a software adapter, and a GPU has only so large buffers. */
function largestBatch(gpu: Gpu, initialChannels: number, size: number): number {
  const side = size / 2;
  const bytes = Math.max(initialChannels * side * side, pictureValues(size)) * 4;
  const { maxBufferSize, maxStorageBufferBindingSize } = gpu.limits;
  const fitting = Math.floor(Math.min(maxBufferSize, maxStorageBufferBindingSize) / bytes);
  const ofTheirSize = (EVALUATION_SIZE / size) ** 2;
  return Math.max(1, Math.min(fitting, Math.floor((gpu.deviceClass === 'cpu' ? 4 : 64) * ofTheirSize)));
}

/** The first `count` columns of a tensor, one after the other. */
async function readColumns(gpu: Gpu, tensor: DeviceTensor, count: number): Promise<Float32Array> {
  const [features, stride] = tensor.shape;
  return featuresLast(await readFloats(gpu, tensor), features, { runs: 1, length: count, stride });
}
