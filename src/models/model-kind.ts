import type { Checkpoint } from '../io/checkpoint/checkpoint-types.ts';

/** A model of the paper, named as the original's scripts name it. */
export type ModelKind = 'transformer' | 'rn50';

/** Which model a checkpoint holds, complete or not, by the names of its variables; undefined where it is neither. */
export function modelKind(checkpoint: Pick<Checkpoint, 'names'>): ModelKind | undefined {
  const names = checkpoint.names();
  if (names.some((name) => name.includes('initial_conv/'))) return 'rn50';
  return names.some((name) => name.includes('/body/encoder/layer_0/self_attention/'))
    ? 'transformer'
    : undefined;
}
