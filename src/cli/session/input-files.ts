import { createHash } from 'node:crypto';
import { DataError } from '../../base/errors.ts';
import { type CheckpointDigest, checkpointDigest } from '../../io/checkpoint/checkpoint-digest.ts';
import { readBytes, STDIN } from '../../io/files/read-file.ts';
import { note } from '../terminal/print.ts';

export interface InputText {
  readonly text: string;
  /** Of the bytes, in hexadecimal. */
  readonly sha256: string;
}

/**
 * Reads a text, or stdin where no file is named.
 * @throws {DataError} where it cannot be read or is no UTF-8.
 */
export async function readInput(path: string | undefined): Promise<InputText> {
  const bytes = path === undefined ? await readStdin() : await readBytes(path);
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    return { text, sha256: sha256(bytes) };
  } catch (cause) {
    throw new DataError('is not valid UTF-8; convert it first', { file: path ?? 'stdin' }, { cause });
  }
}

/** What a translation was made from. */
export interface InputDigests {
  readonly checkpoint: { readonly path: string } & CheckpointDigest;
  readonly vocabulary: { readonly path: string; readonly sha256: string };
  /** `path` is null for stdin. */
  readonly input: { readonly path: string | null; readonly sha256: string };
}

/** Hashes a checkpoint and a vocabulary; of the input text the hash is known. */
export async function digestInputs(
  checkpoint: string,
  vocabulary: string,
  input: InputDigests['input'],
): Promise<InputDigests> {
  return {
    checkpoint: { path: checkpoint, ...(await checkpointDigest(checkpoint)) },
    vocabulary: { path: vocabulary, sha256: sha256(await readBytes(vocabulary)) },
    input,
  };
}

function readStdin(): Promise<Uint8Array> {
  if (process.stdin.isTTY) note('reading sentences from the terminal; end them with Ctrl-D');
  return readBytes(STDIN);
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
