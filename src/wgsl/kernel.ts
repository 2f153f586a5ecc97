import { requireOptions } from '../base/check-arguments.ts';
import { UsageError } from '../base/errors.ts';

/** How a kernel uses a buffer. */
export type Access = 'read' | 'read_write';

/** One storage buffer of a kernel. */
export interface Binding {
  /** Of the WGSL variable. */
  readonly name: string;
  /** WGSL type of an element; the binding is a runtime-sized array of it. */
  readonly element: string;
  /** Whether the kernel writes it. */
  readonly access: Access;
}

/** One number given at dispatch. */
export interface Parameter {
  /** Of the member of `params`. */
  readonly name: string;
  /** WGSL type. */
  readonly type: 'u32' | 'f32';
}

/**
 * A kernel as data: what it binds, the numbers it takes at dispatch and its WGSL. Binding 0 of group 0 is the uniform
 * `params` where there are parameters; the storage buffers follow in order.
 */
export interface Kernel {
  /** Stands for it in errors, and in what is known of its speed. */
  readonly name: string;
  /** Numbers it takes, in order. */
  readonly parameters: readonly Parameter[];
  /** Buffers it binds, in order. */
  readonly bindings: readonly Binding[];
  /** The whole WGSL, declarations included. */
  readonly code: string;
}

/** Workgroups to dispatch along x, y and z. */
export type Grid = readonly [x: number, y: number, z: number];

/** Storage buffers that WebGPU guarantees a kernel; none of ours binds more. */
export const MAX_STORAGE_BUFFERS = 8;

/** What a kernel is made of. */
export interface KernelParts {
  /** Stands for it in errors, and in what is known of its speed. */
  readonly name: string;
  /** What WGSL wants at the very top: extensions it enables, diagnostics it filters. */
  readonly directives?: string;
  /** Numbers it takes, in order. */
  readonly parameters: readonly Parameter[];
  /** At most `MAX_STORAGE_BUFFERS`. */
  readonly bindings: readonly Binding[];
  /** WGSL with a function `main` as entry point; it may use `params.<parameter>` and the bindings by their names. */
  readonly body: string;
}

/**
 * Assembles a kernel: declarations made from `parameters` and `bindings`, then the body as written.
 * @throws {UsageError} for more bindings than every device has.
 */
export function kernel(parts: KernelParts): Kernel {
  requireOptions('kernel', parts, ['name', 'parameters', 'bindings', 'body']);
  const { name, directives = '', parameters, bindings, body } = parts;
  if (bindings.length > MAX_STORAGE_BUFFERS) {
    throw new UsageError(
      `kernel "${name}" binds ${bindings.length} buffers; every device has ${MAX_STORAGE_BUFFERS}, some no more`,
    );
  }
  const fields = parameters.map(({ name: field, type }) => `  ${field}: ${type},`).join('\n');
  const uniform =
    parameters.length === 0
      ? ''
      : `struct Params {\n${fields}\n}\n@group(0) @binding(0) var<uniform> params: Params;\n`;
  const storage = bindings
    .map(
      (binding, index) =>
        `@group(0) @binding(${index + 1}) var<storage, ${binding.access}> ${binding.name}: array<${binding.element}>;`,
    )
    .join('\n');
  return { name, parameters, bindings, code: `${directives}${uniform}${storage}\n${body}` };
}

/** `make(0)`, `make(1)`, … one a line: the loop unroller of the templates, since WGSL has none. */
export function unroll(count: number, make: (index: number) => string, separator = '\n'): string {
  return Array.from({ length: count }, (_, index) => make(index)).join(separator);
}

/** Smallest whole number of `step`s that holds `value`. */
export function ceilDivide(value: number, step: number): number {
  return Math.ceil(value / step);
}
