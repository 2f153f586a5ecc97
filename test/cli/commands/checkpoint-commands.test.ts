import assert from 'node:assert/strict';
import { cp, mkdir, open, readFile, rm, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import process from 'node:process';
import { test } from 'node:test';
import { withDirectory } from '../../io/support.ts';
import { tsos } from '../../support/command-line.ts';
import { DEMO_CHECKPOINT } from '../../support/demo.ts';
import { assertOneSentence } from '../../support/one-sentence.ts';
import { sharedTest } from '../../support/shared.ts';

const T2T = ['data', 'checkpoints', 't2t_transformer_2shard'];

sharedTest('inspect --json lists what an independent reader found', T2T, async (path) => {
  const { code, stdout } = await tsos(['inspect', path, '--json']);
  assert.equal(code, 0);
  const { tensors }: { tensors: Record<string, { dtype: string; shape: number[]; size: number }> } =
    JSON.parse(await readFile(join(path, 'expected.json'), 'utf8'));
  assert.deepEqual(
    JSON.parse(stdout).variables,
    Object.entries(tensors).map(([name, { dtype, shape, size }]) => ({ name, dtype, shape, bytes: size })),
  );
});

test('inspect prints a row for each variable and the sums, and --verify reads it all', async () => {
  const { code, stdout, stderr } = await tsos(['inspect', DEMO_CHECKPOINT, '--verify']);
  assert.equal(code, 0, stderr);
  const lines = stdout.trimEnd().split('\n');
  assert.match(lines[0], /^name +dtype +shape +bytes$/);
  assert.match(
    stdout,
    /^sparse_transformer\/symbol_modality_511_128\/shared\/weights_0 +float32 +\[511, 128\] +261632$/m,
  );
  assert.equal(lines.at(-1), `${lines.length - 2} variables, 1055507 elements, 4222032 bytes`);
  assert.match(stderr, /all checksums of 72 variables are right/);
});

sharedTest('damaged and missing files are told in a sentence, exit code 3', T2T, async (path) => {
  await withDirectory(async (directory) => {
    const prefix = join(directory, 'model.ckpt-1');
    const shard = `${prefix}.data-00001-of-00002`;
    const fresh = () => cp(path, directory, { recursive: true });

    assertOneSentence(await tsos(['inspect', directory]), 3, /has no checkpoint in it/);
    assertOneSentence(await tsos(['inspect', `${prefix}0`]), 3, /no checkpoint of this name/);

    await fresh();
    await rm(shard);
    assertOneSentence(await tsos(['inspect', prefix, '--verify']), 3, /data-00001-of-00002.*no such file/);

    await fresh();
    await truncate(shard, 1000);
    assertOneSentence(await tsos(['inspect', prefix, '--verify']), 3, /data-00001-of-00002.*cut short/);

    await fresh();
    await flip(shard, 100_000);
    assertOneSentence(await tsos(['inspect', prefix, '--verify']), 3, /data-00001-of-00002.*checksum/i);

    await fresh();
    await flip(`${prefix}.index`, 300);
    assertOneSentence(await tsos(['inspect', prefix]), 3, /model\.ckpt-1\.index.*checksum/i);
  });
});

for (const technique of ['magnitude_pruning', 'random_pruning', 'variational_dropout', 'l0_regularization']) {
  const folder = ['goldens', 'transformer', 'small', technique];
  sharedTest(`sparsity prints the line that the original prints: ${technique}`, folder, async (path) => {
    const golden = await readFile(join(path, 'checkpoint_sparsity.txt'), 'utf8');
    const line = /^.* global sparsity = .*$/m.exec(golden)![0];
    const checkpoint = join(path, 'checkpoint');
    // The golden run of variational dropout was told this threshold.
    const { code, stdout } = await tsos(['sparsity', checkpoint, '--log-alpha-threshold', '2.5']);
    assert.equal(code, 0);
    assert.equal(stdout.split('\n')[0], line.replace('<checkpoint>', checkpoint));
  });
}

sharedTest(
  'sparsity takes the threshold from a published directory name, and says so',
  ['goldens', 'transformer', 'small', 'variational_dropout', 'checkpoint'],
  async (path) => {
    await withDirectory(async (directory) => {
      const published = join(directory, 'variational_dropout_0.5_cubic_400000_100000_2.22E-08_0.1_0.1_2.5');
      await mkdir(published);
      await cp(path, published, { recursive: true });
      const named = await tsos(['sparsity', published, '--json']);
      const { threshold, thresholdSource, sparsity, layers } = JSON.parse(named.stdout);
      assert.deepEqual([threshold, thresholdSource], [2.5, 'published name']);
      assert.match(named.stderr, /log-alpha threshold 2\.5 \(published name\)/);
      assert.ok(sparsity > 0 && layers.length > 0);
      const given = await tsos(['sparsity', published, '--log-alpha-threshold', '-20', '--json']);
      const { sparsity: atLeast, thresholdSource: source } = JSON.parse(given.stdout);
      assert.deepEqual([atLeast, source], [1, 'option']);
    });
  },
);

test('a technique that is not there is told in a sentence, exit code 2', async () => {
  const outcome = await tsos(['sparsity', DEMO_CHECKPOINT, '--technique', 'l0_regularization']);
  assertOneSentence(
    outcome,
    2,
    /not a l0_regularization checkpoint, its variables are those of magnitude_pruning/,
  );
});

const elsewhere = process.platform === 'linux' ? false : 'only Linux has /dev/full';
test('a full disk behind stdout is told in a sentence, exit code 1', { skip: elsewhere }, async () => {
  const full = await open('/dev/full', 'w');
  try {
    assertOneSentence(await tsos(['inspect', DEMO_CHECKPOINT], { stdout: full.fd }), 1, /disk is full/);
  } finally {
    await full.close();
  }
});

async function flip(path: string, offset: number): Promise<void> {
  const file = await open(path, 'r+');
  const byte = new Uint8Array(1);
  await file.read(byte, 0, 1, offset);
  byte[0] ^= 0x40;
  await file.write(byte, 0, 1, offset);
  await file.close();
}
