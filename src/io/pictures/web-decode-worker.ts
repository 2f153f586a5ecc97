/** The script of a Web Worker that decodes. */
import { answerPage } from '../threads/web-thread.ts';
import { decoded } from './decode-threads.ts';

answerPage(decoded);
