import { ProtoWriter } from '../../src/io/protobuf.ts';

const FLOAT = 1;

/** Names of the operands in the model. */
export const NAMES = { a: 'a', b: 'b', c: 'c' };

/**
 * An ONNX model of one product, `c[rows, n] = a[rows, cols] · b[cols, n]`, with `a` as a constant (onnx.proto3, opset 13).
 * @param {Float32Array} a
 * @returns {Uint8Array}
 */
export function onnxMatmul(rows, cols, n, a) {
  const node = message().bytes(1, text(NAMES.a)).bytes(1, text(NAMES.b)).bytes(2, text(NAMES.c));
  const constant = message().int(1, rows).int(1, cols).int(2, FLOAT).bytes(8, text(NAMES.a));
  const graph = message()
    .bytes(1, node.bytes(4, text('MatMul')).finish())
    .bytes(2, text('product'))
    .bytes(5, constant.bytes(9, new Uint8Array(a.buffer, a.byteOffset, a.byteLength)).finish())
    .bytes(11, matrixType(NAMES.b, cols, n))
    .bytes(12, matrixType(NAMES.c, rows, n));
  const opset = message().int(2, 13).finish();
  return message().int(1, 8).bytes(7, graph.finish()).bytes(8, opset).finish();
}

function matrixType(name, rows, cols) {
  const dimensions = [rows, cols].map((extent) => message().int(1, extent).finish());
  const shape = dimensions.reduce((all, dimension) => all.bytes(1, dimension), message()).finish();
  const tensor = message().int(1, FLOAT).bytes(2, shape).finish();
  return message().bytes(1, text(name)).bytes(2, message().bytes(1, tensor).finish()).finish();
}

function message() {
  return new ProtoWriter();
}

function text(value) {
  return new TextEncoder().encode(value);
}
