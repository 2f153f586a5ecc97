import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Checkpoint } from '../../src/io/checkpoint/checkpoint-types.ts';
import {
  type MaskVariable,
  type ModelVariable,
  valueRange,
} from '../../src/models/full-size/model-variable.ts';
import type { ResNetSize } from '../../src/models/full-size/resnet-layers.ts';
import { resnetVariables } from '../../src/models/full-size/resnet-variables.ts';
import {
  type TransformerSize,
  transformerVariables,
} from '../../src/models/full-size/transformer-variables.ts';
import { openManifest } from '../../test/support/manifest.ts';
import { collectedPattern } from './patterns.ts';

/*
 * Checkpoints of whole models, pruned by magnitude: the variables of the paper's, its masks where the collection has them,
 * and values made up as they are asked for.
 */

/** A Transformer with so many of its weights zero. @param sparsity as the collection files it, such as `0.9` */
export function madeTransformer(size: TransformerSize, sparsity: string): Promise<Checkpoint> {
  return withCollectedMasks(transformerVariables(size), sparsity);
}

/** A ResNet-50 with so many of its weights zero. @param sparsity as the collection files it, such as `0.9` */
export function madeResNet(size: ResNetSize, sparsity: string): Promise<Checkpoint> {
  return withCollectedMasks(resnetVariables(size), sparsity);
}

async function withCollectedMasks(
  variables: readonly ModelVariable[],
  sparsity: string,
): Promise<Checkpoint> {
  const folder = await mkdtemp(join(tmpdir(), 'tsos-bench-'));
  try {
    const path = join(folder, 'manifest.json');
    const manifest = { variables: variables.map((variable) => manifestVariable(variable, sparsity)) };
    await writeFile(path, JSON.stringify(manifest));
    return await openManifest(path);
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** A variable of a manifest, see `openManifest`. */
function manifestVariable(variable: ModelVariable, sparsity: string) {
  const { name, shape } = variable;
  const values =
    variable.role === 'mask'
      ? maskPattern(variable, sparsity)
      : { hash: valueRange(variable, Number(sparsity)) };
  return { name, dtype: 'float32', shape, ...values };
}

/** Of manifests only masks that are stored transposed can follow a pattern. */
function maskPattern({ matrix, transpose }: MaskVariable, sparsity: string) {
  const smtx = transpose ? collectedPattern(matrix, sparsity) : undefined;
  return smtx === undefined ? { bernoulli: 1 - Number(sparsity) } : { smtx, transpose };
}
