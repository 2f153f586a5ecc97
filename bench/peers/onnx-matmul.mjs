import { OnnxGraph } from './onnx-graph.mjs';

/** Names of the operands in the model. */
export const NAMES = { a: 'a', b: 'b', c: 'c' };

/**
 * An ONNX model of one product, `c[rows, n] = a[rows, cols] · b[cols, n]`, with `a` as a constant.
 * @param {Float32Array} a
 * @returns {Uint8Array}
 */
export function onnxMatmul(rows, cols, n, a) {
  const graph = new OnnxGraph();
  graph.constant(NAMES.a, [rows, cols], a);
  graph.node('MatMul', [NAMES.a, NAMES.b], NAMES.c);
  return graph.finish({ name: NAMES.b, shape: [cols, n] }, { name: NAMES.c, shape: [rows, n] });
}
