import { valueText } from '../../base/check-arguments.ts';
import { DisposedError, UsageError } from '../../base/errors.ts';
import { BufferUsage } from './buffer-usage.ts';
import type { Gpu } from './gpu.ts';

/** Numbers that may be uploaded; never views of shared memory, which some drivers cannot read. */
export type HostData = Float32Array | Uint32Array | Uint16Array;

/** Elements of a tensor. */
export function elements({ shape }: { readonly shape: readonly number[] }): number {
  return shape.reduce((product, extent) => product * extent, 1);
}

/** A buffer on the device with a name and a shape, row-major, four bytes an element. Owned by a `Scope`. */
export class DeviceTensor {
  /** Stands for it in errors. */
  readonly name: string;
  /** Extents, outermost first. */
  readonly shape: readonly number[];
  readonly #buffer: GPUBuffer;
  #disposed = false;

  /** @internal `Scope` makes these. */
  constructor(name: string, shape: readonly number[], buffer: GPUBuffer) {
    this.name = name;
    this.shape = shape;
    this.#buffer = buffer;
  }

  /** WebGPU's own. @throws {DisposedError} after the owner was disposed. */
  get buffer(): GPUBuffer {
    if (this.#disposed) {
      throw new DisposedError(
        `${this.name} [${this.shape.join(', ')}] was used after its owner was disposed.`,
      );
    }
    return this.#buffer;
  }

  /** Bytes on the device. */
  get byteLength(): number {
    return this.#buffer.size;
  }

  /** @internal */
  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    this.#buffer.destroy();
  }
}

/** Owns device tensors: disposing the scope frees all of them. A model owns its weights through one, a plan its arena. */
export class Scope implements Disposable {
  /** The device the tensors are on. */
  readonly gpu: Gpu;
  readonly #tensors: DeviceTensor[] = [];
  #disposed = false;

  /** A scope without tensors, which will be allocated on the device. */
  constructor(gpu: Gpu) {
    this.gpu = gpu;
  }

  /** Bytes of everything the scope owns. */
  get byteLength(): number {
    return this.#tensors.reduce((sum, tensor) => sum + tensor.byteLength, 0);
  }

  /** A zeroed tensor of 32-bit elements. */
  tensor(name: string, shape: readonly number[]): DeviceTensor {
    return this.#own(name, shape, 4 * elements({ shape }));
  }

  /**
   * A tensor with values; 16-bit ones are packed two a word, and so are half as many words to be read.
   * @throws {UsageError} where the values are not as many as the shape says, or of another kind.
   */
  upload(name: string, shape: readonly number[], data: HostData): DeviceTensor {
    checkHostData(name, data);
    if (data.length !== elements({ shape })) {
      throw new UsageError(
        `${name} [${shape.join(', ')}]: ${data.length} values, expected ${elements({ shape })}`,
      );
    }
    const tensor = this.#own(name, shape, data.byteLength);
    write(this.gpu, tensor, data);
    return tensor;
  }

  /** Frees all of them; may be called again. */
  dispose(): void {
    this.#disposed = true;
    for (const tensor of this.#tensors.splice(0)) tensor.dispose();
  }

  /** As `dispose`, at the end of a `using` block. */
  [Symbol.dispose](): void {
    this.dispose();
  }

  #own(name: string, shape: readonly number[], bytes: number): DeviceTensor {
    if (this.#disposed) throw new DisposedError(`${name} was asked for after its owner was disposed.`);
    const usage = BufferUsage.STORAGE | BufferUsage.UNIFORM | BufferUsage.COPY_DST | BufferUsage.COPY_SRC;
    // Kernels bind vec4: never less than one.
    const size = Math.max(16, Math.ceil(bytes / 16) * 16);
    const tensor = new DeviceTensor(name, shape, this.gpu.createBuffer(name, size, usage));
    this.#tensors.push(tensor);
    return tensor;
  }
}

/** What `make` allocates in a scope of its own; where it fails, nothing stays allocated. */
export function inScope<T>(gpu: Gpu, make: (scope: Scope) => T): T {
  const scope = new Scope(gpu);
  try {
    return make(scope);
  } catch (error) {
    scope.dispose();
    throw error;
  }
}

/** Bytes a single upload may have, so that no driver stages a whole matrix at once. */
const UPLOAD_BYTES = 1 << 24;

/**
 * Overwrites a tensor from its beginning; what is behind the values stays.
 * @throws {UsageError} where they are more than it has room for, or of another kind.
 */
export function write(gpu: Gpu, tensor: DeviceTensor, data: HostData): void {
  checkHostData(tensor.name, data);
  if (data.byteLength > tensor.byteLength) {
    throw new UsageError(`${tensor.name}: ${data.byteLength} bytes for a tensor of ${tensor.byteLength}`);
  }
  const even = data.byteLength % 4 === 0 ? data : padded(data);
  const bytes = new Uint8Array(even.buffer as ArrayBuffer, even.byteOffset, even.byteLength);
  for (let at = 0; at < bytes.length; at += UPLOAD_BYTES) {
    gpu.device.queue.writeBuffer(tensor.buffer, at, bytes.subarray(at, at + UPLOAD_BYTES));
  }
}

/** Whatever else has bytes would be taken for numbers of 32 bits. */
function checkHostData(name: string, data: HostData): void {
  if (data instanceof Float32Array || data instanceof Uint32Array || data instanceof Uint16Array) return;
  throw new UsageError(
    `${name}: values ${valueText(data)}, expected a Float32Array, Uint32Array or Uint16Array`,
  );
}

/** Uploads come in words of four bytes. */
function padded(data: HostData): Uint8Array {
  const bytes = new Uint8Array(Math.ceil(data.byteLength / 4) * 4);
  bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  return bytes;
}

/** Reads a tensor of floats back, in row-major order. @param count of them from the beginning; as many as the shape has unless given */
export async function readFloats(
  gpu: Gpu,
  tensor: DeviceTensor,
  count: number = elements(tensor),
): Promise<Float32Array> {
  return new Float32Array(await gpu.read(tensor.buffer, 0, 4 * count));
}

/** Reads a tensor of unsigned integers back, in row-major order. @param count as of `readFloats` */
export async function readWords(
  gpu: Gpu,
  tensor: DeviceTensor,
  count: number = elements(tensor),
): Promise<Uint32Array> {
  return new Uint32Array(await gpu.read(tensor.buffer, 0, 4 * count));
}

/** Copies a tensor into the beginning of another. */
export function copyTensor(gpu: Gpu, from: DeviceTensor, to: DeviceTensor): void {
  const encoder = gpu.device.createCommandEncoder({ label: `copy ${from.name}` });
  encoder.copyBufferToBuffer(from.buffer, 0, to.buffer, 0, Math.min(from.byteLength, to.byteLength));
  gpu.device.queue.submit([encoder.finish()]);
}
