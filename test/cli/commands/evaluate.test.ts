import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, truncate, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { writeCheckpoint } from '../../../src/io/checkpoint/write-checkpoint.ts';
import { readTensors } from '../../../src/io/exchange/export.ts';
import { imageNetClasses } from '../../../src/io/pictures/imagenet-classes.ts';
import { openPictures } from '../../../src/io/pictures/open-pictures.ts';
import {
  type Classification,
  type NamingOptions,
  nameClasses,
} from '../../../src/models/resnet50/classify-to-file.ts';
import { evaluate } from '../../../src/models/resnet50/evaluate.ts';
import {
  type EvaluationPart,
  type EvaluationResult,
  readEvaluationPart,
} from '../../../src/models/resnet50/evaluation-part.ts';
import { loadResNet50, type ResNet50 } from '../../../src/models/resnet50/model.ts';
import { makeFiles, makeJpeg, makeShards } from '../../io/pictures/made-pictures.ts';
import { withDirectory } from '../../io/support.ts';
import { interruptOnce, type Outcome, tsos } from '../../support/command-line.ts';
import { testGpu } from '../../support/gpu.ts';
import { memoryCheckpoint } from '../../support/memory-checkpoint.ts';
import { assertOneSentence } from '../../support/one-sentence.ts';
import { parsedBySchema } from '../../support/schema.ts';
import { tinyResNet } from '../../support/tiny-resnet.ts';

/** As many as `makeShards` gives pictures of different classes here. */
const CLASSES = 12;
/** Of pictures, which are decoded from larger ones as ever; what commands do with them does not depend on it. */
const IMAGE_SIZE = 64;
/** What can be interrupted between two pictures. */
const SLOW_SIZE = 224;
const SLOWLY = ['--image-size', `${SLOW_SIZE}`];
const TENSORS = tinyResNet({ depth: 18, technique: 'magnitude_pruning', classes: CLASSES });
/** With `--json`. */
type EvaluationReport = EvaluationPart & { versions: unknown; result: EvaluationResult };

/** Exit codes. */
const USAGE = 2;
const DATA = 3;

test('an evaluation gives what the library counts, and its shards add up to it', async () => {
  await withDirectory(async (directory) => {
    const { args, data } = await prepared(directory, [5, 7]);
    const output = join(directory, 'whole');
    // With threads that decode.
    const whole = await succeeds(['evaluate', ...args.slice(0, -2), '--output', output, '--json']);
    const report = await parsedBySchema<EvaluationReport>('evaluate', whole.stdout);
    assert.deepEqual(report.totals, await countedByLibrary(data));
    assert.deepEqual([report.result.pictures, report.result.skipped], [12, 0]);
    assert.match(
      whole.stderr,
      /ResNet-18, magnitude_pruning, \d\d\.\d\d % of all weights are zero, on .*; 12 pictures/,
    );
    assert.match(whole.stderr, /evaluated 12\/12 [\d.]+ pictures\/s, top-1 /);
    // Nine files of a set are named, two are there.
    assert.match(whole.stderr, /2 of 9 files are there/);
    const { versions: _, result: __, ...part } = report;
    assert.deepEqual(await readEvaluationPart(output), part);

    const parts = [0, 1].map((index) => join(directory, `part-${index}`));
    for (const [index, file] of parts.entries()) {
      await succeeds(['evaluate', ...args, '--shard', `${index}/2`, '--output', file, '--batch', '4']);
    }
    const merged = join(directory, 'merged');
    const some = await succeeds(['merge', parts[1], '--output', merged]);
    assert.match(some.stdout, /^missing +shards 0 of 2$/m);
    assert.deepEqual(
      JSON.parse((await succeeds(['merge', parts[1], '--json'])).stdout).result.missingShards,
      [{ first: 0, last: 0 }],
    );
    const both = await succeeds(['merge', merged, parts[0], '--json']);
    const sum = await parsedBySchema<EvaluationReport>('evaluate', both.stdout);
    assert.deepEqual([sum.totals, sum.result], [report.totals, report.result]);

    assertOneSentence(await tsos(['merge', merged, parts[1]]), USAGE, /shard 1 of 2 is there twice/);
    assertOneSentence(await tsos(['merge', join(data, 'validation-00000-of-00009')]), DATA, /is not JSON/);
  });
});

test('Ctrl-C keeps what is finished, and --resume goes on from there to the same result', async () => {
  await withDirectory(async (directory) => {
    const { args, data } = await prepared(directory, [12]);
    const output = join(directory, 'out');
    const partial = `${output}.partial`;
    const command = ['evaluate', ...args, '--output', output, '--batch', '1', ...SLOWLY];
    const interrupted = await tsos(command, { during: interruptOnce(partial) });
    const kept = (await readFile(partial, 'utf8')).split('\n').length - 2;
    assert.ok(kept >= 1 && kept < 12, `${kept} batches`);
    assertOneSentence(
      interrupted,
      130,
      new RegExp(
        `interrupted: ${kept} of 12 pictures are kept in .*out\\.partial, run the same with --resume`,
      ),
    );
    assert.equal(existsSync(output), false);

    const resumed = await succeeds([...command, '--resume', '--json']);
    assert.match(resumed.stderr, new RegExp(`tsos: ${kept} pictures were done before`));
    assert.equal(existsSync(partial), false);
    assert.deepEqual(JSON.parse(resumed.stdout).totals, await countedByLibrary(data, SLOW_SIZE));
  });
});

test('a folder of JPEG files is evaluated with its labels, and not without', async () => {
  await withDirectory(async (directory) => {
    const { options, data } = await prepared(directory, [3]);
    const folder = join(directory, 'pictures');
    await mkdir(folder);
    await makeFiles(folder, ['a.jpg', 'b.JPEG', 'c.jpeg']);
    const labels = join(directory, 'val.txt');
    await writeFile(labels, 'b.JPEG 1\nc.jpeg 2\na.jpg 0\n');
    const command = ['evaluate', ...options, '--data', folder, '--output', join(directory, 'out'), '--json'];
    const labelled = await succeeds([...command, '--labels', labels, '--resume']);
    assert.deepEqual(JSON.parse(labelled.stdout).totals, await countedByLibrary(data));
    assert.match(labelled.stderr, /there is nothing to resume/);

    const unlabelled = await tsos([...command, '--force']);
    assertOneSentence(unlabelled, USAGE, /a\.jpg: JPEG files have no labels; give a labels file/);
    await writeFile(labels, 'a.jpg 0\nb.JPEG 1\n');
    const one = await tsos([...command, '--force', '--labels', labels]);
    assertOneSentence(one, USAGE, /val\.txt has no label for c\.jpeg/);
    for (const { stderr } of [unlabelled, one]) assert.doesNotMatch(stderr, /loaded/);
  });
});

test('a finished output is left by --resume, and replaced only with --force', async () => {
  await withDirectory(async (directory) => {
    const { args, data } = await prepared(directory, [3]);
    const output = join(directory, 'out');
    const command = ['evaluate', ...args, '--output', output];
    const first = await succeeds(command);
    const written = await readFile(output, 'utf8');
    const [again, refused, otherShard] = [
      await succeeds([...command, '--resume']),
      await tsos(command),
      await tsos([...command, '--resume', '--shard', '0/2']),
    ];
    assert.match(again.stderr, /out: is finished already, so it is left as it is/);
    assert.doesNotMatch(again.stderr, /evaluated/);
    assert.equal(again.stdout, first.stdout);
    assert.equal(await readFile(output, 'utf8'), written);
    for (const outcome of [refused, otherShard]) {
      assertOneSentence(outcome, USAGE, /out: exists already; .*--force/);
    }
    // A picture was changed since.
    const [file] = await readdir(data);
    await utimes(join(data, file), new Date(Date.now() + 60_000), new Date(Date.now() + 60_000));
    const changed = await succeeds([...command, '--resume', '--force']);
    assert.match(changed.stderr, /evaluated 3\/3/);
  });
});

test('a picture that cannot be used is named, with what to do; or counted', async () => {
  await withDirectory(async (directory) => {
    const { args } = await prepared(directory, [4, 2], [2]);
    const command = ['evaluate', ...args, '--output', join(directory, 'out'), '--batch', '2'];
    const failed = await tsos(command);
    assertOneSentence(
      failed,
      DATA,
      /validation-00000-of-00009 at byte \d+: record 2.*; with --skip-bad such pictures are passed over/,
    );
    const { stdout, stderr } = await succeeds([...command, '--skip-bad', '--resume']);
    assert.match(stderr, /2 pictures were done before/);
    assert.match(stdout, /^top-1 +\d+\.\d{3} %\ntop-5 +\d+\.\d{3} %\nloss +\d+\.\d{6}\n/);
    assert.match(stdout, /^pictures +5, and 1 that could not be used$/m);
  });
});

test('of a file that is cut within a record it is said how much is lost, as bytes: nobody knows how many pictures', async () => {
  await withDirectory(async (directory) => {
    const { args, data } = await prepared(directory, [6]);
    const file = join(data, 'validation-00000-of-00009');
    const bytes = await readFile(file);
    const begins = recordOffsets(bytes);
    assert.equal(begins.length, 6);
    const cut = begins[4] - 100;
    await truncate(file, cut);
    const output = join(directory, 'out');
    const { stdout, stderr } = await succeeds([
      'evaluate',
      ...args,
      '--output',
      output,
      '--skip-bad',
      '--batch',
      '2',
    ]);
    const lost = cut - begins[3];
    assert.match(stdout, /^pictures +3, and 1 that could not be used$/m);
    assert.match(
      stdout,
      new RegExp(`^lost +the rest of 1 file, ${lost} bytes, with the pictures in them$`, 'm'),
    );
    assert.match(
      stderr,
      new RegExp(
        `passed over: .*record 3: .*the ${lost} bytes from here to the end of the file are lost$`,
        'm',
      ),
    );
    assert.equal(JSON.parse(await readFile(output, 'utf8')).bad[0].lostBytes, lost);
    const merged = await succeeds(['merge', output]);
    assert.match(merged.stdout, new RegExp(`^lost +the rest of 1 file, ${lost} bytes`, 'm'));
  });
});

/** Where the records of a TFRecord file begin. */
function recordOffsets(bytes: Uint8Array): number[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const offsets: number[] = [];
  for (let at = 0; at < bytes.length; at += Number(view.getBigUint64(at, true)) + 16) offsets.push(at);
  return offsets;
}

test('what cannot be is told before anything is loaded', async () => {
  await withDirectory(async (directory) => {
    const { args, options, data } = await prepared(directory, [1]);
    const output = ['--output', join(directory, 'out')];
    const missing = join(directory, 'missing');
    const cases: [string[], number, RegExp][] = [
      [[...options, ...output], USAGE, /data/],
      [
        [...args, ...output, '--shard', '3/3'],
        USAGE,
        /--shard <i\/n>' argument '3\/3' is invalid. It must be i\/n with i from 0 to n - 1/,
      ],
      [[...args, '--output', join(missing, 'out')], USAGE, /missing.*the directory does not exist/],
      [[...args, '--output', data], USAGE, /is a directory; name a file in it/],
      [[...options, ...output, '--data', missing], DATA, /missing/],
      [
        [...options, ...output, '--data', directory],
        DATA,
        /has neither TFRecord files "validation-\*" nor JPEG/,
      ],
      [[join(directory, 'none.ckpt'), ...output, '--data', data], DATA, /none\.ckpt/],
    ];
    const outcomes = await Promise.all(cases.map(([given]) => tsos(['evaluate', ...given])));
    for (const [i, [, code, says]] of cases.entries()) {
      assertOneSentence(outcomes[i], code, says);
      assert.doesNotMatch(outcomes[i].stderr, /loaded/);
    }
    assert.deepEqual((await readdir(directory)).sort(), ['data', 'model']);
  });
});

test('data without any picture are refused, and so are more shards than pictures', async () => {
  await withDirectory(async (directory) => {
    const { args, options } = await prepared(directory, [1]);
    const output = ['--output', join(directory, 'out')];
    const none = join(directory, 'none');
    await mkdir(none);
    await makeShards(none, [0, 0]);
    for (const part of [[], ['--shard', '1/2']]) {
      const outcome = await tsos(['evaluate', ...options, '--data', none, ...output, ...part]);
      assertOneSentence(outcome, DATA, /none: has no picture in it/);
      assert.doesNotMatch(outcome.stderr, /loaded/);
    }
    const classified = await tsos(['classify', ...options, none]);
    assertOneSentence(classified, DATA, /none: has no picture in it/);
    const tasks = ['--checkpoints', directory, '--output', join(directory, 'report')];
    const reproduction = await tsos(['reproduce', '--model', 'rn50', '--data', none, ...tasks]);
    assertOneSentence(reproduction, DATA, /none: has no picture in it/);

    for (const part of ['1/2', '0/1000000', '17/4711000']) {
      const many = await tsos(['evaluate', ...args, ...output, '--shard', part]);
      assertOneSentence(many, USAGE, /--shard .*: there are only 1 pictures for so many parts/);
      assert.doesNotMatch(many.stderr, /loaded/);
    }
  });
});

test('pictures are classified, as text with the names of the classes, as JSON and into a file', async () => {
  await withDirectory(async (directory) => {
    const { options } = await prepared(directory, []);
    const files = [0, 1, 2].map((seed) => join(directory, `${seed}.jpg`));
    for (const [seed, file] of files.entries()) await writeFile(file, makeJpeg(seed));
    const labels = join(directory, 'names.txt');
    const names = Array.from({ length: CLASSES }, (_, index) => `kind ${index}, or so`);
    await writeFile(labels, names.map((name, index) => `n${`${index}`.padStart(8, '0')} ${name}\n`).join(''));
    const command = ['classify', ...options, ...files];

    const json = await succeeds([...command, '--labels', labels, '--json']);
    assert.deepEqual(parsedLines(json.stdout), await namedByLibrary(files, { top: 5, names }));

    const output = join(directory, 'out.jsonl');
    const text = await succeeds([...command, '--output', output, '--top', '2']);
    const expected = await namedByLibrary(files, { top: 2 });
    assert.deepEqual(parsedLines(await readFile(output, 'utf8')), expected);
    const [best] = expected;
    assert.ok('classes' in best);
    const [first, second] = best.classes.map(
      (each) => `  ${(100 * each.probability).toFixed(2).padStart(6)} %  class ${each.class}\n`,
    );
    assert.ok(text.stdout.startsWith(`${files[0]}\n${first}${second}${files[1]}\n`), text.stdout);

    await writeFile(labels, 'one\ntwo\n');
    const [short, nowhere, aimless] = await Promise.all([
      tsos([...command, '--labels', labels]),
      tsos([...command, '--output', join(directory, 'no', 'out')]),
      tsos([...command, '--resume']),
    ]);
    assertOneSentence(short, DATA, /names\.txt: has 2 class names, the network has 12 classes/);
    assertOneSentence(nowhere, USAGE, /the directory does not exist/);
    assertOneSentence(aimless, USAGE, /--resume needs the --output/);
    for (const { stderr } of [short, nowhere, aimless]) assert.doesNotMatch(stderr, /loaded/);
  });
});

test('a picture that is no JPEG is named among the others, and alone before anything is loaded', async () => {
  await withDirectory(async (directory) => {
    const { options } = await prepared(directory, []);
    const [png, ...jpegs] = ['b.png', 'a.jpg', 'c.jpg'].map((name) => join(directory, name));
    await writeFile(png, Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex'));
    for (const [seed, file] of jpegs.entries()) await writeFile(file, makeJpeg(seed));
    const command = ['classify', ...options, jpegs[0], png, jpegs[1], '--json'];
    const [several, passedOver, alone] = await Promise.all([
      tsos(command),
      tsos([...command, '--skip-bad']),
      tsos(['classify', ...options, png]),
    ]);
    const expected = await namedByLibrary([jpegs[0], png, jpegs[1]], { top: 5 });
    assert.ok('reason' in expected[1] && 'classes' in expected[0] && 'classes' in expected[2]);
    assert.match(expected[1].reason, /b\.png: PNG; only JPEG is read/);
    for (const [{ code, stdout, stderr }, wanted] of [
      [several, DATA],
      [passedOver, 0],
    ] as const) {
      assert.equal(code, wanted, stderr);
      assert.deepEqual(parsedLines(stdout), expected);
    }
    assert.match(several.stderr, /1 pictures could not be classified; with --skip-bad that is no failure/);
    assertOneSentence(alone, DATA, /b\.png: PNG; only JPEG is read/);
    assert.doesNotMatch(alone.stderr, /loaded/);
  });
});

test("pictures in folders called by ImageNet's ids need no labels, and a thousand classes have their names", async () => {
  await withDirectory(async (directory) => {
    const checkpoint = join(directory, 'model.ckpt-1');
    const thousand = tinyResNet({ depth: 18, classes: 1000 });
    await writeCheckpoint(checkpoint, readTensors(memoryCheckpoint(thousand)));
    await writeFile(join(directory, 'hparams.json'), JSON.stringify({ image_size: IMAGE_SIZE }));
    const data = join(directory, 'val');
    for (const id of ['n01440764', 'n15075141']) await mkdir(join(data, id), { recursive: true });
    const names = ['n01440764/a.JPEG', 'n15075141/b.JPEG'];
    await makeFiles(data, names);
    const labels = join(directory, 'labels.txt');
    await writeFile(labels, 'a.JPEG 0\nb.JPEG 999\n');
    const command = ['evaluate', checkpoint, '--data', data, '--workers', '0', '--json'];
    const [byFolders, byLabels, classified] = await Promise.all([
      succeeds([...command, '--output', join(directory, 'one')]),
      succeeds([...command, '--output', join(directory, 'two'), '--labels', labels]),
      succeeds(['classify', checkpoint, join(data, names[0]), '--top', '1']),
    ]);
    assert.deepEqual(JSON.parse(byFolders.stdout).totals, JSON.parse(byLabels.stdout).totals);
    const [, name] = /% {2}(.*)$/m.exec(classified.stdout) ?? [];
    assert.ok(
      imageNetClasses().some((each) => each.name === name),
      classified.stdout,
    );
  });
});

test('an interrupted classification goes on where it stopped, bad pictures passed over', async () => {
  await withDirectory(async (directory) => {
    const { options, data } = await prepared(directory, [10], [9]);
    const output = join(directory, 'out.jsonl');
    const command = ['classify', ...options, data, '--output', output, '--batch', '1', ...SLOWLY];
    const interrupted = await tsos(command, { during: interruptOnce(`${output}.partial`) });
    assert.equal(interrupted.code, 130, interrupted.stderr);
    const [, kept] = /interrupted: (\d+) pictures are kept in .*--resume/.exec(interrupted.stderr) ?? [];
    assert.ok(Number(kept) >= 1 && Number(kept) < 9, interrupted.stderr);
    const before = await classifiedIn(`${output}.partial`);
    assert.equal(before.length, Number(kept));

    const resumed = await succeeds([...command, '--resume', '--skip-bad']);
    assert.match(resumed.stderr, new RegExp(`tsos: ${kept} pictures were done before`));
    const file = join(data, 'validation-00000-of-00009');
    const expected = await namedByLibrary([file], { top: 5 }, SLOW_SIZE);
    assert.deepEqual(parsedLines(await readFile(output, 'utf8')), expected);
    assert.match(resumed.stdout, /validation-00000-of-00009, record 9\n {2}not classified: .*record 9/);

    const again = await succeeds([...command, '--resume', '--skip-bad']);
    assert.match(again.stderr, /out\.jsonl: is finished already, so it is left as it is/);
    assert.equal(again.stdout, resumed.stdout);
    assertOneSentence(await tsos([...command, '--skip-bad']), USAGE, /out\.jsonl: exists already/);
  });
});

/** Batches in a journal: lines of a checksum, a blank and JSON, behind one with the header. */
async function classifiedIn(journal: string): Promise<unknown[]> {
  const lines = (await readFile(journal, 'utf8')).trimEnd().split('\n').slice(1);
  return lines.flatMap((line) => JSON.parse(line.slice(line.indexOf(' '))));
}

/** Writes the checkpoint, and TFRecord files with so many pictures each. */
async function prepared(directory: string, counts: readonly number[], bad: readonly number[] = []) {
  const checkpoint = join(directory, 'model', 'model.ckpt-1');
  const data = join(directory, 'data');
  await mkdir(join(directory, 'model'));
  await mkdir(data);
  await writeCheckpoint(checkpoint, readTensors(memoryCheckpoint(TENSORS)));
  await writeFile(join(directory, 'model', 'hparams.json'), JSON.stringify({ image_size: IMAGE_SIZE }));
  await makeShards(data, counts, bad);
  // Of one format, with fewer kernels to compile; decoding so few pictures is not worth a thread.
  const options = [checkpoint, '--format', 'sparse', '--workers', '0'];
  return { data, options, args: [checkpoint, '--data', data, '--format', 'sparse', '--workers', '0'] };
}

async function succeeds(args: readonly string[]): Promise<Outcome> {
  const outcome = await tsos(args);
  assert.equal(outcome.code, 0, outcome.stderr);
  return outcome;
}

const models = new Map<number, Promise<ResNet50>>();

function library(imageSize: number): Promise<ResNet50> {
  const model =
    models.get(imageSize) ??
    testGpu().then((gpu) => loadResNet50(gpu, memoryCheckpoint(TENSORS), { format: 'sparse', imageSize }));
  models.set(imageSize, model);
  return model;
}

/** As the JSON has it. */
async function countedByLibrary(data: string, imageSize = IMAGE_SIZE): Promise<unknown> {
  const { totals } = await evaluate(await library(imageSize), await openPictures([data]), { workers: 0 });
  return { ...totals, crossEntropy: totals.crossEntropy.toString() };
}

async function namedByLibrary(
  files: readonly string[],
  naming: NamingOptions,
  imageSize = IMAGE_SIZE,
): Promise<Classification[]> {
  const pictures = await openPictures(files, { unlabelled: true });
  const all: Classification[] = [];
  const options = { ...naming, skipBad: true, workers: 0 };
  for await (const batch of nameClasses(await library(imageSize), pictures, options)) all.push(...batch);
  return all;
}

function parsedLines(text: string): unknown[] {
  return text
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line));
}
