import { createHash } from 'node:crypto';
import { readFile, readlink } from 'node:fs/promises';
import { hostname } from 'node:os';
import process from 'node:process';
import { type Shape, text, whole } from '../../base/json-shape.ts';

/** A process, told apart from all others: of other machines and containers, and of those that had its number before. */
export interface Owner {
  readonly host: string;
  /** Where its number means something: a digest of host, boot and the container's own numbering of processes. */
  readonly space: string;
  readonly pid: number;
  /** When it was started, in a clock of the system's; empty where that does not tell. */
  readonly started: string;
}

export const OWNER_FIELDS = {
  host: text(),
  space: text(),
  pid: whole({ least: 1 }),
  started: text(),
} satisfies { readonly [Name in keyof Owner]: Shape<Owner[Name]> };

let self: Promise<Owner> | undefined;

/** This process. */
export function thisOwner(): Promise<Owner> {
  self ??= describeSelf();
  return self;
}

/** Whether an owner has the number of this process. */
export async function isSelf({ space, pid }: Owner): Promise<boolean> {
  const self = await thisOwner();
  return space === self.space && pid === self.pid;
}

/**
 * What can be known of a process from here. Of another machine, or another container, that is nothing: its number may be
 * anybody's here.
 */
export async function stateOf(owner: Pick<Owner, 'space' | 'pid' | 'started'>): Promise<OwnerState> {
  if (owner.space !== (await thisOwner()).space) return 'elsewhere';
  if (!exists(owner.pid)) return 'dead';
  const started = await startOf(owner.pid);
  const isAnother = started !== '' && owner.started !== '' && started !== owner.started;
  return isAnother ? 'dead' : 'living';
}

export type OwnerState = 'living' | 'dead' | 'elsewhere';

async function describeSelf(): Promise<Owner> {
  const host = hostname();
  const boot = await readFile('/proc/sys/kernel/random/boot_id', 'utf8').catch(() => '');
  const numbering = await readlink('/proc/self/ns/pid').catch(() => '');
  const space = createHash('sha256').update(`${host} ${boot} ${numbering}`).digest('hex').slice(0, 12);
  return { host, space, pid: process.pid, started: await startOf(process.pid) };
}

/** A process that may not be asked is one all the same. */
function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Field 22 of Linux's `/proc/<pid>/stat`: clock ticks from the boot. The second, a name in brackets, may hold anything. */
async function startOf(pid: number): Promise<string> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
}
