import { Turns } from '../../src/base/turns.ts';
import { TsosError } from '../../src/browser.ts';
import type { Failure, Order, Report, TaskName } from './protocol.ts';
import { tasks } from './tasks.ts';

/*
 * The script of the engine's worker. Tasks run one after the other, as they come: they share a device.
 */

const turns = new Turns();
const stops = new Map<number, AbortController>();

addEventListener('message', async ({ data }: MessageEvent<Order>) => {
  if ('stop' in data) return stops.get(data.id)?.abort();
  const { id, name, input } = data;
  const controller = new AbortController();
  stops.set(id, controller);
  try {
    const gave = await turns.take(() => perform(id, name, input, controller.signal));
    report({ id, gave });
  } catch (error) {
    report({ id, failed: inWords(error) });
  } finally {
    stops.delete(id);
  }
});

function perform(id: number, name: TaskName, input: unknown, signal: AbortSignal): Promise<unknown> {
  signal.throwIfAborted();
  const tell = (told: unknown) => report({ id, told });
  return tasks[name](input as never, { tell, signal });
}

function report(message: Report): void {
  postMessage(message);
}

/** Errors of this package are sentences; of others, at least it is said what they are. */
function inWords(error: unknown): Failure {
  const { name, message } = error as Error;
  if (error instanceof TsosError || name === 'AbortError') return { name, message };
  return { name, message: `Something went wrong that should not have: ${message}` };
}
