import {
  averagePoolGradientKernel,
  averagePoolKernel,
  maxPoolGradientKernel,
  maxPoolKernel,
  poolGrid,
  poolRounds,
} from '../../wgsl/training/pool.ts';
import type { Window } from '../../wgsl/training/window.ts';
import type { GraphTensor, TransientTensor } from '../plan/node.ts';
import { channelsOf, type Pictures, type Sliding, windowOver } from './pictures.ts';
import { requireRounds } from './require-rounds.ts';
import type { Tape } from './tape.ts';

/** The largest pixel of each window; padding never is. @param x `[channels, pixels]` */
export function maxPool(tape: Tape, x: GraphTensor, pictures: Pictures, sliding: Sliding): GraphTensor {
  const { graph } = tape;
  const pool = pooled(tape, 'max pool', x, pictures, sliding);
  const which = graph.tensor('max pool choices', pool.y.shape);
  graph.dispatch(maxPoolKernel(), pool.grid, pool.parameters, { x, y: pool.y, which });
  return tape.record(pool.y, [x], (gradient) => [
    () => {
      const dx = graph.tensor(`${x.name} gradient`, x.shape);
      graph.dispatch(maxPoolGradientKernel(), pool.inputGrid, pool.parameters, { dy: gradient, which, dx });
      return dx;
    },
  ]);
}

/** The mean of each window, over its pixels that are no padding. @param x `[channels, pixels]` */
export function averagePool(tape: Tape, x: GraphTensor, pictures: Pictures, sliding: Sliding): GraphTensor {
  const { graph } = tape;
  const pool = pooled(tape, 'average pool', x, pictures, sliding);
  graph.dispatch(averagePoolKernel(), pool.grid, pool.parameters, { x, y: pool.y });
  return tape.record(pool.y, [x], (gradient) => [
    () => {
      const dx = graph.tensor(`${x.name} gradient`, x.shape);
      graph.dispatch(averagePoolGradientKernel(), pool.inputGrid, pool.parameters, { dy: gradient, dx });
      return dx;
    },
  ]);
}

/** The mean of each picture. @param x `[channels, pixels]` @returns `[channels, pictures]` */
export function globalAveragePool(tape: Tape, x: GraphTensor, pictures: Pictures): GraphTensor {
  const { height, width } = pictures;
  return averagePool(tape, x, pictures, {
    kernelHeight: height,
    kernelWidth: width,
    stride: 1,
    padding: 'valid',
  });
}

function pooled(tape: Tape, name: string, x: GraphTensor, pictures: Pictures, sliding: Sliding) {
  const channels = channelsOf(name, x, pictures);
  const window: Window = windowOver(name, pictures, sliding);
  const pixels = window.pictures * window.out_height * window.out_width;
  requireRounds(tape.graph.gpu, name, poolRounds(window));
  const y: TransientTensor = tape.graph.tensor(name, [channels, pixels]);
  return {
    y,
    parameters: { ...window, channels },
    grid: poolGrid(channels, pixels),
    inputGrid: poolGrid(channels, window.pictures * window.height * window.width),
  };
}
