import { checkNumber } from '../../base/check-arguments.ts';
import { ACTIVATIONS, type ActivationName, checkActivation } from './activation.ts';
import { blocksAcross, joinedAcross } from './blocks.ts';
import { checkState } from './cell-checks.ts';
import { type DenseTensor, elementwise, filledTensor } from './tensor.ts';

/**
 * The equations of a recurrent cell once its weights are fixed. A state is a list of tensors `[batch, units]`, the last of which
 * is the output.
 */
export interface CellEquations {
  /** Blocks of `units` pre-activations that a step takes. */
  readonly gates: number;
  /** Tensors of a state. */
  readonly states: number;
  /** The next state from pre-activations `z [batch, gates · units]`. */
  step(z: DenseTensor, state: readonly DenseTensor[]): readonly DenseTensor[];
  /** Gradients in `z` and in the state before, from those in the state after. */
  stepGradients(
    dNext: readonly DenseTensor[],
    z: DenseTensor,
    state: readonly DenseTensor[],
  ): { readonly z: DenseTensor; readonly state: readonly DenseTensor[] };
}

/** Elman's cell: `h' = activation(z)`; the state is `[h]`. @throws {UsageError} for an unknown activation. */
export function elmanEquations(activation: ActivationName): CellEquations {
  checkActivation(activation);
  const { of, slope } = ACTIVATIONS[activation];
  return {
    gates: 1,
    states: 1,
    step: (z) => [elementwise(of, z)],
    stepGradients: ([dNext], z, [h]) => ({
      z: elementwise((d, at) => d * slope(at, of(at)), dNext, z),
      state: [filledTensor(h.shape, 0)],
    }),
  };
}

/**
 * The LSTM of Hochreiter & Schmidhuber (1997) with a forget gate, no peepholes; the state is `[c, m]`, the blocks of z are
 * input gate, candidate, forget gate, output gate:
 *
 *     c' = σ(f + forgetBias) c + σ(i) activation(j)      m' = σ(o) activation(c')
 *
 * @throws {UsageError} for an unknown activation, and a forget bias that is not finite.
 */
export function lstmEquations(activation: ActivationName, forgetBias: number): CellEquations {
  checkLstm(activation, forgetBias);
  const { of, slope } = ACTIVATIONS[activation];
  const gate = ACTIVATIONS.sigmoid;
  const blocks = (z: DenseTensor) => {
    const [i, j, f, o] = blocksAcross(z, 4);
    return { i, j, f: elementwise((value) => value + forgetBias, f), o };
  };
  const nextMemory = (z: DenseTensor, c: DenseTensor) => {
    const { i, j, f } = blocks(z);
    return elementwise((iv, jv, fv, cv) => gate.of(fv) * cv + gate.of(iv) * of(jv), i, j, f, c);
  };
  return {
    gates: 4,
    states: 2,
    step(z, [c]) {
      const memory = nextMemory(z, c);
      return [memory, elementwise((ov, cv) => gate.of(ov) * of(cv), blocks(z).o, memory)];
    },
    stepGradients([dMemory, dOutput], z, [c, m]) {
      const { i, j, f, o } = blocks(z);
      const memory = nextMemory(z, c);
      const gateSlope = (x: number) => gate.slope(x, gate.of(x));
      const dc = elementwise(
        (direct, d, ov, cv) => direct + d * gate.of(ov) * slope(cv, of(cv)),
        dMemory,
        dOutput,
        o,
        memory,
      );
      return {
        z: joinedAcross([
          elementwise((d, iv, jv) => d * gateSlope(iv) * of(jv), dc, i, j),
          elementwise((d, iv, jv) => d * gate.of(iv) * slope(jv, of(jv)), dc, i, j),
          elementwise((d, fv, cv) => d * gateSlope(fv) * cv, dc, f, c),
          elementwise((d, ov, cv) => d * gateSlope(ov) * of(cv), dOutput, o, memory),
        ]),
        state: [elementwise((d, fv) => d * gate.of(fv), dc, f), filledTensor(m.shape, 0)],
      };
    },
  };
}

/** Refuses what no LSTM has. */
export function checkLstm(activation: ActivationName, forgetBias: number): void {
  checkActivation(activation);
  checkNumber('forgetBias', forgetBias, Number.isFinite, 'a finite number');
}

/**
 * The state a sequence begins with: the given one, or zeros.
 * @throws {UsageError} for a state of other tensors than the cell has.
 */
export function initialState(
  { states }: CellEquations,
  given: readonly DenseTensor[] | undefined,
  batch: number,
  units: number,
): readonly DenseTensor[] {
  if (given === undefined) return Array.from({ length: states }, () => filledTensor([batch, units], 0));
  checkState(given, states, [batch, units]);
  return given;
}
