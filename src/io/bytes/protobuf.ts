import { DataError } from '../../base/errors.ts';
import { ByteBuilder } from './byte-builder.ts';
import { ByteCursor } from './byte-cursor.ts';

const VARINT = 0;
const FIXED64 = 1;
const DELIMITED = 2;
const FIXED32 = 5;

/**
 * Walks the fields of one protobuf message: `while (reader.next()) switch (reader.field) ...`. A field that no
 * getter is called for is skipped. Errors are DataErrors without a file; callers place them.
 */
export class ProtoReader {
  /** Number of the field `next` stopped at. */
  field = 0;
  #wire = VARINT;
  #pending = false;
  readonly #cursor: ByteCursor;

  constructor(bytes: Uint8Array) {
    this.#cursor = new ByteCursor(bytes);
  }

  next(): boolean {
    if (this.#pending) this.#skip();
    if (this.#cursor.atEnd) return false;
    const key = this.#cursor.uint();
    this.field = Math.floor(key / 8);
    this.#wire = key % 8;
    this.#pending = true;
    if (this.field === 0) throw new DataError('not a protobuf message: it has a field number 0');
    return true;
  }

  /** int32, int64 or enum as a number; refused beyond ±2^53. */
  int(): number {
    return this.#expect(VARINT).int();
  }

  bool(): boolean {
    return this.#expect(VARINT).int32() !== 0;
  }

  fixed32(): number {
    return this.#expect(FIXED32).fixed32();
  }

  /** A string, bytes or embedded message, as a view. */
  bytes(): Uint8Array {
    const cursor = this.#expect(DELIMITED);
    return cursor.take(cursor.uint());
  }

  /** A repeated varint field, packed or not: calls `each` with a cursor that stands before every value. */
  varints(each: (cursor: ByteCursor) => void): void {
    if (this.#wire === VARINT) {
      each(this.#expect(VARINT));
      return;
    }
    const packed = new ByteCursor(this.bytes());
    while (!packed.atEnd) each(packed);
  }

  /** The bytes of a repeated fixed-width field (`width` 4 or 8), packed or not. */
  fixeds(width: 4 | 8): Uint8Array {
    const wire = width === 4 ? FIXED32 : FIXED64;
    if (this.#wire === wire) return this.#expect(wire).take(width);
    const packed = this.bytes();
    if (packed.length % width !== 0) {
      throw new DataError(`${packed.length} bytes of packed values are not a multiple of ${width}`);
    }
    return packed;
  }

  #expect(wire: number): ByteCursor {
    if (this.#wire !== wire) {
      throw new DataError(`protobuf field ${this.field} has wire type ${this.#wire} instead of ${wire}`);
    }
    this.#pending = false;
    return this.#cursor;
  }

  #skip(): void {
    const cursor = this.#cursor;
    this.#pending = false;
    if (this.#wire === VARINT) cursor.uint64();
    else if (this.#wire === FIXED64) cursor.skip(8);
    else if (this.#wire === DELIMITED) cursor.skip(cursor.uint());
    else if (this.#wire === FIXED32) cursor.skip(4);
    else
      throw new DataError(`protobuf field ${this.field} has wire type ${this.#wire}, which is not readable`);
  }
}

/** Builds one protobuf message; fields with the default value are left out by the caller. */
export class ProtoWriter {
  readonly #out = new ByteBuilder();

  int(field: number, value: number | bigint): this {
    this.#key(field, VARINT).varint(value);
    return this;
  }

  fixed32(field: number, value: number): this {
    this.#key(field, FIXED32).fixed32(value);
    return this;
  }

  float(field: number, value: number): this {
    return this.fixed32(field, new Uint32Array(Float32Array.of(value).buffer)[0]);
  }

  double(field: number, value: number): this {
    const [low, high] = new Uint32Array(Float64Array.of(value).buffer);
    this.#key(field, FIXED64).fixed32(low).fixed32(high);
    return this;
  }

  bytes(field: number, value: Uint8Array): this {
    this.#key(field, DELIMITED).varint(value.length).bytes(value);
    return this;
  }

  finish(): Uint8Array {
    return this.#out.finish();
  }

  #key(field: number, wire: number): ByteBuilder {
    return this.#out.varint(field * 8 + wire);
  }
}
