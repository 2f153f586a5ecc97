import { UsageError } from '../../errors.ts';
import { geometricMean } from '../../geometric-mean.ts';
import type { AdapterDescription } from '../adapter-description.ts';
import type { Candidate, Choice } from '../node.ts';
import {
  type DispatchTimes,
  type FormatTimes,
  formatRecord,
  parseRecord,
  recordName,
  type TuningRecord,
  textDigest,
} from './tuning-record.ts';

/** Where measurements outlive the process. Whatever `load` gives is checked: a damaged or foreign record does no harm. */
export interface TuningStore {
  /** What was saved under the name, or `undefined`. */
  load(name: string): Promise<unknown>;
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

/** Why a dispatch runs the kernel it runs. */
export interface DispatchExplanation extends Omit<Choice, 'candidates'> {
  readonly kernel: string;
  /** Measured by this process or by an earlier one; else the variant that suits the class of device. */
  readonly why: 'measured' | 'remembered' | 'default';
  /** Least milliseconds of a run, by kernel; empty where nothing was measured. */
  readonly milliseconds: Readonly<Record<string, number>>;
}

/**
 * What is known of the speed of kernel variants on a device. Choosing by it never changes a result: all candidates of a
 * dispatch give equal bits. Whether a weight is held sparse or dense does change the rounding; that is only decided anew
 * when asked for (`decideFormats`).
 */
export class Tuning {
  readonly #adapter: AdapterDescription;
  readonly #store: TuningStore | undefined;
  readonly #dispatches: Map<string, DispatchTimes>;
  readonly #formats: Map<string, FormatTimes>;
  readonly #measuredHere = new Set<string>();
  readonly #asked = new Map<string, Choice>();
  #milliseconds: number;
  #turn: Promise<unknown> = Promise.resolve();
  #isSaved = true;
  #saved: Promise<unknown> = Promise.resolve();

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
    this.#dispatches = new Map(Object.entries(record.dispatches));
    this.#formats = new Map(Object.entries(record.formats));
  }

  /**
   * Starts with what the store has of the adapter; a store that cannot be read counts as empty.
   * @throws {UsageError} for a budget that is no number of seconds.
   */
  static async open(adapter: AdapterDescription, options: TuningOptions): Promise<Tuning> {
    return new Tuning(adapter, options, await storedRecord(options.store, adapter));
  }

  /** Whether this process has measured anything. */
  get measured(): boolean {
    return this.#measuredHere.size > 0;
  }

  /** Whether there is something to choose a dispatch by, or time to find it; without, its first candidate will do. */
  chooses(dispatch: Omit<Choice, 'candidates'>): boolean {
    return this.#milliseconds > 0 || this.#dispatches.has(dispatchName(dispatch));
  }

  /** The fastest candidate that is known, else the first. */
  best(choice: Choice): Candidate {
    this.#asked.set(dispatchName(choice), choice);
    const [usual] = choice.candidates;
    const milliseconds = this.#timesOf(choice);
    if (milliseconds === undefined) return usual;
    const time = ({ kernel }: Candidate) => milliseconds[kernel.name] ?? Number.POSITIVE_INFINITY;
    const fastest = choice.candidates.reduce((best, each) => (time(each) < time(best) ? each : best));
    return time(fastest) < (1 - WORTHWHILE) * time(usual) ? fastest : usual;
  }

  /** Whether measuring a dispatch would tell something new, and there is time left for it. */
  wantsTimes(choice: Choice): boolean {
    return this.#milliseconds > 0 && this.#timesOf(choice) === undefined;
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

  /** Keeps the least milliseconds of all candidates of a dispatch, by the kernel's name. */
  keepTimes(choice: Choice, milliseconds: Readonly<Record<string, number>>): void {
    this.#dispatches.set(dispatchName(choice), { kernels: digest(choice), milliseconds });
    this.#measuredHere.add(dispatchName(choice));
    this.#isSaved = false;
  }

  /**
   * Decides for every weight that this process met both sparse and dense, by the geometric mean of the times known of its
   * uses: how often a model makes use of each is not known. Models loaded afterwards hold their weights so, also when the
   * kernels have changed since, lest results change by a bit unasked.
   */
  decideFormats(): void {
    const uses = new Map<string, FormatTimes[]>();
    for (const choice of this.#asked.values()) {
      if (choice.format === 'dense') continue;
      const dense = this.#asked.get(dispatchName({ ...choice, format: 'dense' }));
      const times = dense && { sparse: this.#leastOf(choice), dense: this.#leastOf(dense) };
      if (times?.sparse === undefined || times.dense === undefined) continue;
      uses.set(choice.weight, [...(uses.get(choice.weight) ?? []), times as FormatTimes]);
    }
    for (const [weight, times] of uses) {
      this.#formats.set(weight, {
        sparse: geometricMean(times.map(({ sparse }) => sparse)),
        dense: geometricMean(times.map(({ dense }) => dense)),
      });
    }
    this.#isSaved = false;
  }

  /** Adds what became known to the store, if there is one; what that throws is thrown. */
  async save(): Promise<void> {
    if (this.#isSaved) return;
    // What is measured while this is written is for the next time.
    this.#isSaved = true;
    const saved = this.#saved.then(() => this.#write());
    this.#saved = saved.catch(() => {
      this.#isSaved = false;
    });
    await saved;
  }

  /** Every dispatch that had a choice so far, in the order they were met. */
  explain(): DispatchExplanation[] {
    return [...this.#asked.values()].map((choice) => {
      const { weight, format, use } = choice;
      const milliseconds = this.#timesOf(choice);
      const known = this.#measuredHere.has(dispatchName(choice)) ? 'measured' : 'remembered';
      const why = milliseconds ? known : 'default';
      return {
        weight,
        format,
        use,
        kernel: this.best(choice).kernel.name,
        why,
        milliseconds: milliseconds ?? {},
      };
    });
  }

  /** What was decided of sparse and dense, by class of weight: milliseconds of all uses measured. */
  explainFormats(): Record<string, FormatTimes> {
    return Object.fromEntries(this.#formats);
  }

  async #write(): Promise<void> {
    if (this.#store === undefined) return;
    // Other processes may have saved what they measured since this one looked.
    const stored = await storedRecord(this.#store, this.#adapter);
    const record = {
      adapter: this.#adapter,
      dispatches: { ...stored.dispatches, ...Object.fromEntries(this.#dispatches) },
      formats: { ...stored.formats, ...Object.fromEntries(this.#formats) },
    };
    await this.#store.save(recordName(this.#adapter), formatRecord(record));
  }

  /** Times taken of just these kernels. */
  #timesOf(choice: Choice): Readonly<Record<string, number>> | undefined {
    const known = this.#dispatches.get(dispatchName(choice));
    return known && known.kernels === digest(choice) ? known.milliseconds : undefined;
  }

  #leastOf(choice: Choice): number | undefined {
    const times = this.#timesOf(choice);
    return times && Math.min(...Object.values(times));
  }
}

/** What the store has of an adapter; nothing where it cannot be read. */
async function storedRecord(
  store: TuningStore | undefined,
  adapter: AdapterDescription,
): Promise<TuningRecord> {
  let stored: unknown;
  try {
    stored = await store?.load(recordName(adapter));
  } catch {
    // As if it were empty.
  }
  return parseRecord(stored, adapter);
}

/** What tells dispatches apart whose speed may differ. */
export function dispatchName({ weight, format, use }: Omit<Choice, 'candidates'>): string {
  return `${format} ${weight} · ${use}`;
}

function digest({ candidates }: Choice): string {
  return textDigest(...candidates.map(({ kernel }) => kernel.code));
}
