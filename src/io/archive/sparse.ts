import { DataError } from '../../base/errors.ts';

/** A file with holes, of which an archive stores only what is between them, one stretch after the other. */
export interface SparseMap {
  /** Bytes of the file, holes and all. */
  readonly size: number;
  /** By rising place, without overlaps. */
  readonly stretches: readonly Stretch[];
}

/** Consecutive bytes of a file that are stored. */
export interface Stretch {
  readonly at: number;
  readonly length: number;
}

/** More bytes than any file system of today allows a file. */
const MAX_FILE_BYTES = 2 ** 43;

/** A map as read, with what the archive says of the file. Errors are DataErrors without a file. */
export function sparseMap(size: number, numbers: readonly number[], storedBytes: number): SparseMap {
  if (numbers.length % 2 !== 0) throw new DataError('its sparse map has a place without a length');
  if (!(size <= MAX_FILE_BYTES)) throw new DataError(`its size without holes, ${size}, is that of no file`);
  const stretches: Stretch[] = [];
  let end = 0;
  let stored = 0;
  for (let i = 0; i < numbers.length; i += 2) {
    const [at, length] = [numbers[i], numbers[i + 1]];
    if (!Number.isSafeInteger(at) || !Number.isSafeInteger(length) || at < end || at + length > size) {
      throw new DataError(`its sparse map has ${length} bytes at ${at}, which is no place in ${size} bytes`);
    }
    end = at + length;
    stored += length;
    if (length > 0) stretches.push({ at, length });
  }
  if (stored !== storedBytes) {
    throw new DataError(`its sparse map is of ${stored} stored bytes, the archive has ${storedBytes}`);
  }
  return { size, stretches };
}

/** Places and lengths of a pax 0.x map: decimal numbers with commas between. */
export function mapOfRecord(text: string): number[] {
  return text === '' ? [] : text.split(',').map(decimal);
}

/** A whole decimal number, or NaN. */
export function decimal(text: string): number {
  return /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
}

/** Collects the map that stands before the data of a pax 1.0 member: a count, then places and lengths, a line each. */
export class MapLines {
  readonly numbers: number[] = [];
  #count: number | undefined;
  #line = '';

  /** Takes the next bytes; whether the map is whole, what follows being filler. */
  add(bytes: Uint8Array): boolean {
    for (const byte of bytes) {
      if (byte !== 0x0a) {
        this.#line += String.fromCharCode(byte);
        if (this.#line.length > MAX_DIGITS) throw new DataError('its sparse map is damaged');
        continue;
      }
      const number = decimal(this.#line);
      this.#line = '';
      if (Number.isNaN(number)) throw new DataError('its sparse map is damaged');
      if (this.#count === undefined) this.#count = number;
      else this.numbers.push(number);
      if (this.numbers.length === 2 * this.#count) return true;
    }
    return false;
  }
}

const MAX_DIGITS = 16;
