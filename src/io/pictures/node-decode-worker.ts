/** The script of a thread that decodes, under Node, Deno and Bun. */
import { answerParent } from '../threads/node-thread.ts';
import { decoded } from './decode-threads.ts';

answerParent(decoded);
