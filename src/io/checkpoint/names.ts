import { UsageError } from '../../base/errors.ts';

const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
/** A byte that is no UTF-8 stands in a name as this plus the byte: a lone surrogate, which UTF-8 never gives. */
const ESCAPE = 0xdc00;

/** A tensor name from its bytes. Bytes that are not UTF-8 become U+DC80..U+DCFF, so that nothing is lost. */
export function decodeName(bytes: Uint8Array): string {
  return decodeUtf8(bytes) ?? decodeWithEscapes(bytes);
}

/** The bytes of a tensor name: the inverse of `decodeName`. */
export function encodeName(name: string): Uint8Array {
  if (!/\p{Surrogate}/u.test(name)) return new TextEncoder().encode(name);
  return Uint8Array.from(
    Array.from(name).flatMap((character) => {
      const code = character.codePointAt(0)!;
      if (code >= ESCAPE + 0x80 && code <= ESCAPE + 0xff) return [code - ESCAPE];
      if (code >= 0xd800 && code <= 0xdfff) {
        throw new UsageError(
          `the tensor name ${JSON.stringify(name)} holds half a surrogate pair: it is no text`,
        );
      }
      return Array.from(new TextEncoder().encode(character));
    }),
  );
}

/** Order of two byte strings, as tables sort their keys. */
export function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const shared = Math.min(a.length, b.length);
  for (let i = 0; i < shared; i++) if (a[i] !== b[i]) return a[i] - b[i];
  return a.length - b.length;
}

function decodeUtf8(bytes: Uint8Array): string | undefined {
  try {
    return strictUtf8.decode(bytes);
  } catch {
    return undefined;
  }
}

function decodeWithEscapes(bytes: Uint8Array): string {
  let text = '';
  for (let at = 0; at < bytes.length; ) {
    const length = sequenceLength(bytes[at]);
    const character = decodeUtf8(bytes.subarray(at, at + length));
    text += character ?? String.fromCharCode(ESCAPE + bytes[at]);
    at += character === undefined ? 1 : length;
  }
  return text;
}

function sequenceLength(lead: number): number {
  if (lead < 0xc0) return 1;
  if (lead < 0xe0) return 2;
  return lead < 0xf0 ? 3 : 4;
}
