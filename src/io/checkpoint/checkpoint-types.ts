/** Element types a TensorFlow checkpoint can hold, by TensorFlow's own names. */
export type DType =
  | 'float32'
  | 'float64'
  | 'int32'
  | 'uint8'
  | 'int16'
  | 'int8'
  | 'string'
  | 'complex64'
  | 'int64'
  | 'bool'
  | 'qint8'
  | 'quint8'
  | 'qint32'
  | 'bfloat16'
  | 'qint16'
  | 'quint16'
  | 'uint16'
  | 'complex128'
  | 'half'
  | 'variant'
  | 'uint32'
  | 'uint64'
  | 'float8_e5m2'
  | 'float8_e4m3fn'
  | 'int4'
  | 'uint4';

/**
 * Values of a tensor in row-major order. half and bfloat16 keep their 16-bit patterns (Uint16Array), 8-bit floats and
 * bool one byte an element, complex numbers are pairs (real, imaginary), strings and variants are byte strings.
 */
export type TensorData =
  | Float32Array
  | Float64Array
  | Int32Array
  | Uint32Array
  | Int16Array
  | Uint16Array
  | Int8Array
  | Uint8Array
  | BigInt64Array
  | BigUint64Array
  | Uint8Array[];

/** What a checkpoint says of one tensor without reading its values. */
export interface TensorInfo {
  /** Name of the variable. */
  readonly name: string;
  /** Type of the elements. */
  readonly dtype: DType;
  /** Extents; none for a scalar. */
  readonly shape: readonly number[];
  /**
   * Bytes of the values as stored (all parts together for a partitioned variable). A V1 checkpoint does not say it for
   * strings: 0 there.
   */
  readonly byteLength: number;
}

/** A tensor with its values. */
export interface Tensor {
  /** Type of the elements. */
  readonly dtype: DType;
  /** Extents; none for a scalar. */
  readonly shape: readonly number[];
  /** As many elements as the shape says. */
  readonly data: TensorData;
}

/** Consecutive elements of a tensor, in row-major order. */
export interface TensorChunk {
  /** Index of the first element. */
  readonly start: number;
  /** Values of a numeric tensor; valid until the next chunk is asked for. */
  readonly data: Exclude<TensorData, Uint8Array[]>;
}

/** A file that was read. */
export interface FileContent {
  /** What errors call it. */
  readonly file: string;
  /** All of it. */
  readonly bytes: Uint8Array;
}

/** An open checkpoint: a directory of named tensors, each read when asked for. `await using` closes it. */
export interface Checkpoint extends AsyncDisposable {
  /** What was opened, as the user gave it. */
  readonly path: string;
  /** What a format that has room for it says of the checkpoint: safetensors; see `writeSafetensors`. */
  readonly metadata?: Readonly<Record<string, string>> | undefined;
  /**
   * Names of all tensors, sorted by their bytes. Parts of partitioned variables are not listed. A byte that is not UTF-8
   * stands in a name as the lone surrogate U+DC00 plus the byte.
   */
  names(): string[];
  /**
   * @throws {DataError} when there is no tensor of that name (the message suggests close ones), or when it is of a type
   *   that TensorFlow may store but that has no values here.
   */
  /** What the index says of one tensor. */
  info(name: string): TensorInfo;
  /**
   * Reads and verifies one tensor.
   * @throws {DataError} when its shard is missing or damaged, when it holds variants, or when it has more than 4 GiB.
   */
  read(name: string): Promise<Tensor>;
  /**
   * Reads one numeric tensor in pieces of at most `maxElements` (default 1 Mi) consecutive elements, so that a large one is
   * never whole in memory. The checksum is verified after the last piece: a mismatch throws there.
   */
  chunks(name: string, maxElements?: number): AsyncIterable<TensorChunk>;
  /**
   * A small file that lies beside the checkpoint, in its folder, the one above, or its archive, such as `hparams.json`;
   * undefined where there is none. A checkpoint that is not of files need not have it.
   */
  readBeside?(name: string): Promise<FileContent | undefined>;
  /**
   * Reads one tensor, of any type, and compares its checksums.
   * @returns false where it has none.
   * @throws {DataError} when it is damaged or its shard is missing.
   */
  verify(name: string): Promise<boolean>;
  /** Closes all files and removes what was unpacked. Afterwards every other call throws a DisposedError. */
  close(): Promise<void>;
}
