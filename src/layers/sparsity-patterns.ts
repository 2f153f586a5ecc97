import { distinctFileNames } from '../base/distinct-names.ts';
import { DataError } from '../base/errors.ts';
import type { SparsePattern } from '../base/sparse-pattern.ts';
import { COUNTED_VARIABLE, type Technique } from '../base/technique.ts';
import type { CsrMatrix } from '../graph/weights/csr.ts';
import type { Checkpoint } from '../io/checkpoint/checkpoint-types.ts';
import { readEffectiveMatrix } from './effective-weights.ts';
import type { Site } from './site.ts';
import { embeddingShards } from './transformer-sites.ts';

/** A weight matrix that a technique made sparse. */
export interface SparsifiedMatrix {
  /**
   * As the Deep Learning Matrix Collection calls the file of its pattern, without `.smtx`; with the scope of the model where
   * that would be the name of several.
   */
  readonly name: string;
  readonly site: Site;
  /** Whether the collection has the matrix as `[out, in]`; of the embedding it has `[V, H]`. */
  readonly transpose: boolean;
}

/**
 * Lists what `tsos sparsity` counts, in the order of the names.
 * @throws {DataError} where there is nothing of the technique, or a companion without weights.
 */
export function sparsifiedMatrices(checkpoint: Checkpoint, technique: Technique): SparsifiedMatrix[] {
  const names = checkpoint.names();
  const companions =
    technique === 'dense' ? [] : names.filter((name) => COUNTED_VARIABLE[technique].test(name));
  if (companions.length === 0) {
    throw new DataError(
      `has no sparsified matrix (technique ${technique}), so there is no pattern to write`,
      {
        file: checkpoint.path,
      },
    );
  }
  const all = new Set(names);
  const fileNames = distinctFileNames(
    companions.map((full) => ({ short: collectionName(full), full: withoutLeaf(full) })),
  );
  return companions.map((companion, i) => ({
    name: fileNames[i],
    site: { weights: weightsOf(checkpoint, all, companion), companions: [companion] },
    transpose: !companion.includes('/symbol_modality_'),
  }));
}

/**
 * Reads which weights of a matrix are kept.
 * @param threshold log-alpha threshold of variational dropout, default 3
 * @throws {DataError} as `readEffectiveMatrix`.
 */
export async function readPattern(
  checkpoint: Checkpoint,
  { site, transpose }: SparsifiedMatrix,
  technique: Technique,
  threshold?: number,
): Promise<SparsePattern> {
  const options = threshold === undefined ? {} : { threshold };
  return withoutPadding(
    await readEffectiveMatrix(checkpoint, site, technique, { ...options, transpose, pattern: true }),
  );
}

/** Variables of the weights beside a companion: a mask of the embedding is one for all its shards. */
function weightsOf(checkpoint: Checkpoint, names: ReadonlySet<string>, companion: string): string[] {
  const scope = companion.replace(/\/+[^/]*$/, '');
  const candidates = companion.endsWith('_aux')
    ? [companion.slice(0, -'_aux'.length)]
    : ['weights', 'kernel', 'weights_0'].map((leaf) => `${scope}/${leaf}`);
  const found = candidates.find((name) => names.has(name));
  if (found === undefined) {
    throw new DataError(`there are no weights beside ${companion}; the checkpoint is incomplete`, {
      file: checkpoint.path,
    });
  }
  const whole = found === `${scope}/weights_0` && !companion.endsWith('_aux');
  return whole ? embeddingShards(names, scope) : [found];
}

/**
 * Without the scope of the model, and what a scope of its own adds for every layer; slashes become
 * underscores.
 */
function collectionName(companion: string): string {
  const layer = companion.replace(/^[^/]+\//, '').replace(/^.*resnet_model\//, '');
  return withoutLeaf(layer).replaceAll('/', '_');
}

function withoutLeaf(companion: string): string {
  return companion.replace(/\/(mask|log_sigma2|log_alpha)$/, '');
}

/** Kept weights have the value 1, padding 0. */
function withoutPadding({ rows, cols, nnz, rowStart, columns, values }: CsrMatrix): SparsePattern {
  const rowOffsets = new Uint32Array(rows + 1);
  const kept = new Uint32Array(nnz);
  let count = 0;
  for (let row = 0; row < rows; row++) {
    for (let i = rowStart[row]; i < rowStart[row + 1]; i++) if (values[i] !== 0) kept[count++] = columns[i];
    rowOffsets[row + 1] = count;
  }
  return { rows, cols, rowOffsets, columns: kept };
}
