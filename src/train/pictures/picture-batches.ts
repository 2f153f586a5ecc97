import { DataError, UsageError } from '../../base/errors.ts';
import { derivedKey, type RandomKey } from '../../base/random.ts';
import { type Decoder, openDecoder } from '../../io/pictures/decoder.ts';
import type { OpenedPictures } from '../../io/pictures/open-pictures.ts';
import type { PictureIndex } from '../../io/pictures/picture-source.ts';
import { EpochOrder, orderKey } from '../data/permutation.ts';
import type { BatchPart } from '../loop/trainee.ts';

/** Pictures that the device works on at once. */
export interface PicturePart extends BatchPart {
  /** `[B, size, size, 3]` */
  readonly pixels: Float32Array;
  /** `[B]` */
  readonly labels: Uint32Array;
  /** Side of the pictures, in pixels. */
  readonly size: number;
}

export interface PictureBatchesOptions {
  /** Pictures of a batch. */
  readonly pictures: number;
  /** In how many parts a batch is worked on; they have as many pictures each. */
  readonly parts: number;
  /** Side of the pictures, in pixels. */
  readonly size: number;
  /** Labels are below this. */
  readonly classes: number;
  /** Least share of a picture that is seen, and share of the pictures that are mirrored; see `PictureView`. */
  readonly leastArea?: number | undefined;
  readonly mirrored?: number | undefined;
  /** Decides on the order, the crops and which pictures are mirrored. */
  readonly seed: number;
  /** Threads that decode; 0 for the calling one. Default as of `readPictures`. */
  readonly workers?: number | undefined;
  /** Told where threads cannot be started. */
  readonly onWorkersUnavailable?: ((cause: Error) => void) | undefined;
}

/**
 * The batches of a training on pictures, found by the number of the step: every epoch has another order of all pictures, and other
 * crops. What is left of an epoch when no batch can be filled is left out, other pictures each time. Neither order nor crops depend
 * on the threads.
 */
export class PictureBatches {
  /** Batches of an epoch. */
  readonly perEpoch: number;
  readonly #index: PictureIndex;
  readonly #options: PictureBatchesOptions;
  readonly #decoder: Decoder;
  readonly #key: RandomKey;
  readonly #order: EpochOrder;

  private constructor(index: PictureIndex, decoder: Decoder, options: PictureBatchesOptions) {
    this.#index = index;
    this.#decoder = decoder;
    this.#options = options;
    this.#key = orderKey(options.seed);
    this.#order = new EpochOrder(index.count);
    this.perEpoch = Math.floor(index.count / options.pictures);
  }

  /**
   * Finds where the pictures are, and starts the threads.
   * @throws {UsageError} where they do not fill a batch, or are packed.
   */
  static async open(source: OpenedPictures, options: PictureBatchesOptions): Promise<PictureBatches> {
    const index = await source.index();
    if (index.count < options.pictures) {
      throw new UsageError(
        `${index.count} pictures do not fill a batch of ${options.pictures}; make batches smaller or give more pictures`,
      );
    }
    const { workers = source.threads?.count() ?? 0, onWorkersUnavailable = () => {} } = options;
    const start = source.threads?.start;
    const decoder = await openDecoder(start ? workers : 0, onWorkersUnavailable, () => start!());
    return new PictureBatches(index, decoder, options);
  }

  get pictures(): number {
    return this.#index.count;
  }

  /**
   * The batch of a step.
   * @throws {DataError} naming the picture, where one is damaged or its label is of no class.
   */
  async at(step: number): Promise<readonly PicturePart[]> {
    const { pictures, parts, size } = this.#options;
    const epoch = Math.floor(step / this.perEpoch);
    const first = (step % this.perEpoch) * pictures;
    const key = derivedKey(this.#key, epoch);
    const numbers = this.#order.of(epoch, derivedKey(key, 0)).subarray(first, first + pictures);
    const loaded = await Promise.all(
      Array.from(numbers, (number) => this.#load(number, derivedKey(key, number + 1))),
    );
    const each = pictures / parts;
    return Array.from({ length: parts }, (_, number) => {
      const part = this.#blackPart(parts);
      loaded.slice(number * each, (number + 1) * each).forEach(({ pixels, label }, i) => {
        part.pixels.set(pixels, i * size * size * 3);
        part.labels[i] = label;
      });
      return part;
    });
  }

  /** A part of black pictures; all parts are of one shape. @param parts in how many a batch is worked on */
  largestParts(parts: number): readonly PicturePart[] {
    return [this.#blackPart(parts)];
  }

  async close(): Promise<void> {
    await this.#decoder.close();
  }

  #blackPart(parts: number): PicturePart {
    const { pictures, size } = this.#options;
    const each = pictures / parts;
    return {
      shape: `${each} × ${size} × ${size}`,
      share: 1 / parts,
      pixels: new Float32Array(each * size * size * 3),
      labels: new Uint32Array(each),
      size,
    };
  }

  async #load(number: number, key: RandomKey): Promise<{ pixels: Float32Array; label: number }> {
    const { size, classes, leastArea, mirrored } = this.#options;
    const entry = this.#index.entry(number);
    const { label, jpeg } = await entry.load();
    if (label === undefined || label < 0 || label >= classes) {
      throw new DataError(
        `its label is ${label ?? 'missing'}, the network has classes 0 to ${classes - 1}; give the --num-classes of the data`,
        { file: `${entry.file}, picture ${entry.record}` },
      );
    }
    const prepared = await this.#decoder.prepare(jpeg, { key, size, leastArea, mirrored });
    if ('pixels' in prepared) return { pixels: prepared.pixels, label };
    throw entry.error(prepared.reason);
  }
}
