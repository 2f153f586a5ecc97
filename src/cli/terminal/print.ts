import { TsosError } from '../../base/errors.ts';

/**
 * Writes to stdout and waits until it is through, so that nothing is lost when the process ends. A reader that has gone away
 * (`tsos inspect … | head`) ends the process quietly.
 * @throws {TsosError} when stdout cannot be written to, such as a file on a full disk.
 */
export async function print(text: string): Promise<void> {
  if (text === '') return;
  const failure = await write(text);
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
    process.stderr.write(`tsos: ${text.split('\n').map(printable).join('\n')}\n`);
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

/** A name, in a checkpoint or of a file, may hold anything; what would act on the terminal is escaped. */
export function printable(name: string): string {
  return name.replace(/[\p{Cc}\p{Cs}]/gu, (character) => {
    const escaped = JSON.stringify(character).slice(1, -1);
    // JSON leaves the control characters from U+007F on as they are, U+009B among them, which begins a command.
    return escaped === character ? `\\u00${character.charCodeAt(0).toString(16)}` : escaped;
  });
}

function write(text: string): Promise<NodeJS.ErrnoException | undefined> {
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
