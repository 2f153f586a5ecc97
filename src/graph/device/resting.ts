/*
 * Dawn under Node and Bun learns of finished work by looking in every turn of the event loop, and turns it without pause while
 * anything is awaited: the main thread takes a whole core. A software adapter needs that core to compute. So while it is waited for, the
 * main thread sleeps a little in every turn.
 */

/** The longest sleep, in milliseconds: what else the process has to do waits no longer than that. */
const LONGEST_MS = 1;
/** A sleep is this share of the wait so far, so that none makes a short wait much longer. */
const SHARE = 0.1;

/** Nobody wakes who sleeps on it. Made when first needed: browsers need not have shared memory. */
let bed: Int32Array | undefined;
let waits = 0;
let since = 0;
let isTurning = false;

/** What `work` gives; until it is there, the main thread rests between turns of the event loop. For Node and Bun. */
export async function resting<T>(work: Promise<T>): Promise<T> {
  if (waits++ === 0) since = performance.now();
  if (!isTurning) {
    isTurning = true;
    setImmediate(turn);
  }
  try {
    return await work;
  } finally {
    waits--;
  }
}

function turn(): void {
  isTurning = waits > 0;
  if (!isTurning) return;
  bed ??= new Int32Array(new SharedArrayBuffer(4));
  Atomics.wait(bed, 0, 0, Math.min(LONGEST_MS, SHARE * (performance.now() - since)));
  setImmediate(turn);
}
