import type { AdapterDescription } from '../adapter-description.ts';

/** Times of the kernels that can do a dispatch. */
export interface DispatchTimes {
  /** Digest of the kernels' texts: times of others are stale. */
  readonly kernels: string;
  /** Least milliseconds of a run, by the kernel's name. */
  readonly milliseconds: Readonly<Record<string, number>>;
}

/** Milliseconds of the uses of a weight, geometric mean, held sparse and held dense. */
export interface FormatTimes {
  readonly sparse: number;
  readonly dense: number;
}

/** What is kept of one adapter. */
export interface TuningRecord {
  readonly adapter: AdapterDescription;
  readonly dispatches: Readonly<Record<string, DispatchTimes>>;
  readonly formats: Readonly<Record<string, FormatTimes>>;
}

/** Rises when records of before can no longer be read. */
const VERSION = 1;

/** The name an adapter's record is stored under: legible, and another for every driver, library and runtime. */
export function recordName(adapter: AdapterDescription): string {
  const legible = (adapter.description || adapter.device || adapter.architecture || 'adapter')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, 40);
  return `${legible}-${textDigest(JSON.stringify(identity(adapter)))}`;
}

/** A record as it is stored. */
export function formatRecord(record: TuningRecord): unknown {
  return { version: VERSION, ...record };
}

/** What is sound of a stored record of this adapter: all, some or nothing of it. */
export function parseRecord(stored: unknown, adapter: AdapterDescription): TuningRecord {
  const nothing: TuningRecord = { adapter, dispatches: {}, formats: {} };
  if (!isObject(stored) || stored.version !== VERSION || !isObject(stored.adapter)) return nothing;
  const kept = stored.adapter as Partial<AdapterDescription>;
  const own = identity(adapter);
  if (!identity(kept).every((part, index) => part === own[index])) return nothing;
  return {
    adapter,
    dispatches: soundEntries(stored.dispatches, isDispatchTimes),
    formats: soundEntries(stored.formats, isFormatTimes),
  };
}

/** A short digest of texts (FNV-1a, 32 bits): it tells versions apart, not enemies. */
export function textDigest(...texts: readonly string[]): string {
  let hash = 0x811c9dc5;
  for (const text of texts) {
    for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  }
  return (hash >>> 0).toString(16).padStart(8, '0');
}

function identity(adapter: Partial<AdapterDescription>): readonly unknown[] {
  const { vendor, architecture, device, description, runtime, library } = adapter;
  return [vendor, architecture, device, description, runtime, library ?? ''];
}

function soundEntries<T>(entries: unknown, isSound: (entry: unknown) => entry is T): Record<string, T> {
  if (!isObject(entries)) return {};
  return Object.fromEntries(
    Object.entries(entries).filter((entry): entry is [string, T] => isSound(entry[1])),
  );
}

function isDispatchTimes(entry: unknown): entry is DispatchTimes {
  return (
    isObject(entry) &&
    typeof entry.kernels === 'string' &&
    isObject(entry.milliseconds) &&
    Object.values(entry.milliseconds).length > 0 &&
    Object.values(entry.milliseconds).every(isTime)
  );
}

function isFormatTimes(entry: unknown): entry is FormatTimes {
  return isObject(entry) && isTime(entry.sparse) && isTime(entry.dense);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isTime(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value > 0;
}
