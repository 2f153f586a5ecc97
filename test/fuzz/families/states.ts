import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { anything, fields, text, whole } from '../../../src/base/json-shape.ts';
import type { AdapterDescription } from '../../../src/graph/device/adapter-description.ts';
import { parseRecord } from '../../../src/graph/tuning/tuning-record.ts';
import { crc32c } from '../../../src/io/bytes/crc32c.ts';
import { readFinishedRun, writeFinishedRun } from '../../../src/io/files/finished-run.ts';
import { FileJournal } from '../../../src/io/files/journal.ts';
import { readBytes } from '../../../src/io/files/read-file.ts';
import { parseJson } from '../../../src/io/files/read-json.ts';
import { formatSealed } from '../../../src/io/files/sealed-json.ts';
import {
  type EvaluationPart,
  evaluationResult,
  formatEvaluationPart,
  mergeEvaluations,
  readEvaluationPart,
} from '../../../src/models/resnet50/evaluation-part.ts';
import { readResults, resultsFolder } from '../../../src/results/reproduction/checkpoint-result.ts';
import { readTargets } from '../../../src/results/reproduction/target.ts';
import { below } from '../../support/random.ts';
import { damagedJson } from '../damage.ts';
import { type Family, onlyOf, single, utf8 } from '../family.ts';

/** What is not JSON by itself is read from a folder of its own. */
let folder: string | undefined;

function scratch(name: string): string {
  if (folder === undefined) {
    const made = mkdtempSync(join(tmpdir(), 'tsos-fuzz-'));
    folder = made;
    process.once('exit', () => rmSync(made, { recursive: true, force: true }));
  }
  return join(folder, name);
}

const PART: EvaluationPart = {
  format: 'tsos evaluation 1',
  identity: {
    checkpoint: 'a'.repeat(64),
    technique: 'variational_dropout',
    threshold: 3,
    valuePrecision: 'f32',
    classes: 1000,
    imageSize: 224,
    data: 'b'.repeat(64),
    limit: null,
  },
  shards: { count: 4, done: [0, 2] },
  totals: { pictures: 5, top1: 2, top5: 4, crossEntropy: '-12345' },
  bad: [{ file: 'a', record: 3, reason: 'cut', lostBytes: 12 }],
  weightDecayLoss: 0.5,
  milliseconds: 12,
  adapters: ['one'],
};

/** Parts of an evaluation: sealed JSON. */
export const parts: Family = {
  name: 'parts',
  seeds: () => [single(utf8(formatEvaluationPart(PART)))],
  // As text, without the checksum, which an earlier version left out.
  repaired: (random) => single(damagedJson(random, PART)),
  async read(files, _, sound) {
    const path = scratch('part.json');
    await writeFile(path, onlyOf(files));
    const part = await readEvaluationPart(path);
    if (sound !== undefined && 'checksum' in JSON.parse(new TextDecoder().decode(onlyOf(files)))) {
      const { checksum: _, ...read } = part as EvaluationPart & { checksum?: string };
      assert.deepEqual(read, PART);
    }
    const { top1, missingShards } = evaluationResult(part);
    assert.ok(top1 === null || (top1 >= 0 && top1 <= 1), `top-1 is ${top1}`);
    assert.ok(missingShards.length <= part.shards.done.length + 1);
    mergeEvaluations([part, { ...PART, identity: part.identity, shards: { count: 4, done: [1] } }]);
  },
};

const TARGET = {
  name: 'one',
  model: 'rn50',
  technique: 'dense',
  sparsity: 0.5,
  figure: 0.75,
  keptWeights: 5,
  totalWeights: 10,
  logAlphaThreshold: 2.5,
  path: 'a/b.tar',
};

const RESULT = {
  format: 'tsos reproduction 2',
  name: 'one',
  model: 'transformer',
  measurement: {
    checkpoint: { path: 'p', sha256: 'c'.repeat(64), technique: 'dense', threshold: null },
    sparsity: { nonzero: 1, total: 2 },
    quality: {
      metric: 'BLEU',
      value: 26.1,
      count: 4,
      details: { signature: 'x', top5: null },
      task: { limit: null, batch: 2 },
      layers: { sparse: 1, dense: 2 },
      environment: { adapter: 'a', software: true, runtime: 'r', webgpu: null, tsos: '0' },
      seconds: 1.5,
    },
  },
};

/** Catalogues and results of reproductions. */
export const reproductions: Family = {
  name: 'reproductions',
  seeds: () => [
    single(utf8(JSON.stringify({ checkpoints: [TARGET] })), 'catalogue'),
    single(utf8(formatSealed(RESULT)), 'result'),
  ],
  repaired: (random) =>
    random() < 0.5
      ? single(damagedJson(random, { checkpoints: [TARGET] }), 'catalogue')
      : single(damagedJson(random, RESULT), 'result'),
  async read(files) {
    const [name] = files.keys();
    if (name === 'catalogue') {
      const path = scratch('catalogue.json');
      await writeFile(path, onlyOf(files));
      return readTargets(path);
    }
    const place = scratch('reproduction');
    await mkdir(resultsFolder(place), { recursive: true });
    await writeFile(join(resultsFolder(place), 'one.json'), onlyOf(files));
    return readResults(place);
  },
};

const HEADER = { checkpoint: 'a', beam: 4, limit: null };
const RECORD = fields({ batch: whole(), text: text() });
const RECORDS = [0, 1, 2].map((batch) => ({ batch, text: `line ${batch}` }));

/** Journals of interrupted runs, and what finished ones leave. */
export const journals: Family = {
  name: 'journals',
  async seeds() {
    await writeFile(scratch('out'), 'done');
    await writeFinishedRun(scratch('out'), HEADER, RECORDS, utf8('done'));
    return [
      single(journalOf(RECORDS.map((each) => JSON.stringify(each))), 'journal'),
      single(await readBytes(scratch('out.done')), 'finished'),
    ];
  },
  repaired(random) {
    const lines = RECORDS.map((each) => JSON.stringify(each));
    const at = below(random, lines.length);
    lines[at] = new TextDecoder().decode(damagedJson(random, RECORDS[at])).replaceAll('\n', ' ');
    return single(journalOf(lines), 'journal');
  },
  async read(files, _, sound) {
    const [name] = files.keys();
    if (name === 'finished') {
      await writeFile(scratch('out.done'), onlyOf(files));
      const found = await readFinishedRun(scratch('out'), { header: HEADER, record: RECORD });
      const isWhole = new TextDecoder().decode(onlyOf(files)).includes('"checksum"');
      if (found !== undefined && isWhole) assert.deepEqual(found, { records: RECORDS, different: [] });
      return;
    }
    const path = scratch('journal');
    await writeFile(path, onlyOf(files));
    const journal = await FileJournal.open(path, { header: HEADER, record: RECORD, resume: true });
    try {
      // Whatever is left of it was written so.
      if (sound !== undefined) assert.deepEqual(journal.records, RECORDS.slice(0, journal.records.length));
    } finally {
      await journal.close();
      await rm(path, { force: true });
    }
  },
};

function journalOf(records: readonly string[]): Uint8Array {
  let checksum = 0;
  const lines = [JSON.stringify(HEADER), ...records].map((json) => {
    checksum = crc32c(utf8(json), checksum);
    return `${checksum.toString(16).padStart(8, '0')} ${json}\n`;
  });
  return utf8(lines.join(''));
}

const ADAPTER: AdapterDescription = {
  vendor: 'v',
  architecture: 'a',
  device: 'd',
  description: 'x',
  runtime: 'r',
  library: undefined,
  software: true,
};
const TUNING = {
  version: 2,
  adapter: ADAPTER,
  dispatches: { one: { kernel: { text: 'abc', milliseconds: 1.5 } } },
  formats: { one: { sparse: 1, dense: 2 } },
};

/** What is kept of an adapter: damage costs measurements, and is never an error. */
export const tuning: Family = {
  name: 'tuning',
  seeds: () => [single(utf8(JSON.stringify(TUNING)))],
  repaired: (random) => single(damagedJson(random, TUNING)),
  read(files) {
    const stored = parseJson(onlyOf(files), 'tuning', anything, 'record');
    const { dispatches, formats } = parseRecord(stored, ADAPTER);
    for (const times of Object.values(dispatches)) {
      for (const { milliseconds } of Object.values(times)) assert.ok(milliseconds > 0);
    }
    for (const { sparse, dense } of Object.values(formats)) assert.ok(sparse > 0 && dense > 0);
  },
};
