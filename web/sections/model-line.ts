import { say } from '../dom.ts';
import type { LoadedModel } from '../engine/protocol.ts';
import { bytes, count, duration, percent } from '../format.ts';

/** One line on a model that is ready. */
export function describeModel({
  name,
  technique,
  sparsity: zeros,
  weights,
  bytes: size,
  seconds,
}: LoadedModel): string {
  return [
    name,
    technique.replaceAll('_', ' '),
    `${percent(zeros)} of ${count(weights)} weights zero`,
    `${bytes(size)} on the device`,
    `loaded in ${duration(1000 * seconds)}`,
  ].join(' · ');
}

/** Tells how much of a model is loaded. */
export function progressTeller(line: HTMLElement): (share: number) => void {
  say(line, 'Loading …');
  return (share) => say(line, `Loading … ${percent(share, 0)}`);
}
