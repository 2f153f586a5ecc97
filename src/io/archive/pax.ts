import { DataError } from '../../base/errors.ts';

/**
 * Applies the records `LENGTH key=value\n` of a pax header to `base`; an empty value deletes its key. The places and
 * lengths of GNU's sparse format 0.0, which come as records that repeat, are gathered to the one record of 0.1.
 */
export function parsePax(
  body: Uint8Array,
  base: ReadonlyMap<string, string>,
  file: string,
): ReadonlyMap<string, string> {
  const records = new Map(base);
  const places: string[] = [];
  for (let at = 0; at < body.length && body[at] !== 0; ) {
    const record = recordAt(body, at);
    if (record === undefined) throw new DataError('a pax record of the archive is damaged', { file });
    const text = new TextDecoder().decode(record.content);
    const equals = text.indexOf('=');
    if (equals < 0) throw new DataError(`the pax record ${JSON.stringify(text)} has no value`, { file });
    const key = text.slice(0, equals);
    const value = text.slice(equals + 1);
    if (key === 'GNU.sparse.offset' || key === 'GNU.sparse.numbytes') places.push(value);
    else if (value === '') records.delete(key);
    else records.set(key, value);
    at = record.end;
  }
  if (places.length > 0) records.set('GNU.sparse.map', places.join(','));
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
