import type { ModelMatrix, ModelVariable } from './model-variable.ts';

/** What decides the sizes of a Transformer. */
export interface TransformerSize {
  /** Features of a token. */
  readonly hidden: number;
  /** Inner features of feed-forward layers. */
  readonly filter: number;
  /** Rows of the embedding; a multiple of 4 that may be above what a vocabulary has. */
  readonly vocabulary: number;
  /** Of the encoder, and as many of the decoder. */
  readonly layers: number;
}

/** The paper's: the base model of Vaswani et al. 2017. */
export const PAPER_TRANSFORMER: TransformerSize = {
  hidden: 512,
  filter: 2048,
  vocabulary: 33_288,
  layers: 6,
};

/** The variables of a pruned Transformer, by the names the original gives them. */
export function transformerVariables(size: TransformerSize): ModelVariable[] {
  const { hidden, filter, vocabulary, layers } = size;
  const top = 'sparse_transformer/';
  const isPaper = hidden === PAPER_TRANSFORMER.hidden && filter === PAPER_TRANSFORMER.filter;
  const model = isPaper ? 'transformer' : undefined;
  const kernel = (path: string, cols: number, rows: number): ModelVariable[] => {
    const scope = `${path}/fully_connected`;
    const matrix: ModelMatrix = { name: scope.replaceAll('/', '_'), model, rows, cols };
    const shape = [cols, rows];
    return [
      { role: 'weights', name: `${top}${scope}/weights`, shape, matrix },
      { role: 'mask', name: `${top}${scope}/mask`, shape, matrix, transpose: true },
    ];
  };
  const bias = (path: string, features: number): ModelVariable => ({
    role: 'other',
    name: `${top}${path}/fully_connected/biases`,
    shape: [features],
    range: [-0.1, 0.1],
  });
  const norm = (path: string): ModelVariable[] => {
    const scope = `${top}${path}/layer_prepostprocess/layer_norm/layer_norm`;
    return [
      { role: 'other', name: `${scope}_scale`, shape: [hidden], range: [0.5, 1.5] },
      { role: 'other', name: `${scope}_bias`, shape: [hidden], range: [-0.2, 0.2] },
    ];
  };
  const attention = (path: string): ModelVariable[] => [
    ...norm(path),
    ...['q', 'k', 'v', 'output_transform'].flatMap((part) =>
      kernel(`${path}/multihead_attention/${part}`, hidden, hidden),
    ),
  ];
  const feedForward = (path: string): ModelVariable[] => [
    ...norm(path),
    ...kernel(`${path}/conv1`, hidden, filter),
    bias(`${path}/conv1`, filter),
    ...kernel(`${path}/conv2`, filter, hidden),
    bias(`${path}/conv2`, hidden),
  ];
  const stack = (side: string, attentions: readonly string[]): ModelVariable[] => [
    ...Array.from({ length: layers }, (_, layer) => `body/${side}/layer_${layer}`).flatMap((path) => [
      ...attentions.flatMap((kind) => attention(`${path}/${kind}`)),
      ...feedForward(`${path}/ffn`),
    ]),
    ...norm(`body/${side}`),
  ];
  const shared = `symbol_modality_${vocabulary}_${hidden}/shared/`;
  const shape = [vocabulary, hidden];
  const matrix: ModelMatrix = { name: shared.replaceAll('/', '_'), model, rows: vocabulary, cols: hidden };
  return [
    { role: 'weights', name: `${top}${shared}weights_0`, shape, matrix, range: [-0.06, 0.06] },
    // The pruning library opens a scope with an empty name here.
    { role: 'mask', name: `${top}${shared}/mask`, shape, matrix, transpose: false },
    {
      role: 'other',
      name: `${top}body/target_space_embedding/kernel`,
      shape: [32, hidden],
      range: [-0.1, 0.1],
    },
    ...stack('encoder', ['self_attention']),
    ...stack('decoder', ['self_attention', 'encdec_attention']),
  ];
}
