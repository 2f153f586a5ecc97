import assert from 'node:assert/strict';
import { appendFile, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { readTfRecords } from '../../../src/io/records/tfrecord.ts';
import { EventFile } from '../../../src/train/watch/event-file.ts';
import { MetricsFile } from '../../../src/train/watch/metrics-file.ts';
import { withDirectory } from '../../io/support.ts';

test('an event file has what TensorBoard looks for, by the definition of its messages', async () => {
  await withDirectory(async (directory) => {
    const before = Date.now() / 1000;
    await using events = await EventFile.create(directory, 7);
    await events.append(8, { loss: 2.5, 'pruning/a/sparsity': 0.75 });
    const [name] = await readdir(directory);
    assert.match(name, /tfevents/);
    const read: Message[] = [];
    for await (const record of readTfRecords(join(directory, name))) read.push(fieldsOf(await record.read()));
    const [version, start, scalars] = read;
    assert.equal(read.length, 3);
    for (const event of read) {
      const time = asDouble(event.get(1)![0]);
      assert.ok(time >= before && time <= Date.now() / 1000, `${time}`);
    }
    assert.equal(text(version.get(3)![0]), 'brain.Event:2');
    // SessionLog.status 1 is START; its step says from where on earlier files do not count.
    assert.deepEqual([varint(start.get(2)![0]), varint(fieldsOf(start.get(7)![0]).get(1)![0])], [7, 1]);
    assert.equal(varint(scalars.get(2)![0]), 8);
    const values = fieldsOf(scalars.get(5)![0])
      .get(1)!
      .map((value) => fieldsOf(value))
      .map((value) => [text(value.get(1)![0]), asFloat(value.get(2)![0])]);
    assert.deepEqual(values, [
      ['loss', 2.5],
      ['pruning/a/sparsity', 0.75],
    ]);
  });
});

test('records beyond a step, and what a crash left of one, are dropped', async () => {
  await withDirectory(async (directory) => {
    const path = join(directory, 'metrics.jsonl');
    const write = async (kept: number, ...steps: number[]) => {
      await using file = await MetricsFile.open(path, kept);
      for (const step of steps) await file.append({ step, loss: step / 2 });
    };
    await write(0, 2, 4, 6);
    await appendFile(path, '{"step":8,"lo');
    await write(4, 5);
    const lines = (await readFile(path, 'utf8')).split('\n');
    assert.deepEqual(lines, ['{"step":2,"loss":1}', '{"step":4,"loss":2}', '{"step":5,"loss":2.5}', '']);
    await writeFile(path, 'no JSON\n{"step":1}\n');
    await write(9, 10);
    assert.equal(await readFile(path, 'utf8'), '{"step":10,"loss":5}\n');
  });
});

/** Payloads by field number. */
type Message = ReadonlyMap<number, Uint8Array[]>;

/** A protocol buffer, by its wire format: written for this test, apart from what writes it. */
function fieldsOf(bytes: Uint8Array): Message {
  const fields = new Map<number, Uint8Array[]>();
  let at = 0;
  const next = () => {
    const begin = at;
    while (bytes[at] >= 128) at++;
    return bytes.subarray(begin, ++at);
  };
  while (at < bytes.length) {
    const key = varint(next());
    const wire = key % 8;
    let payload: Uint8Array;
    if (wire === 0) payload = next();
    else {
      const length = wire === 1 ? 8 : wire === 5 ? 4 : varint(next());
      payload = bytes.subarray(at, at + length);
      at += length;
    }
    fields.set(Math.floor(key / 8), [...(fields.get(Math.floor(key / 8)) ?? []), payload]);
  }
  return fields;
}

function varint(bytes: Uint8Array): number {
  return bytes.reduce((sum, byte, i) => sum + (byte & 127) * 128 ** i, 0);
}

function asDouble(bytes: Uint8Array): number {
  return new DataView(bytes.buffer, bytes.byteOffset).getFloat64(0, true);
}

function asFloat(bytes: Uint8Array): number {
  return new DataView(bytes.buffer, bytes.byteOffset).getFloat32(0, true);
}

function text(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}
