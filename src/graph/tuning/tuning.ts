import { UsageError } from '../../base/errors.ts';
import { geometricMean } from '../../base/geometric-mean.ts';
import type { AdapterDescription } from '../device/adapter-description.ts';
import type {
  Candidate,
  Choice,
  DispatchExplanation,
  FormatTimes,
  KernelChooser,
} from '../device/kernel-choice.ts';
import { dispatchName, KernelTimes } from './kernel-times.ts';
import { formatRecord, parseRecord, recordName, type TuningRecord } from './tuning-record.ts';

/** Where measurements outlive the process. Whatever `load` gives is checked: a damaged or foreign record does no harm. */
export interface TuningStore {
  /** What was saved under the name, or `undefined`. Where it throws instead, nothing is saved over what may be there. */
  load(name: string): Promise<unknown>;
  /** Keeps a record for the next `load` of its name. What it throws is thrown by `KernelChooser.save`. */
  save(name: string, record: unknown): Promise<void>;
}

/** How kernel variants are chosen. */
export interface TuningOptions {
  /**
   * Seconds that may go into measuring, all plans of the device together; 0 measures nothing. Unless given, 2 on a GPU and 0
   * on a software adapter, whose defaults were measured.
   */
  readonly budget?: number | undefined;
  /** Read when the device is opened, written after every plan that measured. None unless given. */
  readonly store?: TuningStore | undefined;
}

/** Seconds that measuring may take unless the caller says otherwise. */
const DEFAULT_BUDGET = 2;

/** A candidate that is faster by less than this share is not worth leaving the default for. */
const WORTHWHILE = 0.03;

/**
 * What is known of the speed of kernel variants on a device. Choosing by it never changes a result: all candidates of a
 * dispatch give equal bits. Whether a weight is held sparse or dense does change the rounding; that is only decided anew
 * when asked for (`decideFormats`).
 */
export class Tuning implements KernelChooser {
  readonly #adapter: AdapterDescription;
  readonly #store: TuningStore | undefined;
  readonly #times: KernelTimes;
  readonly #formats: Map<string, FormatTimes>;
  /** Weights whose formats this process decided. */
  readonly #decided = new Set<string>();
  readonly #asked = new Map<string, Choice>();
  #milliseconds: number;
  #turn: Promise<unknown> = Promise.resolve();
  #isSaved = true;
  #saving: Promise<unknown> = Promise.resolve();

  private constructor(adapter: AdapterDescription, options: TuningOptions, record: TuningRecord) {
    const { budget = adapter.software ? 0 : DEFAULT_BUDGET } = options;
    this.#adapter = adapter;
    this.#store = options.store;
    if (!(budget >= 0)) {
      throw new UsageError(
        `tuning: a budget of ${budget} seconds; it must be a number from 0, which measures nothing`,
      );
    }
    this.#milliseconds = 1000 * budget;
    this.#times = new KernelTimes(record.dispatches);
    this.#formats = new Map(Object.entries(record.formats));
  }

  /**
   * Starts with what the store has of the adapter; a store that cannot be read counts as empty.
   * @throws {UsageError} for a budget that is no number of seconds.
   */
  static async open(adapter: AdapterDescription, options: TuningOptions): Promise<Tuning> {
    let stored: unknown;
    try {
      stored = await options.store?.load(recordName(adapter));
    } catch {
      // As if it were empty.
    }
    return new Tuning(adapter, options, parseRecord(stored, adapter));
  }

  /** Whether this process has measured anything. */
  get measured(): boolean {
    return this.#times.hasOwn;
  }

  /** Whether there is something to choose a dispatch by, or time to find it; without, its first candidate will do. */
  chooses(dispatch: Omit<Choice, 'candidates'>): boolean {
    return this.#milliseconds > 0 || this.#times.knows(dispatch);
  }

  /**
   * The fastest candidate that is known. The first, as long as it was not measured itself: what is slower than others may
   * be faster than it. Where the first failed when it was tried, the fastest of the others, or one that was not tried.
   */
  best(choice: Choice): Candidate {
    this.#asked.set(dispatchName(choice), choice);
    const [usual] = choice.candidates;
    const times = this.#times.of(choice);
    const usualTime = times.get(usual) ?? Number.POSITIVE_INFINITY;
    if (!times.has(usual) && !this.hasFailed(choice, usual)) return usual;
    const [fastest] = [...times.keys()].sort((one, another) => times.get(one)! - times.get(another)!);
    if (fastest === undefined) return this.#times.missing(choice)[0] ?? usual;
    return times.get(fastest)! < (1 - WORTHWHILE) * usualTime ? fastest : usual;
  }

  /** Whether measuring a dispatch would tell something new, and there is time left for it. */
  wantsTimes(choice: Choice): boolean {
    return this.#milliseconds > 0 && this.#times.missing(choice).length > 0;
  }

  /** Candidates of a dispatch that were neither measured nor tried in vain. */
  missing(choice: Choice): readonly Candidate[] {
    return this.#times.missing(choice);
  }

  /** The least milliseconds that any candidate of a dispatch is known to take; infinite where none is known. */
  leastMilliseconds(choice: Choice): number {
    return Math.min(...this.#times.of(choice).values());
  }

  /** How a weight of this class was decided to be held; `undefined` where that was never measured. */
  format(weight: string): 'sparse' | 'dense' | undefined {
    const times = this.#formats.get(weight);
    return times && (times.dense < times.sparse ? 'dense' : 'sparse');
  }

  /**
   * Measures something within the time that is left, alone: two measurements at once would disturb each other.
   * @param work is told when the time is up, and gives up then
   */
  async measure(work: (isTimeUp: () => boolean) => Promise<void>): Promise<void> {
    const turn = this.#turn.then(async () => {
      const started = performance.now();
      const spent = () => performance.now() - started;
      try {
        await work(() => spent() >= this.#milliseconds);
      } finally {
        this.#milliseconds -= spent();
      }
    });
    this.#turn = turn.catch(() => {});
    await turn;
  }

  /** Keeps the least milliseconds of candidates of a dispatch, by the kernel's name; what is known of others stays. */
  keepTimes(choice: Choice, milliseconds: Readonly<Record<string, number>>): void {
    for (const candidate of choice.candidates) {
      const time = milliseconds[candidate.kernel.name];
      if (time === undefined) continue;
      this.#times.keep(choice, candidate, time);
      this.#isSaved = false;
    }
  }

  /** Remembers, as long as this process runs, that a candidate of a dispatch failed when it was tried. */
  keepFailure(choice: Choice, candidate: Candidate): void {
    this.#times.keepFailure(choice, candidate);
  }

  /** Whether a candidate of a dispatch failed when this process tried it. */
  hasFailed(choice: Choice, candidate: Candidate): boolean {
    return this.#times.failed(choice).includes(candidate);
  }

  /**
   * Decides for every weight that this process met both sparse and dense, by the geometric mean of the times known of its
   * uses, as far as all their candidates were tried: how often a model makes use of each is not known. Models loaded afterwards hold their weights so, also when the
   * kernels have changed since, lest results change by a bit unasked.
   */
  decideFormats(): void {
    const uses = new Map<string, FormatTimes[]>();
    for (const choice of this.#asked.values()) {
      if (choice.format === 'dense') continue;
      const dense = this.#asked.get(dispatchName({ ...choice, format: 'dense' }));
      const times = dense && { sparse: this.#timeOf(choice), dense: this.#timeOf(dense) };
      if (times?.sparse === undefined || times.dense === undefined) continue;
      if (this.missing(choice).length > 0 || this.missing(dense!).length > 0) continue;
      uses.set(choice.weight, [...(uses.get(choice.weight) ?? []), times as FormatTimes]);
    }
    for (const [weight, times] of uses) {
      this.#formats.set(weight, {
        sparse: geometricMean(times.map(({ sparse }) => sparse)),
        dense: geometricMean(times.map(({ dense }) => dense)),
      });
      this.#decided.add(weight);
    }
    this.#isSaved = false;
  }

  /**
   * Adds what became known to the store, if there is one; what that throws is thrown. Whoever calls it while another save is
   * on its way waits for that, and saves what it left.
   */
  async save(): Promise<void> {
    const saving = this.#saving.then(async () => {
      if (this.#isSaved) return;
      // What is measured while this is written is for the next time.
      this.#isSaved = true;
      try {
        await this.#write();
      } catch (error) {
        this.#isSaved = false;
        throw error;
      }
    });
    this.#saving = saving.catch(() => {});
    await saving;
  }

  /** Every dispatch that had a choice so far, in the order they were met. */
  explain(): DispatchExplanation[] {
    const names = (candidates: readonly Candidate[]) => candidates.map(({ kernel }) => kernel.name);
    return [...this.#asked.values()].map((choice) => {
      const { weight, format, use } = choice;
      const times = this.#times.of(choice);
      const best = this.best(choice);
      const known = this.#times.areOwn(choice) ? 'measured' : 'remembered';
      return {
        weight,
        format,
        use,
        kernel: best.kernel.name,
        why: times.has(best) ? known : 'default',
        milliseconds: Object.fromEntries([...times].map(([{ kernel }, time]) => [kernel.name, time])),
        missing: names(this.#times.missing(choice)),
        failed: names(this.#times.failed(choice)),
      };
    });
  }

  /** What was decided of sparse and dense, by class of weight: milliseconds of all uses measured. */
  explainFormats(): Record<string, FormatTimes> {
    return Object.fromEntries(this.#formats);
  }

  async #write(): Promise<void> {
    if (this.#store === undefined) return;
    const name = recordName(this.#adapter);
    // Other processes may have saved what they measured since this one looked.
    const stored = parseRecord(await this.#store.load(name), this.#adapter);
    const decided = [...this.#formats].filter(([weight]) => this.#decided.has(weight));
    const record = {
      adapter: this.#adapter,
      dispatches: this.#times.addedTo(stored.dispatches),
      formats: { ...stored.formats, ...Object.fromEntries(decided) },
    };
    await this.#store.save(name, formatRecord(record));
  }

  /** Of the candidate that is chosen, where it was measured. */
  #timeOf(choice: Choice): number | undefined {
    return this.#times.of(choice).get(this.best(choice));
  }
}
