import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AnsweringThread } from '../../../src/io/threads/answering-thread.ts';

test('an answer that comes while a thread is ended does not let the process end before', async () => {
  const said: boolean[] = [];
  let answer: (value: unknown) => void = () => {};
  const port = {
    post() {},
    listen(onAnswer: (value: unknown) => void) {
      answer = onAnswer;
      queueMicrotask(() => onAnswer('ready'));
    },
    keepAlive: (yes: boolean) => void said.push(yes),
    async terminate() {
      answer('late');
    },
  };
  const thread = await AnsweringThread.over<string, string>(port, 'testing');
  assert.deepEqual(said, [true, false]);
  const asked = thread.ask('question');
  await thread.close();
  assert.equal(await asked, 'late');
  assert.deepEqual(said, [true, false, true]);
});
