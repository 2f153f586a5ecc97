import { note } from '../terminal/print.ts';

/** What a run finds in the journal of its output. */
export interface Start {
  /** Items that an earlier run has finished. */
  readonly resumed: number;
  /** Batches of an earlier run that are not taken up. */
  readonly discarded: number;
  /** Bytes that are damaged. */
  readonly damagedBytes: number;
  /** Whether the same run has finished the output before. */
  readonly isFinished?: boolean;
}

/** Says what becomes of what an earlier run with the same output has left. @param items such as "pictures" */
export function noteStart(
  { resumed, discarded, damagedBytes, isFinished = false }: Start,
  { items, output, resume }: { items: string; output: string; resume: boolean },
): void {
  if (isFinished) {
    noteFinished(output);
    return;
  }
  if (damagedBytes > 0) {
    note(`${output}.partial is damaged: its last ${damagedBytes} bytes do not count, and are done again`);
  }
  if (resumed > 0) note(`${resumed} ${items} were done before`);
  else if (discarded > 0) {
    note(
      `${output}.partial, which an interrupted run left, will be overwritten: to go on with it, stop this and use --resume`,
    );
  } else if (resume) note('there is nothing to resume, so this starts from the beginning');
}

/** Says why nothing is done. */
export function noteFinished(output: string): void {
  note(`${output}: is finished already, so it is left as it is`);
}

/** How to go on after an interruption. @param kept such as "8 of 16 pictures" */
export function adviceToResume(kept: string, output: string): string {
  return `${kept} are kept in ${output}.partial, run the same with --resume to go on`;
}
