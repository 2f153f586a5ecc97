import type { Reply, ThreadPort } from './answering-thread.ts';

/** A Web Worker, as browsers, Deno and Bun have them. */
export function webThread(worker: Worker): ThreadPort {
  return {
    post: (question, given) => worker.postMessage(question, given),
    listen(onAnswer, onFailure) {
      worker.addEventListener('message', ({ data }) => onAnswer(data));
      // A script that cannot be had has no message.
      worker.addEventListener('error', (event) => {
        event.preventDefault();
        onFailure(new Error(event.message || 'its script cannot be loaded'));
      });
    },
    keepAlive() {},
    async terminate() {
      worker.terminate();
    },
  };
}

/** In the script of a Web Worker: says that it is ready, then answers each question. */
export function answerPage<Question>(answer: (question: Question) => Reply): void {
  // What a worker has as its global object; that of a page, which the types are of, posts otherwise.
  const scope = globalThis as unknown as Pick<Worker, 'postMessage' | 'addEventListener'>;
  scope.addEventListener('message', ({ data }) => {
    const reply = answer(data as Question);
    scope.postMessage(reply.answer, reply.given);
  });
  scope.postMessage('ready');
}
