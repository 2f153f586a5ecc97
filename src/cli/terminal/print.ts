import { TsosError } from '../../base/errors.ts';
import { printable, printableJson, printableLines } from '../../base/printable.ts';

/**
 * Writes a text for people to stdout; see {@link print}. What of it comes from files is escaped where it would act on a
 * terminal, so names must be `printable` already where a line of their own would mislead.
 */
export async function printText(text: string): Promise<void> {
  await write(printableLines(text));
}

/** Writes a value as a line of JSON to stdout; see {@link print}. */
export async function printJson(value: unknown): Promise<void> {
  await write(`${printableJson(value)}\n`);
}

/**
 * Writes lines for programs to stdout, as they are; only a terminal gets them escaped. Waits until they are through, so that
 * nothing is lost when the process ends. A reader that has gone away (`tsos inspect … | head`) ends the process quietly.
 * @throws {TsosError} when stdout cannot be written to, such as a file on a full disk.
 */
export async function print(text: string): Promise<void> {
  await write(process.stdout.isTTY ? printableLines(text) : text);
}

async function write(text: string): Promise<void> {
  if (text === '') return;
  const failure = await send(text);
  if (failure === undefined) return;
  if (failure.code === 'EPIPE') process.exit();
  const full = failure.code === 'ENOSPC';
  throw new TsosError(
    full ? 'stdout: the disk is full; free some space' : `stdout: cannot be written (${failure.message})`,
    { cause: failure },
  );
}

/** Whether notes and progress are kept from the user, who asked for it with --quiet. */
let quiet = false;

/** From here on stderr gets nothing but errors. */
export function beQuiet(): void {
  quiet = true;
}

export function isQuiet(): boolean {
  return quiet;
}

/** Tells the user something that is neither a result nor an error. */
export function note(text: string): void {
  if (!quiet) complain(text);
}

/** Tells the user what went wrong. */
export function complain(text: string): void {
  try {
    process.stderr.write(`tsos: ${printable(text)}\n`);
    // Deno throws where others tell of it by an event.
  } catch {}
}

/**
 * Lets work go on where nobody reads what it tells, or where that goes to a full disk: progress is no reason to stop. Unheard,
 * the event would end the process.
 */
export function surviveLostStderr(): void {
  process.stderr.on('error', () => {});
}

function send(text: string): Promise<NodeJS.ErrnoException | undefined> {
  return new Promise<NodeJS.ErrnoException | undefined>((resolve) => {
    // Unheard, the event would end the process with a stack trace.
    process.stdout.once('error', resolve);
    process.stdout.write(text, (error) => {
      if (error) return resolve(error);
      process.stdout.off('error', resolve);
      resolve(undefined);
    });
    // Deno throws instead of calling back.
  }).catch((error) => error);
}
