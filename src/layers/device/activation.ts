import { add, relu, sigmoid, tanh } from '../../graph/differentiation/elementwise.ts';
import type { Tape } from '../../graph/differentiation/tape.ts';
import type { GraphTensor } from '../../graph/plan/node.ts';
import { type ActivationName, checkActivation } from '../reference/activation.ts';

/** The activations that layers and cells know by name, recorded on a tape. */
export const DEVICE_ACTIVATIONS: Readonly<
  Record<ActivationName, (tape: Tape, x: GraphTensor) => GraphTensor>
> = { linear: (_, x) => x, relu, sigmoid, tanh };

/**
 * What a layer does with the result of its linear map: `activation(y + bias)`.
 * @param y `[outputs, columns]`
 * @param bias `[outputs]`; none where undefined
 * @throws {UsageError} for an unknown activation.
 */
export function activated(
  tape: Tape,
  y: GraphTensor,
  bias: GraphTensor | undefined,
  activation: ActivationName,
): GraphTensor {
  checkActivation(activation);
  return DEVICE_ACTIVATIONS[activation](tape, bias === undefined ? y : add(tape, y, bias));
}
