import { DataError } from '../../base/errors.ts';

/** Applies the records `LENGTH key=value\n` of a pax header to `base`; an empty value deletes its key. */
export function parsePax(
  body: Uint8Array,
  base: ReadonlyMap<string, string>,
  file: string,
): ReadonlyMap<string, string> {
  const records = new Map(base);
  for (let at = 0; at < body.length && body[at] !== 0; ) {
    const record = recordAt(body, at);
    if (record === undefined) throw new DataError('a pax record of the archive is damaged', { file });
    const text = new TextDecoder().decode(record.content);
    const equals = text.indexOf('=');
    if (equals < 0) throw new DataError(`the pax record ${JSON.stringify(text)} has no value`, { file });
    const value = text.slice(equals + 1);
    if (value === '') records.delete(text.slice(0, equals));
    else records.set(text.slice(0, equals), value);
    at = record.end;
  }
  return records;
}

/** The length counts the whole record: its own digits, the blank and the newline. */
function recordAt(body: Uint8Array, at: number): { content: Uint8Array; end: number } | undefined {
  const blank = body.indexOf(0x20, at);
  if (blank < 0 || blank - at > 10) return undefined;
  const digits = new TextDecoder().decode(body.subarray(at, blank));
  const end = at + Number(digits);
  const isWhole = /^\d+$/.test(digits) && end > blank + 1 && end <= body.length && body[end - 1] === 0x0a;
  return isWhole ? { content: body.subarray(blank + 1, end - 1), end } : undefined;
}
