import { DataError } from '../../base/errors.ts';
import { openCheckpoint } from '../../io/checkpoint/checkpoint.ts';
import type { Checkpoint } from '../../io/checkpoint/checkpoint-types.ts';
import { planPruning } from '../../layers/pruning/prunable-layers.ts';
import { type Overlay, overlaidCheckpoint } from './overlaid-checkpoint.ts';

/** Checkpoints that a training takes values from, by what the original's flags call them. */
export interface InitialValueSources {
  /** Variables that are trained. */
  readonly warmStartFrom?: string | undefined;
  /** Masks, which then stay as they are. */
  readonly loadMasksFrom?: string | undefined;
  /** All but masks: a lottery ticket, with masks from another checkpoint. */
  readonly loadWeightsFrom?: string | undefined;
}

/** What a training begins with. */
export interface InitialValues {
  readonly start: Checkpoint;
  /** What was taken from where. */
  readonly notes: readonly string[];
  /** Closes the checkpoints that values are taken from. */
  close(): Promise<void>;
}

/**
 * A fresh model, with values of checkpoints in place of its own.
 * @throws {DataError} where a checkpoint has none of what is taken from it, or of another shape.
 */
export async function withInitialValues(
  fresh: Checkpoint,
  { warmStartFrom, loadMasksFrom, loadWeightsFrom }: InitialValueSources,
): Promise<InitialValues> {
  const kinds: readonly (readonly [string | undefined, (name: string) => boolean])[] = [
    [warmStartFrom, (name) => !/(mask|threshold)$/.test(name)],
    [loadWeightsFrom, (name) => !/mask$/.test(name)],
    [loadMasksFrom, (name) => /mask$/.test(name)],
  ];
  const open: Checkpoint[] = [];
  const close = async () => {
    await Promise.all(open.map((checkpoint) => checkpoint.close()));
  };
  try {
    const overlays: Overlay[] = [];
    for (const [path, takes] of kinds) {
      if (path === undefined) continue;
      const from = await openCheckpoint(path);
      open.push(from);
      const isVariable = (name: string) => fresh.info(name).dtype === 'float32';
      overlays.push({
        from,
        takes: (name) => isVariable(name) && takes(name),
        nameThere: nameIn(from, fresh),
      });
    }
    const { checkpoint, taken } = overlaidCheckpoint(fresh, overlays);
    const notes = overlays.map(({ from }, i) => {
      if (taken[i].length > 0) return `${from.path}: gives ${taken[i].length} variables to begin with`;
      throw new DataError('has none of the variables of the model to be trained', { file: from.path });
    });
    return { start: checkpoint, notes, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** What a variable of a model is called in a checkpoint of the same model, pruned or not. */
function nameIn(from: Checkpoint, model: Checkpoint): (name: string) => string {
  const there = new Set(from.names());
  const inModel = new Map([...planPruning(from).renamed].map(([dense, pruned]) => [pruned, dense]));
  const inPruned = planPruning(model).renamed;
  return (name) => (there.has(name) ? name : (inModel.get(name) ?? inPruned.get(name) ?? name));
}
