import process from 'node:process';
import type { Gpu } from '../../src/graph/open-gpu.ts';
import { Control } from '../../src/wgsl/search-control.ts';
import { inGuise } from '../../test/support/device-class.ts';

/** What passed between the host and its device. */
export interface HostCounts {
  /** Plans built. */
  plans: number;
  buffers: number;
  bindGroups: number;
  dispatches: number;
  submissions: number;
  readbacks: number;
  readBytes: number;
  /** Decoding steps that were submitted. */
  steps: number;
  /** Of those, behind the last that counts. */
  idleSteps: number;
  /** Times the host waited to hear how far a search is, with nothing for the device to do meanwhile, and it was not over. */
  waits: number;
}

/** How a search goes, as its host is told. */
interface Script {
  /** Steps after which each sentence is decided. */
  readonly lengths: readonly number[];
  readonly steps: number;
}

/**
 * Makes a device compute nothing and counts what it is asked for: kernels are empty, and searches are told that they go as
 * `follow` says. What then takes time is the host. For the rest of the process.
 */
export class IdleDevice {
  /** The device in the guise of a GPU, whatever it is. */
  readonly gpu: Gpu;
  #counts = nothing();
  #script: Script = { lengths: [], steps: 0 };
  #stepsBefore = 0;
  #passes = 0;
  #stepDispatches: number | undefined;

  constructor(gpu: Gpu) {
    this.#watch(gpu.device);
    const read: Gpu['read'] = async (buffer, offset, bytes) => {
      const [steps, passes] = [this.#steps, this.#passes];
      const answer = await gpu.read(buffer, offset, bytes);
      this.#counts.readbacks++;
      this.#counts.readBytes += answer.byteLength;
      return buffer.label === 'search control' ? this.#told(answer, steps, passes) : answer;
    };
    const adapter = { ...gpu.adapter, software: false };
    this.gpu = inGuise(gpu, { adapter, deviceClass: 'gpu', read });
  }

  get counts(): HostCounts {
    return { ...this.#counts };
  }

  /** Counts from nothing again. */
  restart(): void {
    this.#counts = nothing();
  }

  /** Lets a search be told how it goes. */
  async follow<T>(script: Script, search: () => Promise<T>): Promise<T> {
    this.#script = script;
    this.#stepsBefore = this.#counts.steps;
    const found = await search();
    this.#counts.idleSteps += this.#steps - script.steps;
    return found;
  }

  /** Submitted for this search. */
  get #steps(): number {
    return this.#counts.steps - this.#stepsBefore;
  }

  /** The control words of a search that had so many steps and the device so many passes submitted when they were asked for. */
  #told(answer: ArrayBuffer, stepsThen: number, passesThen: number): ArrayBuffer {
    const { lengths, steps } = this.#script;
    const done = Math.min(stepsThen, steps);
    if (done < steps && this.#passes === passesThen) this.#counts.waits++;
    const words = new Uint32Array(answer.byteLength / 4);
    words[Control.step] = done;
    words[Control.done] = done === steps ? 1 : 0;
    const undecided = lengths.filter((length) => length > done).length;
    words.fill(1, Control.words, Math.max(Control.words, words.length - undecided));
    return words.buffer;
  }

  #watch(device: GPUDevice): void {
    const encoder = device.createCommandEncoder();
    const pass = encoder.beginComputePass();
    pass.end();
    device.queue.submit([encoder.finish()]);
    const [onDevice, onQueue, onEncoder, onPass] = [device, device.queue, encoder, pass].map(
      Object.getPrototypeOf,
    ) as [GPUDevice, GPUQueue, GPUCommandEncoder, GPUComputePassEncoder];
    listen(onDevice, 'createBindGroup', () => {
      this.#counts.bindGroups++;
    });
    listen(onDevice, 'createBuffer', ([{ label = '' }]) => {
      this.#counts.buffers++;
      // Each plan has one.
      if (label.endsWith(' parameters')) this.#counts.plans++;
    });
    listen(onQueue, 'submit', () => {
      this.#counts.submissions++;
    });
    let label: string | undefined;
    let dispatches = 0;
    listen(onEncoder, 'beginComputePass', ([pass]) => {
      label = pass?.label;
      dispatches = 0;
    });
    listen(onPass, 'end', () => {
      this.#passes++;
      this.#counts.dispatches += dispatches;
      if (label !== 'decoding step') return;
      // The first pass of a search is a single step, and all steps have as many dispatches.
      this.#stepDispatches ??= dispatches;
      this.#counts.steps += dispatches / this.#stepDispatches;
    });
    const { dispatchWorkgroups } = onPass;
    onPass.dispatchWorkgroups = function (this: GPUComputePassEncoder) {
      dispatches++;
      dispatchWorkgroups.call(this, 1);
    };
    const { createShaderModule } = onDevice;
    onDevice.createShaderModule = function (this: GPUDevice, module) {
      return createShaderModule.call(this, { ...module, code: EMPTY_KERNEL });
    };
  }
}

const EMPTY_KERNEL = '@compute @workgroup_size(1) fn main() {}';

function nothing(): HostCounts {
  return {
    ...{ plans: 0, buffers: 0, bindGroups: 0, dispatches: 0, submissions: 0, readbacks: 0, readBytes: 0 },
    ...{ steps: 0, idleSteps: 0, waits: 0 },
  };
}

/** Milliseconds of processor time that this process has taken, all its threads. */
export function processorMilliseconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/** Tells of every call of a method what it was given and what it gave. */
function listen<T, Name extends keyof T>(
  prototype: T,
  name: Name,
  heard: T[Name] extends (...args: infer Args) => infer Result ? (args: Args, result: Result) => void : never,
): void {
  const original = prototype[name] as (...args: unknown[]) => unknown;
  prototype[name] = function (this: T, ...args: unknown[]) {
    const result = original.apply(this, args);
    (heard as (args: unknown[], result: unknown) => void)(args, result);
    return result;
  } as T[Name];
}
