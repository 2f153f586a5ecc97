import { resnetLayers } from '../../src/models/full-size/resnet-layers.ts';
import { BATCH_NORM_EPSILON } from '../../src/models/resnet50/batch-norm.ts';
import { PICTURE_SIZE } from '../../src/models/resnet50/model.ts';
import { OnnxGraph } from './onnx-graph.mjs';

/** Names of what comes in, `[1, 3, 224, 224]` and normalised, and of what goes out, `[1, classes]`. */
export const NAMES = { pictures: 'pictures', logits: 'logits' };

/** Of each group. */
const BLOCKS = [3, 4, 6, 3];

/**
 * An ONNX model of ResNet-50 for one picture (He et al. 2016, stride in the 3×3 convolutions), computed densely: each kernel
 * is mask · weight with all its zeros, and has its batch normalisation folded in.
 * @param {import('../../src/io/checkpoint/checkpoint-types.ts').Checkpoint} checkpoint pruned by magnitude, named as the original names it
 * @param {import('../../src/models/full-size/resnet-layers.ts').ResNetSize} size
 * @returns {Promise<Uint8Array>}
 */
export async function onnxResNet50(checkpoint, size) {
  const graph = new OnnxGraph();
  const layers = resnetLayers(size).entries();
  const next = () => layers.next().value;

  const convolution = async (x) => {
    const [index, { name, rows, channels, window }] = next();
    const { kernel, bias } = await foldedKernel(checkpoint, name, index);
    const { size, stride, padBefore } = window;
    const inputs = [
      x,
      graph.constant(`${name}/kernel`, [rows, channels, size, size], kernel),
      graph.constant(`${name}/bias`, [rows], bias),
    ];
    return graph.node('Conv', inputs, name, {
      kernel_shape: [size, size],
      strides: [stride, stride],
      pads: [padBefore, padBefore, padBefore, padBefore],
    });
  };
  const relu = (x) => graph.node('Relu', [x], `${x}/relu`);
  const block = async (x, projects) => {
    const shortcut = projects ? await convolution(x) : x;
    const first = relu(await convolution(x));
    const second = relu(await convolution(first));
    const third = await convolution(second);
    return relu(graph.node('Add', [third, shortcut], `${third}/sum`));
  };

  const initial = relu(await convolution(NAMES.pictures));
  // TensorFlow's SAME: of an even side, the zero that is needed stands behind.
  let x = graph.node('MaxPool', [initial], 'max_pool', {
    kernel_shape: [3, 3],
    strides: [2, 2],
    pads: [0, 0, 1, 1],
  });
  for (const blocks of BLOCKS) {
    for (let index = 0; index < blocks; index++) x = await block(x, index === 0);
  }
  const pooled = graph.node('GlobalAveragePool', [x], 'average_pool');
  const features = graph.node('Flatten', [pooled], 'features');
  const [, { name, rows, cols }] = next();
  const dense = graph.constant(`${name}/kernel`, [cols, rows], await maskedKernel(checkpoint, name));
  const biases = graph.constant(`${name}/biases`, [rows], await floats(checkpoint, `${name}/biases`));
  graph.node('Gemm', [features, dense, biases], NAMES.logits);
  return graph.finish(
    { name: NAMES.pictures, shape: [1, 3, PICTURE_SIZE, PICTURE_SIZE] },
    { name: NAMES.logits, shape: [1, rows] },
  );
}

/** A kernel `[outputs, inputs, height, width]` and bias `[outputs]` that include the batch normalisation. */
async function foldedKernel(checkpoint, name, index) {
  const norm = index === 0 ? 'batch_normalization' : `batch_normalization_${index}`;
  const part = (leaf) => floats(checkpoint, `${norm}/${leaf}`);
  const [gamma, beta] = [await part('gamma'), await part('beta')];
  const [mean, variance] = [await part('moving_mean'), await part('moving_variance')];
  const scales = gamma.map((each, row) => each / Math.sqrt(variance[row] + BATCH_NORM_EPSILON));
  const stored = await maskedKernel(checkpoint, name);
  const outputs = gamma.length;
  const [height, width, inputs] = checkpoint.info(variable(`${name}/weights`)).shape;
  const pixels = height * width;
  const kernel = new Float32Array(stored.length);
  for (let pixel = 0; pixel < pixels; pixel++) {
    for (let input = 0; input < inputs; input++) {
      const from = (pixel * inputs + input) * outputs;
      for (let output = 0; output < outputs; output++) {
        kernel[(output * inputs + input) * pixels + pixel] = stored[from + output] * scales[output];
      }
    }
  }
  return { kernel, bias: beta.map((each, row) => each - mean[row] * scales[row]) };
}

async function maskedKernel(checkpoint, name) {
  const mask = await floats(checkpoint, `${name}/mask`);
  return (await floats(checkpoint, `${name}/weights`)).map((weight, i) => weight * mask[i]);
}

async function floats(checkpoint, name) {
  return (await checkpoint.read(variable(name))).data;
}

function variable(name) {
  return `resnet_model/${name}`;
}
