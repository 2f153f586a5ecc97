import type { Technique } from '../../base/technique.ts';
import { note } from '../terminal/print.ts';

/** Says where `--log-alpha-threshold` decides on nothing. No error, since scripts give it to checkpoints of all techniques. */
export function noteUnusedThreshold(technique: Technique, threshold: number | undefined): void {
  if (threshold === undefined || technique === 'variational_dropout') return;
  note(`--log-alpha-threshold is for variational dropout; this checkpoint is ${technique}, so it is ignored`);
}
