import { formatFloat } from '../../base/python-text.ts';
import type { Technique } from '../../base/technique.ts';
import type { TransformerConfig } from './config.ts';

const PROBLEM = 'translate_ende_wmt32k_packed';

/** Hyper-parameter sets that the paper's scripts decode with; randomly pruned models share that of magnitude pruning. */
const HPARAMS_SET: Record<Technique, string> = {
  dense: 'sparse_transformer_base',
  magnitude_pruning: 'sparse_transformer_magnitude_pruning_tpu',
  random_pruning: 'sparse_transformer_magnitude_pruning_tpu',
  variational_dropout: 'sparse_transformer_variational_dropout_tpu',
  l0_regularization: 'sparse_transformer_l0_regularization_tpu',
};

/**
 * The name that Tensor2Tensor gives to the translations of a file, such as
 * `newstest2014.en.sparse_transformer.sparse_transformer_magnitude_pruning_tpu.translate_ende_wmt32k_packed.beam4.alpha0.6.decodes`.
 */
export function decodesFileName(
  input: string,
  { scope, technique }: Pick<TransformerConfig, 'scope' | 'technique'>,
  { beam = 4, alpha = 0.6 }: { beam?: number | undefined; alpha?: number | undefined } = {},
): string {
  const hparamsSet = scope === 'transformer' ? 'transformer_base' : HPARAMS_SET[technique];
  return `${input}.${scope}.${hparamsSet}.${PROBLEM}.beam${beam}.alpha${formatFloat(alpha)}.decodes`;
}
