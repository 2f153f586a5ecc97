/** What TensorFlow's `checkpoint` file says: which checkpoint is the newest. */
export interface CheckpointState {
  /** As written; undefined when the file names none. */
  readonly newest: string | undefined;
}

/** Comments, or a field with a quoted value, which may be in several quoted pieces. */
const FIELD = /#[^\n]*|(\w{1,64})\s*:((?:\s*(?:"(?:[^"\\\n]|\\[\s\S])*"|'(?:[^'\\\n]|\\[\s\S])*'))+)/g;
const PIECE = /"((?:[^"\\\n]|\\[\s\S])*)"|'((?:[^'\\\n]|\\[\s\S])*)'/g;
const ESCAPE = /\\(?:x([0-9a-fA-F]{1,2})|([0-7]{1,3})|([\s\S]))/g;
const NAMED_ESCAPES: Readonly<Record<string, string>> = {
  n: '\n',
  r: '\r',
  t: '\t',
  a: '\x07',
  b: '\b',
  f: '\f',
  v: '\v',
};

/** Parses the text-format CheckpointState; fields it does not know are ignored. */
export function parseStateFile(bytes: Uint8Array): CheckpointState {
  // One character a byte, since escapes stand for bytes; values are decoded as UTF-8 after unescaping.
  const text = Array.from(bytes, (byte) => String.fromCharCode(byte)).join('');
  let newest: string | undefined;
  for (const [, field, value] of text.matchAll(FIELD)) {
    if (field === 'model_checkpoint_path') newest = unquote(value);
  }
  return { newest };
}

/** The content of a `checkpoint` file that names one checkpoint. */
export function formatStateFile(path: string): string {
  const value = path.replace(/[\\"]/g, '\\$&').replace(/\n/g, '\\n');
  return `model_checkpoint_path: "${value}"\nall_model_checkpoint_paths: "${value}"\n`;
}

function unquote(value: string): string {
  const pieces = [...value.matchAll(PIECE)].map(([, double, single]) => double ?? single);
  const unescaped = pieces.join('').replace(ESCAPE, (_, hex, octal, other) => {
    if (hex !== undefined) return String.fromCharCode(Number.parseInt(hex, 16));
    if (octal !== undefined) return String.fromCharCode(Number.parseInt(octal, 8) & 255);
    return NAMED_ESCAPES[other] ?? other;
  });
  return new TextDecoder().decode(Uint8Array.from(unescaped, (character) => character.charCodeAt(0)));
}
