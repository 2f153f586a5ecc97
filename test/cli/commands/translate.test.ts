import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { writeCheckpoint } from '../../../src/io/checkpoint/write-checkpoint.ts';
import { loadVocabulary } from '../../../src/io/text/load-vocabulary.ts';
import { splitLines } from '../../../src/models/transformer/translate-file.ts';
import { withDirectory } from '../../io/support.ts';
import { interruptOnce, NO_ADAPTER, tsos } from '../../support/command-line.ts';
import { DEMO_CHECKPOINT, DEMO_VOCABULARY, inDemo } from '../../support/demo.ts';
import { assertOneSentence } from '../../support/one-sentence.ts';
import { sharedPath, sharedTest } from '../../support/shared.ts';
import { tinyTransformer } from '../../support/tiny-transformer.ts';

const DEMO = ['translate', DEMO_CHECKPOINT, '--vocab', DEMO_VOCABULARY];

sharedTest(
  'sentences come out as from the original code, with all about the run in the JSON',
  ['goldens', 'transformer', 'small', 'variational_dropout'],
  async (path) => {
    const golden = JSON.parse(await readFile(join(path, 'goldens.json'), 'utf8'));
    const { texts, decodes } = golden.cases[0];
    const decode = decodes.find((one: { beam_size: number; extra_length: number }) => {
      return one.beam_size === 4 && one.extra_length < 0;
    });
    const { code, stdout, stderr } = await tsos(
      [
        'translate',
        join(path, 'checkpoint'),
        ...['--vocab', join(path, '..', 'vocab.300.subwords'), '--heads', '4'],
        ...['--log-alpha-threshold', '2.5', `--extra-length=${decode.extra_length}`, '--json'],
      ],
      { input: `${texts.join('\n')}\n` },
    );
    assert.equal(code, 0, stderr);
    const report = JSON.parse(stdout);
    assert.deepEqual(
      report.sentences.map(({ source, translation }: Record<string, string>) => [source, translation]),
      texts.map((text: string, i: number) => [text, decode.text[i]]),
    );
    assert.equal(report.technique, 'variational_dropout');
    assert.deepEqual(report.threshold, { value: 2.5, source: 'option' });
    assert.ok(Math.abs(report.sparsity - golden.checkpoint_sparsity / 100) < 1e-11);
    assert.ok(report.adapter.runtime && report.versions.tsos && report.tokensPerSecond > 0);
    for (const input of ['checkpoint', 'vocabulary', 'input']) {
      assert.match(report.inputs[input].sha256, /^[0-9a-f]{64}$/);
    }
  },
);

sharedTest(
  'the Tensor2Tensor checkpoint in two shards translates the first 8 lines of newstest2014',
  ['data', 'checkpoints', 't2t_transformer_2shard'],
  async (checkpoint) => {
    await withDirectory(async (directory) => {
      const data = sharedPath('data', 'state_of_sparsity');
      const vocab = join(directory, 'vocab.8190');
      await cutVocabulary(join(data, 'vocab.translate_ende_wmt32k.32768.subwords'), vocab, 8190);
      const input = join(data, 'newstest2014.en');
      const { code, stderr } = await tsos([
        ...['translate', checkpoint, '--vocab', vocab, '--input', input],
        ...['--limit', '8', '--extra-length', '0', '--output', directory],
      ]);
      assert.equal(code, 0, stderr);
      const name =
        'newstest2014.en.transformer.transformer_base.translate_ende_wmt32k_packed.beam4.alpha0.6.decodes';
      assert.deepEqual((await readdir(directory)).sort(), [name, 'vocab.8190']);
      assert.equal((await readFile(join(directory, name), 'utf8')).split('\n').length, 9);
    });
  },
);

test('empty lines and lines of 5,000 words go from stdin to stdout', async () => {
  await withDirectory(async (directory) => {
    const { checkpoint, vocabulary } = await tinyModel(directory);
    // The limit is 5,001 ids of the long line, end of sentence included, less this: 3 tokens each.
    const { code, stdout, stderr } = await tsos(
      ['translate', checkpoint, '--vocab', vocabulary, '--heads', '2', '--beam', '2', '--extra-length=-4998'],
      { input: `\nt\n\n${'t '.repeat(5000)}\n` },
    );
    assert.equal(code, 0, stderr);
    assert.equal(stdout.split('\n').length, 5, stdout);
    assert.match(stderr, /translated 4\/4 sentences/);
    assert.match(stderr, /^tsos: line 4 has 5001 ids: the time .*; --max-input cuts sources off$/m);
  });
});

test('the longest of too long lines is told, unless they are cut off', async () => {
  await withDirectory(async (directory) => {
    const { checkpoint, vocabulary } = await tinyModel(directory);
    const args = ['translate', checkpoint, '--vocab', vocabulary, '--heads', '2', '--beam', '1'];
    const input = [1000, 999, 1001, 1].map((words) => `${'t '.repeat(words)}\n`).join('');
    const notesOf = async (...options: string[]) => {
      const { code, stderr } = await tsos([...args, ...options], { input });
      assert.equal(code, 0, stderr);
      return stderr.split('\n').filter((line) => line.includes('ids'));
    };
    const [told, ...others] = await notesOf('--extra-length=-1001');
    assert.match(told, /^tsos: line 3 has 1002 ids, and 1 more have above 1000: /);
    assert.deepEqual(others, []);
    assert.deepEqual(await notesOf('--max-input', '20', '--extra-length=-18'), []);
  });
});

test('a vocabulary of another size is told with both sizes and the file, exit code 3', async () => {
  await withDirectory(async (directory) => {
    const vocab = join(directory, 'short.subwords');
    const lines = (await readFile(DEMO_VOCABULARY, 'utf8')).split('\n');
    await writeFile(vocab, lines.slice(0, 200).join('\n'));
    const outcome = await tsos(['translate', DEMO_CHECKPOINT, '--vocab', vocab], { input: 'x\n' });
    assertOneSentence(outcome, 3, /short\.subwords: vocabulary of 200 entries where the model has 511/);
  });
});

test('no adapter is told with what to do, exit code 4', async () => {
  const outcome = await tsos(DEMO, { input: 'x\n', env: NO_ADAPTER });
  assertOneSentence(outcome, 4, /(install|TSOS_SOFTWARE=1)/i);
});

test('input that cannot be read, or is no text, is told in a sentence, exit code 3', async () => {
  await withDirectory(async (directory) => {
    const missing = await tsos([...DEMO, '--input', join(directory, 'missing.en')]);
    assertOneSentence(missing, 3, /missing\.en: there is no such file/);
    const latin1 = join(directory, 'latin1.de');
    await writeFile(latin1, Uint8Array.of(0x66, 0xfc, 0x72, 0x0a));
    assertOneSentence(await tsos([...DEMO, '--input', latin1]), 3, /latin1\.de: is not valid UTF-8/);
  });
});

test('an output that cannot be written is told by its name before the model is loaded, exit code 2', async () => {
  await withDirectory(async (directory) => {
    const input = join(directory, 'in.en');
    await writeFile(input, 'x\n');
    for (const [output, says] of [
      [join(directory, 'nowhere', 'out.de'), /nowhere\/out\.de: the directory does not exist/],
      [input, /in\.en: is an input of this run too/],
      [`${input}/out.de`, /in\.en\/out\.de: the directory does not exist/],
    ] as const) {
      const outcome = await tsos([...DEMO, '--input', input, '--output', output]);
      assertOneSentence(outcome, 2, says);
      assert.doesNotMatch(outcome.stderr, /loaded/);
    }
    const outcome = await tsos([...DEMO, '--output', directory], { input: 'x\n' });
    assertOneSentence(outcome, 2, /is a directory; with stdin give a file name/);
    assert.doesNotMatch(outcome.stderr, /loaded/);
    assert.deepEqual(await readdir(directory), ['in.en']);
  });
});

test('Ctrl-C keeps what is finished, and --resume goes on from there to the same output', async () => {
  await withDirectory(async (directory) => {
    const input = join(directory, 'in.en');
    await writeFile(input, 'This is not for everyone.\n'.repeat(8) + 'The end.\n'.repeat(8));
    const args = [...DEMO, '--input', input, '--batch', '4', '--extra-length', '20'];
    const output = join(directory, 'out.de');
    const partial = `${output}.partial`;

    const during = interruptOnce(partial);
    const interrupted = await tsos([...args, '--output', output], { during });
    assertOneSentence(interrupted, 130, /interrupted: \d+ of 16 sentences are kept in .*--resume/);
    assert.equal(existsSync(output), false);
    const kept = (await readFile(partial, 'utf8')).split('\n').length - 2;
    assert.ok(kept >= 1 && kept < 4, `${kept} batches`);

    const resumed = await tsos([...args, '--output', output, '--resume', '--json']);
    assert.equal(resumed.code, 0, resumed.stderr);
    const report = JSON.parse(resumed.stdout);
    assert.equal(report.resumed, 4 * kept);
    const redone = report.sentences.reduce((sum: number, { ids }: { ids: number[] }) => sum + ids.length, 0);
    assert.ok(report.tokens < redone, 'tokens of finished batches were made again');
    assert.equal(existsSync(partial), false);

    const whole = await tsos(args);
    assert.equal(await readFile(output, 'utf8'), whole.stdout);

    const again = await tsos([...args, '--output', output, '--resume', '--json']);
    assert.match(again.stderr, /out\.de: is finished already, so it is left as it is/);
    const { sentences, tokens } = JSON.parse(again.stdout);
    assert.deepEqual([sentences, tokens], [report.sentences, 0]);
    const refused = await tsos([...args, '--output', output]);
    assertOneSentence(refused, 2, /out\.de: exists already; .*\(--force\)/);
    assert.doesNotMatch(refused.stderr, /loaded/);
    const other = await tsos([...args, '--output', output, '--resume', '--limit', '1']);
    assertOneSentence(other, 2, /out\.de: is finished, by a run with other input; .*\(--force\)/);
    const forced = await tsos([...args, '--output', output, '--force', '--limit', '1']);
    assert.equal(forced.code, 0, forced.stderr);
    assert.equal((await readFile(output, 'utf8')).trimEnd().split('\n').length, 1);
    const unknown = await tsos([...args, '--output', output, '--resume', '--limit', '1']);
    assertOneSentence(unknown, 2, /out\.de: exists already, and nothing tells that this run made it/);
  });
});

test('the demo translates and classifies rightly what no training has seen, and has the results of the study', async () => {
  const { code, stdout, stderr } = await tsos(['demo']);
  assert.equal(code, 0, stderr);
  const german = splitLines(await readFile(inDemo('sentences.de'), 'utf8'));
  assert.equal(german.length, 5);
  for (const sentence of german)
    assert.ok(stdout.includes(`\n  → ${sentence}\n`), `${sentence} in\n${stdout}`);
  const pictures = await readdir(inDemo('pictures'));
  assert.equal(pictures.length, 5);
  for (const picture of pictures) {
    const name = picture.replace('.jpg', '');
    assert.match(stdout, new RegExp(`\\n {2}${picture}\\n +\\d+\\.\\d\\d % {2}${name}\\n`));
  }
  for (const part of [
    /magnitude_pruning, 90\.\d\d % of all weights are zero/,
    /ResNet-18, magnitude_pruning, 90\.\d\d % of all weights are zero/,
    /adapter +\S/,
    /tokens\/s/,
    /^magnitude pruning .* at 90\.\d %/m,
    /^random pruning .* at 90\.\d %/m,
    /^Next: /m,
  ]) {
    assert.match(stdout, part);
  }
});

test('the demo takes a checkpoint only with its vocabulary or a picture', async () => {
  assertOneSentence(
    await tsos(['demo', DEMO_CHECKPOINT]),
    2,
    /a Transformer with its --vocab, or a ResNet with a --picture/,
  );
});

/** Writes a model of few features, for which long lines cost little, with a vocabulary in which "t" is one id. */
async function tinyModel(directory: string): Promise<{ checkpoint: string; vocabulary: string }> {
  const tiny = tinyTransformer('magnitude_pruning');
  const tensors = tiny.names().map(async (name) => ({ name, ...(await tiny.read(name)) }));
  const checkpoint = join(directory, 'model.ckpt-1');
  await writeCheckpoint(checkpoint, await Promise.all(tensors));
  const vocabulary = join(directory, 'vocab.12');
  const entries = ['<pad>_', '<EOS>_', 't_', ...'t_\\u;0123'];
  await writeFile(vocabulary, entries.map((entry) => `'${entry}'\n`).join(''));
  return { checkpoint, vocabulary };
}

/** A vocabulary of so many entries from a larger one: all its single characters, and its first others. */
async function cutVocabulary(from: string, to: string, size: number): Promise<void> {
  const { tokens } = await loadVocabulary(from);
  const isCharacter = (token: string) => Array.from(token).length === 1;
  const characters = tokens.filter(isCharacter);
  const others = tokens.filter((token) => !isCharacter(token)).slice(0, size - characters.length);
  await writeFile(to, [...others, ...characters].map((token) => `'${token}'\n`).join(''));
}
