import {
  DeviceError,
  DeviceTooSmallError,
  DisposedError,
  OutOfMemoryError,
  TsosError,
  UsageError,
} from '../../base/errors.ts';
import { type AdapterDescription, adapterLine } from './adapter-description.ts';
import { BufferUsage, MAP_MODE_READ } from './buffer-usage.ts';
import type { DeviceFeatures } from './features.ts';
import type { KernelChooser } from './kernel-choice.ts';
import type { DeviceLimits } from './limits.ts';
import { resting } from './resting.ts';
import { currentRuntime } from './runtime.ts';
import { StagingBuffers } from './staging.ts';
import { withinTime } from './within-time.ts';

/** What `openGpu` found out about the device it opened. */
export interface GpuFacts {
  device: GPUDevice;
  adapter: AdapterDescription;
  limits: DeviceLimits;
  features: DeviceFeatures;
  /** Seconds after which waiting for the device is given up. */
  patience: number;
  tuning: KernelChooser;
}

/**
 * An open device. What goes wrong on it behind the caller's back (the device lost, an invalid command, memory run out) is
 * kept and thrown as a typed error by the next `read`, `settled` or `check`.
 */
export class Gpu {
  /** What computes. */
  readonly adapter: AdapterDescription;
  /** What it allows at most. */
  readonly limits: DeviceLimits;
  /** What it can do beyond what every device can. */
  readonly features: DeviceFeatures;
  /** Which kernels suit: `cpu` for software adapters, `gpu` for all others. */
  readonly deviceClass: 'cpu' | 'gpu';
  /** What is known of the speed of kernel variants on it. */
  readonly tuning: KernelChooser;
  readonly #device: GPUDevice;
  readonly #patience: number;
  readonly #rests: boolean;
  /** Waits that a lost device would never end. They are left out of `device.lost` itself, which would hold their results. */
  readonly #waiting = new Set<() => void>();
  /** Memory checks of created buffers whose answers are not in yet. */
  readonly #openScopes = new Set<Promise<void>>();
  readonly #staging = new StagingBuffers((bytes) =>
    this.createBuffer('read back', bytes, BufferUsage.MAP_READ | BufferUsage.COPY_DST),
  );
  #pending: TsosError | undefined;
  #lost = false;
  #disposed = false;

  /** @internal `openGpu` makes these. */
  constructor({ device, adapter, limits, features, patience, tuning }: GpuFacts) {
    this.#device = device;
    this.adapter = adapter;
    this.limits = limits;
    this.features = features;
    this.deviceClass = adapter.software ? 'cpu' : 'gpu';
    this.#patience = patience;
    // Both run on Dawn; Deno looks for finished work every 10 ms.
    this.#rests = adapter.software && ['node', 'bun'].includes(currentRuntime().kind);
    this.tuning = tuning;
    void device.lost.then(({ reason, message }) => {
      this.#lost = true;
      // A lost device explains all errors before and after it.
      if (!this.#disposed) this.#pending = lostError(adapter, reason, message);
      for (const wake of this.#waiting) wake();
    });
    // Set as the handler, not added as a listener: bun-webgpu prints errors that have no handler.
    device.onuncapturederror = (event) => {
      // Kept from browsers' consoles; the caller will hear of it.
      event.preventDefault?.();
      this.#keep(uncapturedError(event.error));
    };
  }

  /** WebGPU's own. @throws {DisposedError} after `dispose`. */
  get device(): GPUDevice {
    if (this.#disposed) {
      throw new DisposedError(`The GPU device on ${this.describe()} was used after it was disposed.`);
    }
    return this.#device;
  }

  /** True once the device no longer computes, disposed or lost. */
  get lost(): boolean {
    return this.#lost || this.#disposed;
  }

  /** Adapter, library and runtime in one line. */
  describe(): string {
    return adapterLine(this.adapter);
  }

  /**
   * Throws what went wrong since the last look. Errors arrive late: after `settled` or `read`, not right after the call
   * that caused them. A lost device throws every time, other errors once.
   *
   * @throws DeviceError device lost, invalid command or kernel, out of memory.
   * @throws DisposedError after `dispose`.
   */
  check(): void {
    void this.device;
    const error = this.#pending;
    if (error === undefined) return;
    if (!this.#lost) this.#pending = undefined;
    throw error;
  }

  /**
   * A buffer of at least `size` bytes (rounded up to a multiple of four), zeroed. That the device had no memory for it
   * shows at the next `settled` or `read`.
   *
   * @param label names the buffer in errors.
   * @param usage bits of `BufferUsage`.
   * @throws DeviceTooSmallError when the adapter's limits do not allow a buffer of that size.
   * @throws DeviceError when the device is known to be lost.
   * @throws DisposedError after `dispose`.
   */
  createBuffer(label: string, size: number, usage: number): GPUBuffer {
    const device = this.device;
    if (this.#lost) this.check();
    this.#assertFits(label, size, usage);
    device.pushErrorScope('out-of-memory');
    const buffer = device.createBuffer({ label, size: Math.ceil(size / 4) * 4, usage });
    const answer = device.popErrorScope().then(
      (error) => {
        if (error) this.#keep(outOfMemoryError(label, size, this.describe(), error.message));
      },
      // A scope is refused only when the device is gone, which is reported on its own.
      () => {},
    );
    this.#openScopes.add(answer);
    void answer.finally(() => this.#openScopes.delete(answer));
    return buffer;
  }

  /**
   * Copies bytes of a buffer (made with `COPY_SRC`) back to the host, after all work submitted so far.
   *
   * @param byteOffset a multiple of four.
   * @param byteLength defaults to the rest of the buffer.
   * @throws DeviceError the device failed at this or earlier work, or did not answer in time.
   * @throws UsageError the range does not lie in the buffer.
   * @throws DisposedError after `dispose`.
   */
  async read(buffer: GPUBuffer, byteOffset = 0, byteLength?: number): Promise<ArrayBuffer> {
    const device = this.device;
    const bytes = byteLength ?? buffer.size - byteOffset;
    assertRange(buffer, byteOffset, bytes);
    if (bytes === 0) return new ArrayBuffer(0);
    const name = buffer.label || 'a buffer';
    return this.#attempt(`reading ${name}`, async () => {
      const copied = Math.ceil(bytes / 4) * 4;
      const staging = this.#staging.take(copied);
      try {
        const encoder = device.createCommandEncoder({ label: `read back ${name}` });
        encoder.copyBufferToBuffer(buffer, byteOffset, staging, 0, copied);
        device.queue.submit([encoder.finish()]);
        await staging.mapAsync(MAP_MODE_READ);
        // The mapped range dies when the buffer is unmapped, so the bytes are copied out first.
        const answer = staging.getMappedRange().slice(0, bytes);
        staging.unmap();
        this.#staging.put(staging);
        return answer;
      } catch (error) {
        staging.destroy();
        throw error;
      }
    });
  }

  /**
   * Waits until everything submitted is done and every error of it is known.
   *
   * @throws DeviceError what went wrong, see `check`.
   * @throws DisposedError after `dispose`.
   */
  async settled(): Promise<void> {
    const device = this.device;
    await this.#attempt('waiting for submitted work', () => {
      // Uploads are staged in memory of the host, which is kept until something is submitted behind them: an empty list would do
      // but for bun-webgpu, which passes none on.
      device.queue.submit([device.createCommandEncoder({ label: 'behind uploads' }).finish()]);
      return device.queue.onSubmittedWorkDone();
    });
  }

  /** Destroys the device and all its buffers at once, finished or not. May be called again. */
  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    this.#device.destroy();
  }

  /** Waits until the device is idle, then disposes. Never throws: what was computed has been read by now, or never will be. */
  async close(): Promise<void> {
    if (this.#disposed) return;
    await this.settled().catch(() => {});
    this.dispose();
  }

  /** As `dispose`, at the end of a `using` block. */
  [Symbol.dispose](): void {
    this.dispose();
  }

  /** As `close`, at the end of an `await using` block. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** The first error is the cause of those that follow it. */
  #keep(error: TsosError): void {
    this.#pending ??= error;
  }

  #assertFits(label: string, size: number, usage: number): void {
    if (!Number.isSafeInteger(size) || size <= 0) {
      throw new UsageError(`Buffer ${label}: ${size} bytes; a buffer has a whole number of bytes above 0.`);
    }
    const { maxBufferSize, maxStorageBufferBindingSize } = this.limits;
    const isStorage = (usage & BufferUsage.STORAGE) !== 0;
    const limit = isStorage ? Math.min(maxBufferSize, maxStorageBufferBindingSize) : maxBufferSize;
    if (size > limit) {
      throw DeviceTooSmallError.of(
        `Buffer ${label} needs ${size} bytes, but ${this.describe()} allows ${limit} bytes per ` +
          `${isStorage ? 'storage buffer' : 'buffer'}`,
      );
    }
  }

  /** Does something that waits for the device, and turns its failure, loss or silence into a typed error. */
  async #attempt<T>(doing: string, work: () => Promise<T>): Promise<T> {
    let result: T;
    try {
      const waiting = this.#untilLost(work());
      const inTime = withinTime(waiting, this.#patience, () => this.#giveUp(doing));
      result = (await (this.#rests ? resting(inTime) : inTime)) as T;
    } catch (error) {
      if (error instanceof TsosError) throw error;
      // The reason for a refusal is told by an event that arrives after it.
      await this.#untilLost(afterSeconds(LATE_NEWS_SECONDS));
      await this.#deliverErrors();
      throw new DeviceError(`${this.describe()} failed ${doing}: ${(error as Error).message}`, {
        cause: error,
      });
    }
    await this.#deliverErrors();
    return result;
  }

  /** What the work gives, or nothing once the device is lost. */
  #untilLost<T>(work: Promise<T>): Promise<T | undefined> {
    if (this.#lost) return Promise.resolve(undefined);
    return new Promise((resolve, reject) => {
      const wake = () => resolve(undefined);
      this.#waiting.add(wake);
      work.then(resolve, reject).finally(() => this.#waiting.delete(wake));
    });
  }

  #giveUp(doing: string): never {
    throw new DeviceError(
      `${this.describe()} did not answer within ${this.#patience} s (${doing}): it hangs, or the work is too long for ` +
        'it; use a smaller batch, or give openGpu a larger "patience".',
    );
  }

  /** Lets errors that are on their way arrive, and throws the first. */
  async #deliverErrors(): Promise<void> {
    await Promise.all(this.#openScopes);
    await nextTurn();
    this.check();
  }
}

function lostError(adapter: AdapterDescription, reason: string | undefined, message: string): DeviceError {
  return new DeviceError(
    `The GPU device on ${adapterLine(adapter)} was lost (${reason ?? 'unknown reason'}): ${message || 'no details'}; ` +
      'open it again and load the model anew.',
  );
}

function uncapturedError(error: GPUError): DeviceError {
  // Told by name: not every runtime sets the classes as globals.
  const kind = error.constructor.name === 'GPUOutOfMemoryError' ? 'ran out of memory' : 'refused a command';
  return new DeviceError(`The GPU device ${kind}: ${error.message}`);
}

function outOfMemoryError(label: string, size: number, adapter: string, message: string): OutOfMemoryError {
  return OutOfMemoryError.of(`Out of memory on ${adapter} for buffer ${label} of ${size} bytes (${message})`);
}

function assertRange(buffer: GPUBuffer, byteOffset: number, byteLength: number): void {
  const whole = Number.isSafeInteger(byteOffset) && Number.isSafeInteger(byteLength);
  if (
    !whole ||
    byteOffset % 4 !== 0 ||
    byteOffset < 0 ||
    byteLength < 0 ||
    byteOffset + byteLength > buffer.size
  ) {
    throw new UsageError(
      `Reading ${buffer.label || 'a buffer'} of ${buffer.size} bytes: the range of ${byteLength} bytes at ` +
        `${byteOffset} must lie in it and start at a multiple of 4.`,
    );
  }
}

/** How long the news that the device is lost may come behind the first failure. */
const LATE_NEWS_SECONDS = 0.05;

function afterSeconds(seconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, seconds * 1000));
}

/** A macrotask later, when events that were queued meanwhile have been heard. */
function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    if (typeof setImmediate === 'function') setImmediate(resolve);
    else setTimeout(resolve, 0);
  });
}
