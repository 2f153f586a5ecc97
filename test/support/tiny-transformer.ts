import type { Technique } from '../../src/base/technique.ts';
import type { Checkpoint } from '../../src/io/checkpoint/checkpoint-types.ts';
import { memoryCheckpoint } from './memory-checkpoint.ts';

/** Sizes of a made-up Transformer. */
export interface TinyShape {
  hidden: number;
  filter: number;
  vocabulary: number;
  encoderLayers: number;
  decoderLayers: number;
}

/** The sizes of the specification's worked example (transformer, appendix A.6), with 2 heads. */
export const WORKED_EXAMPLE: TinyShape = {
  hidden: 8,
  filter: 16,
  vocabulary: 12,
  encoderLayers: 1,
  decoderLayers: 1,
};

/**
 * A checkpoint whose values follow the formula of the worked example: sines whose phase comes from the name of the tensor.
 * @param salt turns all phases, for other models of the same shape
 */
export function tinyTransformer(
  technique: Technique,
  shape: TinyShape = WORKED_EXAMPLE,
  salt = 0,
): Checkpoint {
  const top = 'sparse_transformer/';
  const shared = `symbol_modality_${shape.vocabulary}_${shape.hidden}/shared`;
  const tensors: Record<string, { shape: number[]; data: Float32Array }> = {};
  const add = (name: string, size: number[], data: Float32Array) => {
    tensors[top + name] = { shape: size, data };
  };
  for (const { name, size } of logicalTensors(shape)) {
    const embedding = name === 'shared/weights_0';
    const path = embedding ? `${shared}/weights_0` : name;
    const values = sines(name, size, salt);
    const sparse = embedding || (name.endsWith('/kernel') && !name.includes('target_space'));
    if (!sparse && !(technique.endsWith('pruning') && name.includes('/ffn/conv'))) {
      add(path, size, values);
      continue;
    }
    const site = name.slice(0, name.lastIndexOf('/'));
    const c = cosines(name, size, salt);
    switch (technique) {
      case 'dense':
        add(path, size, values);
        break;
      case 'magnitude_pruning':
      case 'random_pruning': {
        if (name.endsWith('/bias')) {
          add(`${site}/fully_connected/biases`, size, values);
          break;
        }
        const mask = c.map((value) => (value > -0.3 ? 1 : 0));
        add(embedding ? path : `${site}/fully_connected/weights`, size, values);
        add(embedding ? `${shared}//mask` : `${site}/fully_connected/mask`, size, mask);
        break;
      }
      case 'variational_dropout':
        add(path, size, values);
        add(
          embedding ? `${path}_aux` : `${site}/log_sigma2`,
          size,
          c.map((value) => -4 + 4 * value),
        );
        break;
      case 'l0_regularization':
        add(path, size, values);
        add(
          embedding ? `${path}_aux` : `${site}/log_alpha`,
          size,
          c.map((value) => 3 * value),
        );
        break;
    }
  }
  return memoryCheckpoint(tensors);
}

function logicalTensors(shape: TinyShape): { name: string; size: number[] }[] {
  const { hidden: h, filter: f, vocabulary: v } = shape;
  const tensors: { name: string; size: number[] }[] = [
    { name: 'shared/weights_0', size: [v, h] },
    { name: 'body/target_space_embedding/kernel', size: [32, h] },
  ];
  const norm = (path: string) => {
    const leaf = `${path}/layer_prepostprocess/layer_norm/layer_norm`;
    tensors.push({ name: `${leaf}_scale`, size: [h] }, { name: `${leaf}_bias`, size: [h] });
  };
  const attention = (path: string) => {
    norm(path);
    for (const part of ['q', 'k', 'v', 'output_transform']) {
      tensors.push({ name: `${path}/multihead_attention/${part}/kernel`, size: [h, h] });
    }
  };
  const stack = (side: string, layers: number, attentions: string[]) => {
    for (let i = 0; i < layers; i++) {
      const layer = `body/${side}/layer_${i}`;
      for (const kind of attentions) attention(`${layer}/${kind}`);
      norm(`${layer}/ffn`);
      tensors.push(
        { name: `${layer}/ffn/conv1/kernel`, size: [h, f] },
        { name: `${layer}/ffn/conv1/bias`, size: [f] },
        { name: `${layer}/ffn/conv2/kernel`, size: [f, h] },
        { name: `${layer}/ffn/conv2/bias`, size: [h] },
      );
    }
    norm(`body/${side}`);
  };
  stack('encoder', shape.encoderLayers, ['self_attention']);
  stack('decoder', shape.decoderLayers, ['self_attention', 'encdec_attention']);
  return tensors;
}

function phaseOf(name: string, salt: number): number {
  const sum = [...name].reduce((total, character) => total + character.charCodeAt(0), salt);
  return sum % 97;
}

function sines(name: string, size: number[], salt: number): Float32Array {
  const phase = phaseOf(name, salt);
  const count = size.reduce((a, b) => a * b, 1);
  const [offset, factor] = name.endsWith('layer_norm_scale')
    ? [1, 0.1]
    : name.endsWith('bias')
      ? [0, 0.1]
      : [0, name === 'shared/weights_0' ? 0.7 : 0.6];
  return Float32Array.from(
    { length: count },
    (_, j) => offset + factor * Math.sin(phase + 2.1 * j + 0.013 * j * j),
  );
}

function cosines(name: string, size: number[], salt: number): Float32Array {
  const phase = phaseOf(name, salt);
  const count = size.reduce((a, b) => a * b, 1);
  return Float32Array.from({ length: count }, (_, j) => Math.cos(phase + 1.3 * j));
}
