import assert from 'node:assert/strict';
import { test } from 'node:test';
import { discardBody } from '../../../src/io/bytes/discard-body.ts';

test('a body is let go of, also where it could not have been read, and where there is none', async () => {
  let canceled = 0;
  const failing = new ReadableStream({
    cancel() {
      canceled++;
      throw new Error('damaged');
    },
  });
  await discardBody(new Response(failing));
  assert.equal(canceled, 1);
  await discardBody(new Response(null));
  await discardBody(undefined);
});
