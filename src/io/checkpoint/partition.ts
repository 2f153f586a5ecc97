import { placed, quoted } from '../bytes/place.ts';
import type { DType, Tensor, TensorData } from './checkpoint-types.ts';
import { componentsOf, elementBytes, elementCount, type NumericData, viewValues } from './dtype.ts';
import { type Box, checkCoverage, runsOf } from './slices.ts';
import { allocate } from './tensor-range.ts';

/** One part of a variable that was saved in several. */
export interface Part {
  readonly box: Box;
  /** Its values, row-major, as many as the box has elements. */
  read(): Promise<TensorData>;
}

/** The variable to put together; `file` is where its parts are listed, for errors. */
export interface PartitionedVariable {
  readonly name: string;
  readonly file: string;
  readonly dtype: DType;
  readonly shape: readonly number[];
  /** Throws when the bytes of the parts are not there: asked before memory for the whole is taken. */
  checkStored(): Promise<void>;
}

/**
 * Reads all parts to their places in one tensor.
 * @throws {DataError} naming the variable when its parts overlap or do not cover it.
 */
export async function assemble(variable: PartitionedVariable, parts: readonly Part[]): Promise<Tensor> {
  const { name, file, dtype, shape } = variable;
  const boxes = parts.map(({ box }) => box);
  placed({ file }, `tensor ${quoted(name)}`, () => checkCoverage(boxes, shape));
  await variable.checkStored();
  if (parts.length === 1) return { dtype, shape, data: await parts[0].read() };
  if (elementBytes(dtype) === 0) return { dtype, shape, data: await assembleStrings(parts, shape) };
  const whole = viewValues(dtype, new Uint8Array(allocate(elementCount(shape) * elementBytes(dtype), name)));
  const width = componentsOf(dtype);
  for (const part of parts) {
    const values = (await part.read()) as NumericData;
    for (const { from, to, length } of runsOf(part.box, shape)) {
      setRun(whole, to * width, values.subarray(from * width, (from + length) * width));
    }
  }
  return { dtype, shape, data: whole };
}

async function assembleStrings(parts: readonly Part[], shape: readonly number[]): Promise<Uint8Array[]> {
  const whole = new Array<Uint8Array>(elementCount(shape));
  for (const part of parts) {
    const values = (await part.read()) as Uint8Array[];
    for (const { from, to, length } of runsOf(part.box, shape)) {
      for (let i = 0; i < length; i++) whole[to + i] = values[from + i];
    }
  }
  return whole;
}

/** Both arrays are of the kind that the dtype asks for, which the type system cannot follow. */
function setRun(whole: NumericData, at: number, run: NumericData): void {
  (whole.set as (values: NumericData, offset: number) => void).call(whole, run, at);
}
