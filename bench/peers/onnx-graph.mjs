import { ProtoWriter } from '../../src/io/bytes/protobuf.ts';

/*
 * ONNX models as protobuf bytes (onnx.proto3, opset 13). All tensors are float32.
 *
 * @typedef {{ name: string, shape: number[] }} OnnxTensor
 */

const FLOAT = 1;

/** Types of attributes. */
const INT = 2;
const INTS = 7;

/** Collects the nodes and constants of a graph, and writes the model. */
export class OnnxGraph {
  #graph = message();

  /** @param {Float32Array} values */
  constant(name, shape, values) {
    const raw = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
    const tensor = repeated(shape, (writer, extent) => writer.int(1, extent));
    this.#graph.bytes(5, tensor.int(2, FLOAT).bytes(8, text(name)).bytes(9, raw).finish());
    return name;
  }

  /**
   * @param {string} type of the operator
   * @param {string[]} inputs
   * @param {string} output
   * @param {Record<string, number | number[]>} attributes integers
   */
  node(type, inputs, output, attributes = {}) {
    const node = repeated(inputs, (writer, input) => writer.bytes(1, text(input)));
    node.bytes(2, text(output)).bytes(4, text(type));
    for (const [name, value] of Object.entries(attributes)) node.bytes(5, attribute(name, value));
    this.#graph.bytes(1, node.finish());
    return output;
  }

  /**
   * @param {OnnxTensor} input
   * @param {OnnxTensor} output
   * @returns {Uint8Array}
   */
  finish(input, output) {
    this.#graph.bytes(2, text('graph')).bytes(11, tensorType(input)).bytes(12, tensorType(output));
    const opset = message().int(2, 13).finish();
    return message().int(1, 8).bytes(7, this.#graph.finish()).bytes(8, opset).finish();
  }
}

function attribute(name, value) {
  const writer = message().bytes(1, text(name));
  if (!Array.isArray(value)) return writer.int(3, value).int(20, INT).finish();
  for (const each of value) writer.int(8, each);
  return writer.int(20, INTS).finish();
}

function tensorType({ name, shape }) {
  const dimensions = repeated(shape, (writer, extent) => writer.bytes(1, message().int(1, extent).finish()));
  const tensor = message().int(1, FLOAT).bytes(2, dimensions.finish()).finish();
  return message().bytes(1, text(name)).bytes(2, message().bytes(1, tensor).finish()).finish();
}

function repeated(items, write) {
  return items.reduce(write, message());
}

function message() {
  return new ProtoWriter();
}

function text(value) {
  return new TextEncoder().encode(value);
}
