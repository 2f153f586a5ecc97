import type { Candidate, Choice } from '../device/kernel-choice.ts';
import { type KernelTime, type TuningRecord, textDigest } from './tuning-record.ts';

/** What is known of the kernels that can do a dispatch: times, and which failed. */
export class KernelTimes {
  readonly #dispatches: Map<string, Map<string, KnownTime>>;
  /** Texts of kernels, by dispatch. A failure may have its cause in this process: it is not for others. */
  readonly #failed = new Map<string, Set<string>>();

  /** @param remembered what earlier processes measured */
  constructor(remembered: TuningRecord['dispatches']) {
    this.#dispatches = new Map(
      Object.entries(remembered).map(([dispatch, times]) => [
        dispatch,
        new Map(Object.entries(times).map(([kernel, time]) => [kernel, { ...time, isOwn: false }])),
      ]),
    );
  }

  /** Whether this process has measured anything. */
  get hasOwn(): boolean {
    return [...this.#dispatches.values()].some((times) => [...times.values()].some(({ isOwn }) => isOwn));
  }

  /** Whether anything is known that a choice could go by. */
  knows(dispatch: Omit<Choice, 'candidates'>): boolean {
    const name = dispatchName(dispatch);
    return this.#dispatches.has(name) || this.#failed.has(name);
  }

  /** Least milliseconds of a run of those candidates that were measured with just this text and did not fail since. */
  of(choice: Choice): Map<Candidate, number> {
    const known = this.#known(choice).map(
      ([candidate, { milliseconds }]) => [candidate, milliseconds] as const,
    );
    return new Map(known);
  }

  /** Whether this process measured any of the candidates. */
  areOwn(choice: Choice): boolean {
    return this.#known(choice).some(([, { isOwn }]) => isOwn);
  }

  /** Candidates that this process tried in vain. */
  failed(choice: Choice): Candidate[] {
    const texts = this.#failed.get(dispatchName(choice));
    return choice.candidates.filter(({ kernel }) => texts?.has(kernel.code));
  }

  /** Candidates that were not tried. */
  missing(choice: Choice): Candidate[] {
    const tried = new Set([...this.of(choice).keys(), ...this.failed(choice)]);
    return choice.candidates.filter((candidate) => !tried.has(candidate));
  }

  /** Keeps a time of this process. */
  keep(choice: Choice, { kernel }: Candidate, milliseconds: number): void {
    const name = dispatchName(choice);
    const times = this.#dispatches.get(name) ?? new Map<string, KnownTime>();
    this.#dispatches.set(
      name,
      times.set(kernel.name, { text: textDigest(kernel.code), milliseconds, isOwn: true }),
    );
  }

  /** Remembers for this process that a candidate is of no use. */
  keepFailure(choice: Choice, { kernel }: Candidate): void {
    const name = dispatchName(choice);
    this.#failed.set(name, (this.#failed.get(name) ?? new Set()).add(kernel.code));
  }

  /** What is stored, and over it what this process measured: others may have measured the rest again meanwhile. */
  addedTo(stored: TuningRecord['dispatches']): TuningRecord['dispatches'] {
    const all = { ...stored };
    for (const [name, times] of this.#dispatches) {
      const own = [...times].filter(([, { isOwn }]) => isOwn);
      if (own.length === 0) continue;
      const entries = own.map(
        ([kernel, { text, milliseconds }]) => [kernel, { text, milliseconds }] as const,
      );
      all[name] = { ...stored[name], ...Object.fromEntries(entries) };
    }
    return all;
  }

  #known(choice: Choice): [Candidate, KnownTime][] {
    const name = dispatchName(choice);
    const [times, failed] = [this.#dispatches.get(name), this.#failed.get(name)];
    return choice.candidates.flatMap((candidate): [Candidate, KnownTime][] => {
      const { name: kernelName, code } = candidate.kernel;
      const known = times?.get(kernelName);
      const isKnown = known !== undefined && known.text === textDigest(code) && !failed?.has(code);
      return isKnown ? [[candidate, known]] : [];
    });
  }
}

interface KnownTime extends KernelTime {
  /** Measured by this process. */
  readonly isOwn: boolean;
}

/** What tells dispatches apart whose speed may differ. */
export function dispatchName({ weight, format, use }: Omit<Choice, 'candidates'>): string {
  return `${format} ${weight} · ${use}`;
}
