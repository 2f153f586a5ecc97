import { open } from 'node:fs/promises';
import process from 'node:process';
import { explainReadFailure } from './read-failure.ts';

/** A whole file. A pipe gives its bytes only once: they are kept for who reads it again. @throws {DataError} where it cannot be read. */
export async function readBytes(file: string): Promise<Uint8Array<ArrayBuffer>> {
  return readOrKept(file).catch((cause: Error) => {
    throw explainReadFailure(file, cause);
  });
}

/** As `readBytes`, of UTF-8; what is not stands as U+FFFD. */
export async function readText(file: string): Promise<string> {
  return new TextDecoder('utf-8', { ignoreBOM: true }).decode(await readBytes(file));
}

/** What a process reads that is given a text: stdin, which may be a socket and cannot always be opened by a path. */
export const STDIN = '/dev/stdin';

/** What pipes gave, by their paths. */
const kept = new Map<string, Promise<Uint8Array<ArrayBuffer>>>();

async function readOrKept(file: string): Promise<Uint8Array<ArrayBuffer>> {
  const before = kept.get(file);
  if (before !== undefined) return before;
  if (file === STDIN) {
    const reading = readStdin();
    kept.set(file, reading);
    return reading;
  }
  const handle = await open(file);
  try {
    const isPipe = (await handle.stat()).isFIFO();
    const reading = handle.readFile();
    if (isPipe) kept.set(file, reading);
    return await reading;
  } finally {
    await handle.close();
  }
}

async function readStdin(): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of process.stdin) chunks.push(chunk);
  return new Uint8Array(Buffer.concat(chunks));
}
