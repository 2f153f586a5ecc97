import assert from 'node:assert/strict';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import type { EvaluationPart } from '../../../src/models/resnet50/evaluation-part.ts';
import type { TransformerSettings } from '../../../src/train/run/settings.ts';
import { makeShards } from '../../io/pictures/made-pictures.ts';
import { withDirectory } from '../../io/support.ts';
import { interruptOnce, tsos } from '../../support/command-line.ts';
import { assertOneSentence } from '../../support/one-sentence.ts';
import { parsedBySchema } from '../../support/schema.ts';
import { optionsOf, smallResNet, smallTransformer } from '../../train/run/small-runs.ts';

interface Report {
  step: number;
  resumedFrom: number;
  metrics: { step: number; loss: number; sparsity: number };
  settings: TransformerSettings;
}

test('a training that Ctrl-C stops is gone on with, and its checkpoint is what other commands read', async () => {
  await withDirectory(async (directory) => {
    const settings = await smallTransformer(directory, 'magnitude_pruning', { trainSteps: 40 });
    const output = join(directory, 'run');
    const first = await tsos(['train', 'transformer', '--output', output, ...optionsOf(settings)], {
      during: interruptOnce(join(output, 'model.ckpt-4.index')),
    });
    assert.equal(first.code, 130, first.stderr);
    assert.match(
      first.stderr,
      /interrupted: the checkpoint of step \d+ is kept in .*run, run the same with --resume/,
    );
    const again = await tsos(['train', 'transformer', '--output', output, '--resume', '--json']);
    assert.equal(again.code, 0, again.stderr);
    const report = await parsedBySchema<Report>('train', again.stdout);
    assert.ok(report.resumedFrom >= 4, `${report.resumedFrom}`);
    assert.equal(report.step, 40);
    const counted = JSON.parse((await tsos(['sparsity', output, '--json'])).stdout);
    assert.ok(Math.abs(counted.sparsity - report.metrics.sparsity) < 1e-9);
    assert.equal((await tsos(['inspect', output, '--verify'])).code, 0);
    const text = await tsos(['translate', output, '--vocab', settings.vocab, '--beam', '1'], {
      input: 'one\n',
    });
    assert.equal(text.code, 0, text.stderr);
    // Its run.json is all it takes to train the same again.
    const config = ['--config', join(output, 'run.json'), '--train-steps', '2', '--warmup-steps', '1'];
    const repeated = await tsos([
      'train',
      'transformer',
      '--output',
      join(directory, 'b'),
      ...config,
      '--json',
    ]);
    assert.equal((await parsedBySchema<Report>('train', repeated.stdout)).settings.trainSteps, 2);
    const both = await tsos([
      'train',
      'transformer',
      '--output',
      join(directory, 'c'),
      '--preset',
      'small',
      ...config,
    ]);
    assert.equal(both.code, 2);
    assert.match(both.stderr, /--config states all settings, --preset would change none/);
  });
});

test('what is trained here is verified, counted, converted, and pruned', async () => {
  await withDirectory(async (directory) => {
    const settings = await smallResNet(directory, 'dense', { trainSteps: 2 });
    const [run, pruned, converted] = ['run', 'pruned', 'run.npz'].map((name) => join(directory, name));
    const done = async (...args: string[]) => {
      const { code, stdout, stderr } = await tsos(args);
      assert.equal(code, 0, stderr);
      return stdout;
    };
    await done('train', 'rn50', '--output', run, ...optionsOf(settings));
    await done('inspect', run, '--verify');
    await done('prune', run, '--sparsity', '0.5', '--output', pruned);
    const { sparsity } = JSON.parse(await done('sparsity', pruned, '--json'));
    assert.ok(Math.abs(sparsity - 0.5) < 0.01, `${sparsity}`);
    // What is in no shape stays with the copy.
    assert.deepEqual(JSON.parse(await readFile(join(pruned, 'hparams.json'), 'utf8')), { image_size: 8 });
    await done('convert', run, '--to', 'npz', '--drop-slots', '--output', converted);
  });
});

test('mistakes are a sentence before anything is written', async () => {
  await withDirectory(async (directory) => {
    const settings = await smallTransformer(directory, 'dense');
    const output = join(directory, 'run');
    const train = (...args: string[]) => tsos(['train', 'transformer', '--output', output, ...args]);
    assertOneSentence(await train(), 2, /--inputs is missing/);
    assertOneSentence(
      await train('--resume'),
      2,
      /holds no run to go on with; to begin one, --inputs is missing/,
    );
    assertOneSentence(
      await train(...optionsOf(settings), '--width', '8'),
      2,
      /--width is not for transformer/,
    );
    assert.ok(!(await readdir(directory)).includes('run'));
    await mkdir(output);
    await writeFile(join(output, 'thesis.txt'), '');
    const refused = await train(...optionsOf(settings));
    assertOneSentence(refused, 2, /run: has thesis.txt in it, which no run wrote/);
  });
});

test('a residual network is trained on records, and refuses labels that it has no class for', async () => {
  await withDirectory(async (directory) => {
    const data = join(directory, 'data');
    await mkdir(data);
    await makeShards(data, [12], [], 'train');
    const sizes = [
      '--preset',
      'small',
      '--num-classes',
      '12',
      '--image-size',
      '8',
      '--width',
      '2',
      '--batch-size',
      '4',
    ];
    const rest = ['--train-steps', '3', '--data', data, '--json'];
    const train = (name: string, ...args: string[]) =>
      tsos(['train', 'rn50', '--output', join(directory, name), ...sizes, ...rest, ...args]);
    const { code, stdout, stderr } = await train('run');
    assert.equal(code, 0, stderr);
    const { step, metrics } = await parsedBySchema<Report>('train', stdout);
    assert.deepEqual([step, metrics.step], [3, 3]);
    // Evaluating finds out the size of the pictures by itself, also of what was converted.
    await makeShards(data, [5], [], 'validation');
    const [run, converted] = ['run', 'run.safetensors'].map((name) => join(directory, name));
    assert.equal((await tsos(['convert', run, '--to', 'safetensors', '--output', converted])).code, 0);
    const results = [];
    for (const checkpoint of [run, converted]) {
      const output = join(directory, `${results.length}.json`);
      const evaluated = await tsos(['evaluate', checkpoint, '--data', data, '--output', output, '--json']);
      assert.equal(evaluated.code, 0, evaluated.stderr);
      const { identity, totals } = await parsedBySchema<EvaluationPart>('evaluate', evaluated.stdout);
      assert.deepEqual([identity.imageSize, identity.classes, totals.pictures], [8, 12, 5]);
      results.push(totals);
    }
    assert.deepEqual(results[0], results[1]);
    const refused = await tsos(['evaluate', run, '--data', data, '--image-size', '9', '--quiet']);
    assertOneSentence(refused, 2, /the size of pictures \(--image-size\) is 9, expected a multiple of 4/);
    const lines = (await readFile(join(directory, 'run', 'metrics.jsonl'), 'utf8')).split('\n');
    assert.equal(lines.length, 2);
    assertOneSentence(
      await train('b', '--num-classes', '3', '--quiet'),
      3,
      /its label is \d+, the network has classes 0 to 2/,
    );
  });
});
