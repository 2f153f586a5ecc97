import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { csrFromPattern } from '../../src/graph/weights/csr.ts';
import { readSmtx } from '../../src/io/exchange/smtx.ts';
import type { ModelMatrix } from '../../src/models/full-size/model-variable.ts';
import { type BenchMatrix, randomMatrix } from '../comparison/matrices.ts';

const COLLECTION = fileURLToPath(new URL('../../../shared/data/dlmc', import.meta.url));

/** Where the magnitude-pruned pattern of a matrix lies in the collection; undefined where it is not at hand. */
export function collectedPattern(
  { model, name }: Pick<ModelMatrix, 'model' | 'name'>,
  sparsity: string,
): string | undefined {
  if (model === undefined) return undefined;
  const path = join(model, 'magnitude_pruning', sparsity, `${name}.smtx`);
  return existsSync(join(COLLECTION, `${path}.gz`)) ? path : undefined;
}

/**
 * A matrix of a model with the pattern that pruning gave it in the paper; values are made up. Where the collection does not
 * have it, with a random pattern of as many zeros.
 */
export async function benchMatrix(shape: ModelMatrix, sparsity: string): Promise<BenchMatrix> {
  const path = collectedPattern(shape, sparsity);
  if (path === undefined) {
    const matrix = randomMatrix(shape.rows, shape.cols, Number(sparsity));
    return { sparsity, pattern: 'random', matrix };
  }
  const pattern = await readSmtx(join(COLLECTION, `${path}.gz`));
  const values = Float32Array.from(pattern.columns, (_, i) => Math.sin(i) || 1);
  return { sparsity, pattern: 'paper', matrix: csrFromPattern(pattern, values) };
}
