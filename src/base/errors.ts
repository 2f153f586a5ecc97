/**
 * The errors this package throws on purpose, one class per kind of trouble. A message says what was wrong,
 * where, and what to do; `exitCode` is what the command line exits with.
 */
export class TsosError extends Error {
  /** Name of the class. Spelled out in each: minifiers rename what `constructor.name` gives. */
  override readonly name: string = 'TsosError';
  /** Exit code of the command line for this kind of error. */
  readonly exitCode: number = 1;
}

/** The caller asked for something that cannot be: a wrong flag, argument, shape or option. Exit code 2. */
export class UsageError extends TsosError {
  /** Name of the class. */
  override readonly name: string = 'UsageError';
  /** Exit code of the command line. */
  override readonly exitCode = 2;
}

/** A file that is damaged, incomplete or not what it was taken for. Exit code 3. */
export class DataError extends TsosError {
  /** Name of the class. */
  override readonly name: string = 'DataError';
  /** Exit code of the command line. */
  override readonly exitCode = 3;
  /** The file the trouble is in. */
  readonly file: string | undefined;
  /** Byte offset in that file, where one is known. */
  readonly offset: number | undefined;

  /** Puts file and offset in front of the reason. @param reason what is wrong and what to do */
  constructor(reason: string, where: { file?: string; offset?: number } = {}, options?: ErrorOptions) {
    const place = [where.file, where.offset === undefined ? undefined : `at byte ${where.offset}`].filter(
      (part) => part !== undefined,
    );
    super(place.length > 0 ? `${place.join(' ')}: ${reason}` : reason, options);
    this.file = where.file;
    this.offset = where.offset;
  }
}

/** No usable WebGPU adapter, or one too small for what was asked. Exit code 4. */
export class AdapterError extends TsosError {
  /** Name of the class. */
  override readonly name: string = 'AdapterError';
  /** Exit code of the command line. */
  override readonly exitCode = 4;
}

/** What to do where a device has no room for something. */
const SMALLER = 'use a smaller batch or model, or another adapter.';

/** A buffer, a grid or a loop is beyond what an adapter allows. Exit code 4. */
export class DeviceTooSmallError extends AdapterError {
  /** Name of the class. */
  override readonly name = 'DeviceTooSmallError';
  #shortfall: string | undefined;

  /** What is needed, and what the device has. */
  get shortfall(): string {
    return this.#shortfall ?? this.message;
  }

  /**
   * An error whose message is both.
   * @param shortfall what is needed, and what the device has
   * @param advice what to do
   */
  static of(shortfall: string, advice = SMALLER, options?: ErrorOptions): DeviceTooSmallError {
    const error = new DeviceTooSmallError(`${shortfall}: ${advice}`, options);
    error.#shortfall = shortfall;
    return error;
  }
}

/** The device failed while working: lost, out of memory, or a kernel that does not compile. Exit code 1. */
export class DeviceError extends TsosError {
  /** Name of the class. */
  override readonly name: string = 'DeviceError';
}

/** The device has no memory left for a buffer that its limits allow. Exit code 1. */
export class OutOfMemoryError extends DeviceError {
  /** Name of the class. */
  override readonly name = 'OutOfMemoryError';
  #shortfall: string | undefined;

  /** What there was no memory for. */
  get shortfall(): string {
    return this.#shortfall ?? this.message;
  }

  /**
   * An error that says so, and what to do.
   * @param shortfall what there was no memory for
   */
  static of(shortfall: string): OutOfMemoryError {
    const error = new OutOfMemoryError(`${shortfall}: ${SMALLER}`);
    error.#shortfall = shortfall;
    return error;
  }
}

/** A buffer, plan or model was used after it was disposed. */
export class DisposedError extends TsosError {
  /** Name of the class. */
  override readonly name: string = 'DisposedError';
}
