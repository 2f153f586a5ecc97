import { namesIn, removeFile } from '../files/folders.ts';
import { pathIn } from '../files/paths.ts';
import { openCheckpoint } from './checkpoint.ts';
import type { Checkpoint } from './checkpoint-types.ts';
import { type NamedTensor, writeCheckpoint } from './write-checkpoint.ts';

/** The checkpoints that a training leaves in its folder, `model.ckpt-<step>`, of which the last ones are kept. */
export class CheckpointSeries {
  readonly folder: string;
  readonly #keep: number;

  /** @param keep how many are left when one is written */
  constructor(folder: string, keep: number) {
    this.folder = folder;
    this.#keep = keep;
  }

  /** The newest, which the state file names; undefined where there is none yet. */
  async openNewest(): Promise<Checkpoint | undefined> {
    const names = await namesIn(this.folder);
    return names.some((name) => stepOf(name) !== undefined) ? openCheckpoint(this.folder) : undefined;
  }

  /** Whether that of a step is there. */
  async has(step: number): Promise<boolean> {
    return (await namesIn(this.folder)).some((name) => stepOf(name) === step);
  }

  /** Writes one, whole or not at all, and then removes those that are too old. */
  async save(step: number, tensors: Iterable<NamedTensor> | AsyncIterable<NamedTensor>): Promise<void> {
    await writeCheckpoint(pathIn(this.folder, `model.ckpt-${step}`), tensors);
    const names = await namesIn(this.folder);
    const steps = names.map(stepOf).filter((found) => found !== undefined);
    const old = steps.toSorted((a, b) => b - a).slice(this.#keep);
    for (const each of old) {
      // The index first: without it, data are no checkpoint.
      const files = names.filter((name) => name.startsWith(`model.ckpt-${each}.`));
      for (const file of files.sort((a, b) => Number(isIndex(b)) - Number(isIndex(a)))) {
        await removeFile(pathIn(this.folder, file));
      }
    }
  }
}

function isIndex(name: string): boolean {
  return name.endsWith('.index');
}

/** Of the index of a checkpoint; undefined for other files. */
function stepOf(name: string): number | undefined {
  const step = /^model\.ckpt-(\d+)\.index$/.exec(name)?.[1];
  return step === undefined ? undefined : Number(step);
}
