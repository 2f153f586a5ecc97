import type { DType, TensorData } from '../../../src/io/checkpoint/checkpoint-types.ts';
import { elementBytes, viewValues } from '../../../src/io/checkpoint/dtype.ts';
import type { NamedTensor } from '../../../src/io/checkpoint/write-checkpoint.ts';
import fc from '../../support/fast-check.ts';

const DTYPES: readonly DType[] = [
  'float32',
  'float64',
  'int32',
  'uint8',
  'int16',
  'int8',
  'string',
  'complex64',
  'int64',
  'bool',
  'qint8',
  'quint8',
  'qint32',
  'bfloat16',
  'qint16',
  'quint16',
  'uint16',
  'complex128',
  'half',
  'uint32',
  'uint64',
  'float8_e5m2',
  'float8_e4m3fn',
  'int4',
  'uint4',
];

/** Text of any characters, now and then very long. */
const name = fc
  .tuple(fc.string({ unit: 'binary', minLength: 1, maxLength: 30 }), fc.constantFrom(1, 1, 1, 60))
  .map(([text, times]) => text.repeat(times));

/** A tensor of any name, dtype and shape, scalars and empty ones included, with any bits. */
const tensor: fc.Arbitrary<NamedTensor> = fc
  .record({
    name,
    dtype: fc.constantFrom(...DTYPES),
    shape: fc.array(fc.nat(5), { maxLength: 3 }),
  })
  .chain(({ name, dtype, shape }) => {
    const elements = shape.reduce((product, size) => product * size, 1);
    return dataOf(dtype, elements).map((data) => ({ name, dtype, shape, data }));
  });

/** Tensors with different names. */
export const tensors: fc.Arbitrary<NamedTensor[]> = fc.uniqueArray(tensor, {
  selector: (each) => each.name,
  maxLength: 8,
});

function dataOf(dtype: DType, elements: number): fc.Arbitrary<TensorData> {
  if (dtype === 'string') {
    return fc.array(fc.uint8Array({ maxLength: 300 }), { minLength: elements, maxLength: elements });
  }
  const bytes = elements * elementBytes(dtype);
  return fc.uint8Array({ minLength: bytes, maxLength: bytes }).map((raw) => viewValues(dtype, raw.slice()));
}
