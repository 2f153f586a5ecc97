import type { AdapterDescription } from '../device/adapter-description.ts';
import type { FormatTimes } from '../device/kernel-choice.ts';

/** How fast a kernel does a dispatch. */
export interface KernelTime {
  /** Digest of the kernel's text: the time of another is stale. */
  readonly text: string;
  /** Least milliseconds of a run. */
  readonly milliseconds: number;
}

/** What is kept of one adapter. */
export interface TuningRecord {
  readonly adapter: AdapterDescription;
  /** By dispatch and by the kernel's name; not all that can do a dispatch need be there. */
  readonly dispatches: Readonly<Record<string, Readonly<Record<string, KernelTime>>>>;
  readonly formats: Readonly<Record<string, FormatTimes>>;
}

/** Rises when records of before can no longer be read. */
const VERSION = 2;

/**
 * The name an adapter's record is stored under: legible, and another for every driver, library and runtime, and for every
 * version of records, lest versions of this package that run in turn overwrite each other's.
 */
export function recordName(adapter: AdapterDescription): string {
  const legible = (adapter.description || adapter.device || adapter.architecture || 'adapter')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, 40);
  return `${legible}-${textDigest(JSON.stringify([VERSION, ...identity(adapter)]))}`;
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
    dispatches: soundDispatches(stored.dispatches),
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

/** Those of which anything is sound. */
function soundDispatches(dispatches: unknown): Record<string, Record<string, KernelTime>> {
  const sound = Object.entries(soundEntries(dispatches, isObject)).map(
    ([name, times]) => [name, soundEntries(times, isKernelTime)] as const,
  );
  return Object.fromEntries(sound.filter(([, times]) => Object.keys(times).length > 0));
}

function isKernelTime(entry: unknown): entry is KernelTime {
  return isObject(entry) && typeof entry.text === 'string' && isTime(entry.milliseconds);
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
