import { DataError } from '../../base/errors.ts';
import type { Example, Feature } from '../records/example.ts';
import type { EncodedPicture } from './picture-source.ts';

/** Stored labels run from 1 to 1000; 0 was a background class. */
const LABEL_OFFSET = 1;

/**
 * The picture and label of a record of ImageNet, taken as the original takes them: a missing label is stored label -1, and
 * neither that nor one beyond the classes is an error.
 * @param labelOffset the stored label of class 0.
 * @throws {DataError} without a file, where the label is not one int64 or there is no picture.
 */
export function imageNetPicture(example: Example, labelOffset = LABEL_OFFSET): EncodedPicture {
  const label = single(example, 'image/class/label', 'int64') ?? -1n;
  const jpeg = single(example, 'image/encoded', 'bytes');
  if (jpeg === undefined || jpeg.length === 0) throw new DataError('it has no picture (image/encoded)');
  return {
    label: Number(BigInt.asIntN(32, label)) - labelOffset,
    jpeg,
  };
}

interface Value {
  readonly bytes: Uint8Array;
  readonly float: number;
  readonly int64: bigint;
}

/** The value of a feature that may be missing, but not be of another kind or several. */
function single<Kind extends Feature['kind']>(
  example: Example,
  name: string,
  kind: Kind,
): Value[Kind] | undefined {
  const feature = example.get(name);
  if (feature === undefined) return undefined;
  if (feature.kind !== kind) throw new DataError(`${name} is of kind ${feature.kind} instead of ${kind}`);
  if (feature.values.length !== 1) {
    throw new DataError(`${name} has ${feature.values.length} values instead of one`);
  }
  return feature.values[0] as Value[Kind];
}
