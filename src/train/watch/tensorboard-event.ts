import { ProtoWriter } from '../../io/bytes/protobuf.ts';

/** What TensorBoard takes the first event of a file for. */
const FILE_VERSION = 'brain.Event:2';
/** `SessionLog.START` */
const START = 1;

/** The first event of a file. @param seconds since 1970 */
export function versionEvent(seconds: number): Uint8Array {
  return new ProtoWriter().double(1, seconds).bytes(3, utf8(FILE_VERSION)).finish();
}

/** Says that a run begins, or goes on, with a step: what earlier files have of it and later ones does not count. */
export function startEvent(seconds: number, step: number): Uint8Array {
  const log = new ProtoWriter().int(1, START).finish();
  return new ProtoWriter().double(1, seconds).int(2, step).bytes(7, log).finish();
}

/** Scalars of a step, by their tags: a `tensorflow.Event` with a `Summary`. */
export function scalarsEvent(
  seconds: number,
  step: number,
  scalars: Readonly<Record<string, number>>,
): Uint8Array {
  const summary = new ProtoWriter();
  for (const [tag, value] of Object.entries(scalars)) {
    summary.bytes(1, new ProtoWriter().bytes(1, utf8(tag)).float(2, value).finish());
  }
  return new ProtoWriter().double(1, seconds).int(2, step).bytes(5, summary.finish()).finish();
}

function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
