import { InvalidArgumentError } from '@commander-js/extra-typings';
import type { NamedTarget } from '../../layers/pruning/layer-targets.ts';
import { number } from './values.ts';

/**
 * Reads an option that may be given several times, each time a name, a colon and a number.
 * @throws {InvalidArgumentError} where it is something else.
 */
export function layerTargets(entry: string, before: readonly NamedTarget[] = []): readonly NamedTarget[] {
  const colon = entry.lastIndexOf(':');
  if (colon < 1) throw new InvalidArgumentError('It must be name:share, such as final_dense:0.8.');
  return [...before, { layer: entry.slice(0, colon), sparsity: number(entry.slice(colon + 1)) }];
}
