import type { JpegReader, ScanHeader } from './markers.ts';

/** Coefficients whose precision matters to block smoothing: DC and the first 9 others. */
export const SMOOTHED = 10;

/** How precisely each coefficient of a progressive picture is known. */
export class Progression {
  /** The last row of MCUs that the last scan had data for. */
  lastGoodRow = 0;
  /** By component and coefficient: bits still left out, −1 for a coefficient no scan had. */
  readonly #bits: Int8Array[];
  /** The same before the last scan of the component. */
  readonly #before: Int8Array[];
  #scans = 0;

  constructor(components: number) {
    this.#bits = Array.from({ length: components }, () => new Int8Array(64).fill(-1));
    this.#before = Array.from({ length: components }, () => new Int8Array(64).fill(-1));
  }

  /**
   * Takes a scan into account. Scans may leave out or repeat bits; that only makes a worse picture.
   * @throws {DataError} where no progressive picture can have such a scan.
   */
  startScan(reader: JpegReader, scan: ScanHeader): void {
    const { spectralStart, spectralEnd, approximationHigh, approximationLow, components } = scan;
    const isBand =
      spectralStart === 0
        ? spectralEnd === 0
        : spectralStart <= spectralEnd && spectralEnd < 64 && components.length === 1;
    const isRefinement = approximationHigh === 0 || approximationLow === approximationHigh - 1;
    if (!isBand || !isRefinement || approximationLow > 13) {
      reader.refuse(
        `a progressive scan of the coefficients ${spectralStart} to ${spectralEnd} of ` +
          `${components.length} components, from ${approximationHigh} bits left out to ${approximationLow}`,
        scan.start,
      );
    }
    this.#scans++;
    for (const { index } of components) {
      const [bits, before] = [this.#bits[index], this.#before[index]];
      for (let k = Math.min(spectralStart, 1); k <= Math.max(spectralEnd, SMOOTHED - 1); k++) {
        before[k] = this.#scans > 1 ? bits[k] : 0;
      }
      bits.fill(approximationLow, spectralStart, spectralEnd + 1);
    }
  }

  /** Whether the DC coefficients are there and some of the next are not known to the last bit. */
  get needsSmoothing(): boolean {
    return (
      this.#bits.every((bits) => bits[0] >= 0) &&
      this.#bits.some((bits) => bits.subarray(1, SMOOTHED).some((left) => left !== 0))
    );
  }

  /** Bits left out of the first SMOOTHED coefficients of a component, in a row of MCUs. */
  bitsLeftOut(component: number, mcuRow: number): Int8Array {
    if (mcuRow <= this.lastGoodRow) return this.#bits[component];
    return this.#scans > 1 ? this.#before[component] : UNKNOWN;
  }
}

const UNKNOWN = new Int8Array(SMOOTHED).fill(-1);
