import type { AnsweringThread, Reply } from '../threads/answering-thread.ts';
import { type PictureView, type Prepared, prepare } from './prepare.ts';

/** A JPEG, and how it is to be seen. */
export interface DecodeQuestion {
  /** The picture as it is stored. */
  readonly jpeg: Uint8Array;
  /** What of it, and how large. */
  readonly view: PictureView;
}

/** A thread that decodes JPEGs; the memory that they are in goes to it. */
export type DecodeThread = AnsweringThread<DecodeQuestion, Prepared>;

/** Where threads that decode come from. */
export interface DecodeThreads {
  /** How many are worth having: one less than there are cores, at least 1 and at most 8. */
  count(): number;
  /** Starts one. @throws where none can be had. */
  start(): Promise<DecodeThread>;
}

/** For a computer of so many cores: the calling thread needs one. */
export function threadsFor(cores: number): number {
  return Math.min(Math.max(cores - 1, 1), 8);
}

/** What such a thread answers. */
export function decoded({ jpeg, view }: DecodeQuestion): Reply {
  const answer = prepare(jpeg, view);
  return { answer, given: 'pixels' in answer ? [answer.pixels.buffer] : [] };
}
