import { SingleBar } from 'cli-progress';
import { isQuiet, note } from './print.ts';
import { timeLeft } from './time-left.ts';

/** Shows on stderr how far some work is, and how long the rest takes. */
export interface Progress extends Disposable {
  /** @param detail more about it, such as a speed. */
  update(done: number, total: number, detail?: string): void;
}

/** A bar on a terminal; elsewhere a line every ten seconds and at the end; nothing where the user wants quiet. */
export function showProgress(label: string): Progress {
  if (isQuiet()) return { update() {}, [Symbol.dispose]() {} };
  return process.stderr.isTTY ? bar(label) : lines(label);
}

function bar(label: string): Progress {
  const shown = new SingleBar({
    format: `${label} {bar} {value}/{total} {detail}`,
    stream: process.stderr,
    clearOnComplete: true,
    barsize: 30,
  });
  const left = timeLeft();
  let started = false;
  return {
    update(done, total, text = '') {
      const detail = joined(text, left(done, total));
      if (!started) shown.start(total, done, { detail });
      else shown.update(done, { detail });
      started = true;
    },
    [Symbol.dispose]: () => shown.stop(),
  };
}

function joined(...parts: string[]): string {
  return parts.filter((part) => part !== '').join(', ');
}

const LINE_INTERVAL_MS = 10_000;

function lines(label: string): Progress {
  const left = timeLeft();
  let last = performance.now();
  return {
    update(done, total, detail = '') {
      const rest = left(done, total);
      const now = performance.now();
      if (done < total && now - last < LINE_INTERVAL_MS) return;
      last = now;
      note(`${label} ${done}/${total} ${joined(detail, rest)}`.trimEnd());
    },
    [Symbol.dispose]() {},
  };
}
