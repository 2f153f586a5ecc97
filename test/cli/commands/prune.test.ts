import assert from 'node:assert/strict';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { test } from 'node:test';
import { openCheckpoint } from '../../../src/io/checkpoint/checkpoint.ts';
import type { Checkpoint } from '../../../src/io/checkpoint/checkpoint-types.ts';
import { writeCheckpoint } from '../../../src/io/checkpoint/write-checkpoint.ts';
import { readTensors } from '../../../src/io/exchange/export.ts';
import { assertSameTensor, withCheckpoint, withDirectory } from '../../io/support.ts';
import { tsos } from '../../support/command-line.ts';
import { DEMO_CHECKPOINT, DEMO_VOCABULARY } from '../../support/demo.ts';
import { memoryCheckpoint } from '../../support/memory-checkpoint.ts';
import { assertOneSentence } from '../../support/one-sentence.ts';
import { parsedBySchema } from '../../support/schema.ts';
import { tinyTransformer } from '../../support/tiny-transformer.ts';

/** What both `prune --json` and `sparsity --json` tell of layers. */
interface Pruned {
  kept: number;
  total: number;
  sparsity: number;
  layers: { name: string; target: number; kept: number; total: number; threshold: number }[];
}

test('prune, then sparsity: the counts that were told, layer by layer', async () => {
  await withDense(tinyTransformer('dense'), async (dense, directory) => {
    const output = `${directory}/pruned`;
    const options = ['--sparsity', '0.9', '--per-layer', 'conv1:0.5', '--per-layer', '/q/:0', '--json'];
    const { code, stdout, stderr } = await tsos(['prune', dense, '--output', output, ...options]);
    assert.equal(code, 0, stderr);
    const { layers, ...whole } = await parsedBySchema<Pruned>('prune', stdout);
    for (const { name, target, kept, total } of layers) {
      const [share, expected] = name.includes('conv1')
        ? [0.5, total / 2]
        : name.includes('/q/')
          ? [0, total]
          : [0.9, { 64: 6, 96: 9, 128: 12 }[total]];
      assert.deepEqual([target, kept], [share, expected], name);
    }
    const sparsity = JSON.parse((await tsos(['sparsity', output, '--json'])).stdout);
    assert.deepEqual(
      [sparsity.nonzero, sparsity.total, sparsity.sparsity],
      [whole.kept, whole.total, whole.sparsity],
    );
    assert.deepEqual(
      sparsity.layers.map(({ nonzero, total }: { nonzero: number; total: number }) => [nonzero, total]),
      layers.map(({ kept, total }) => [kept, total]),
    );
    assert.deepEqual((await readdir(output)).sort(), [
      'checkpoint',
      'model.ckpt-7.data-00000-of-00001',
      'model.ckpt-7.index',
    ]);
    assert.deepEqual((await readdir(directory)).sort(), ['dense', 'pruned']);
  });
});

test('a Transformer whose masks were applied is pruned whole, and keeps its number of heads', async () => {
  await withDirectory(async (directory) => {
    const [dense, pruned] = [`${directory}/dense`, `${directory}/pruned`];
    const steps = [
      ['convert', DEMO_CHECKPOINT, '--to', 'bundle', '--output', dense, '--apply-masks', '--drop-slots'],
      ['prune', dense, '--sparsity', '0.95', '--output', pruned, '--json'],
      ['prune', dense, '--sparsity', '0.95', '--output', pruned, '--json', '--force'],
    ];
    let layers: Pruned['layers'] = [];
    for (const step of steps) {
      const { code, stdout, stderr } = await tsos(step);
      assert.equal(code, 0, stderr);
      if (step[0] === 'prune') ({ layers } = await parsedBySchema<Pruned>('prune', stdout));
    }
    const demo = JSON.parse((await tsos(['sparsity', DEMO_CHECKPOINT, '--json'])).stdout);
    assert.deepEqual(
      layers.map(({ total }) => total),
      demo.layers.map(({ total }: { total: number }) => total),
    );
    assert.deepEqual(JSON.parse(await readFile(`${pruned}/hparams.json`, 'utf8')), { num_heads: 4 });
    const translate = ['translate', pruned, '--vocab', DEMO_VOCABULARY, '--beam', '1', '--extra-length=-2'];
    const { code, stderr } = await tsos(translate, { input: 'July.\n' });
    assert.equal(code, 0, stderr);
    assert.doesNotMatch(stderr, /assumed/);
  });
});

test('random pruning follows its seed; without --json a table says what was kept', async () => {
  await withDense(tinyTransformer('dense'), async (dense, directory) => {
    const run = async (name: string, seed: string) => {
      const output = `${directory}/${name}`;
      const options = ['--sparsity', '0.75', '--method', 'random', '--seed', seed, '--output', output];
      const { code, stdout, stderr } = await tsos(['prune', dense, ...options]);
      assert.equal(code, 0, stderr);
      assert.match(stdout, /^weights +kept +total +sparsity %\n/);
      assert.match(stdout, /\nall +344 +1376 +75\.0000\n.* is 75\.0000 % sparse\n$/);
      return output;
    };
    const [first, same, other] = [await run('a', '1'), await run('b', '1'), await run('c', '2')];
    await withCheckpoint(openCheckpoint(first), async (one) => {
      await withCheckpoint(openCheckpoint(same), async (two) => {
        for (const name of one.names()) assertSameTensor(await one.read(name), await two.read(name), name);
      });
      await withCheckpoint(openCheckpoint(other), async (two) => {
        for (const name of one.names().filter((name) => name.endsWith('mask'))) {
          assert.notDeepEqual((await one.read(name)).data, (await two.read(name)).data, name);
        }
      });
    });
  });
});

test('ties: kept by sort, chosen among by exact; roundings differ by the half', async () => {
  const name = 'resnet_model/final_dense/final_dense/weights';
  const tied = memoryCheckpoint({ [name]: { shape: [3, 5], data: new Float32Array(15).fill(0.5) } });
  await withDense(tied, async (dense, directory) => {
    const kept = async (...options: string[]) => {
      const output = `${directory}/${options.join('')}`;
      const { stdout } = await tsos([
        'prune',
        dense,
        '--sparsity',
        '0.1',
        '--output',
        output,
        '--json',
        ...options,
      ]);
      return (await parsedBySchema<Pruned>('prune', stdout)).kept;
    };
    assert.equal(await kept('--algorithm', 'sort'), 15);
    assert.equal(await kept('--algorithm', 'exact'), 13);
    assert.equal(await kept('--algorithm', 'exact', '--rounding', 'half-even'), 14);
    assert.equal(await kept('--method', 'random', '--rounding', 'half-even'), 14);
  });
});

test('layers that miss their sparsity by more than 5 points are told in one note', async () => {
  const layer = (name: string, data: Float32Array) => ({
    [`resnet_model/${name}/${name}/weights`]: { shape: [1, data.length], data },
  });
  const ramp = Float32Array.from({ length: 100 }, (_, i) => i + 1);
  const tied = memoryCheckpoint({
    // Of 60 equal weights and 40 larger ones, 0.5 cannot be had by magnitude.
    ...layer(
      'final_dense',
      ramp.map((value) => Math.max(value, 60)),
    ),
    ...layer('initial_conv', new Float32Array(100)),
  });
  await withDense(tied, async (dense, directory) => {
    const notes = async (...options: string[]) => {
      const args = ['prune', dense, '--output', `${directory}/${options.join('')}`, ...options];
      const { code, stderr } = await tsos(args);
      assert.equal(code, 0, stderr);
      return stderr.split('\n').filter((line) => line.includes('was asked for'));
    };
    for (const algorithm of ['sort', 'histogram']) {
      const [told, ...others] = await notes('--sparsity', '0.5', '--algorithm', algorithm);
      assert.match(
        told,
        /^tsos: \S+ became 0\.00 % sparse, 50\.00 % was asked for, and 1 more came out .*; --algorithm exact/,
      );
      assert.deepEqual(others, []);
    }
    assert.deepEqual(await notes('--sparsity', '0.5', '--algorithm', 'exact'), []);
    assert.deepEqual(await notes('--sparsity', '0.5', '--method', 'random'), []);
    // A miss of 4 points.
    assert.deepEqual(await notes('--sparsity', '0.04'), []);
  });
});

test('a layer of which nothing is kept has no threshold in JSON', async () => {
  const name = 'resnet_model/initial_conv/initial_conv/weights';
  const small = memoryCheckpoint({ [name]: { shape: [1, 1, 1, 2], data: Float32Array.of(1, 2) } });
  await withDense(small, async (dense, directory) => {
    const options = ['--sparsity', '0.9', '--output', `${directory}/p`, '--json'];
    const { layers } = await parsedBySchema<Pruned>(
      'prune',
      (await tsos(['prune', dense, ...options])).stdout,
    );
    assert.deepEqual([layers[0].kept, layers[0].threshold], [0, null]);
  });
});

test('mistakes are told in a sentence, and leave nothing behind', async () => {
  await withDense(tinyTransformer('dense'), async (dense, directory) => {
    const output = `${directory}/pruned`;
    const fails = async (code: number, says: RegExp, ...options: string[]) => {
      const args = ['prune', dense, '--sparsity', '0.9', '--output', output, ...options];
      assertOneSentence(await tsos(args), code, says);
      assert.deepEqual(await readdir(directory), ['dense']);
    };
    await fails(2, /no layer "conv3".*17 layers/, '--per-layer', 'conv3:0.5');
    await fails(2, /target of layer "conv1": 1: must be at least 0 and below 1/, '--per-layer', 'conv1:1');
    await fails(
      2,
      /--per-layer .* argument 'conv1' is invalid. It must be name:share/,
      '--per-layer',
      'conv1',
    );
    await fails(
      2,
      /targets of both "conv" and "conv1"/,
      '--per-layer',
      'conv:0.1',
      '--per-layer',
      'conv1:0.2',
    );
    await fails(2, /--algorithm is for --method magnitude/, '--method', 'random', '--algorithm', 'exact');
    await fails(2, /--seed .* argument '-1' is invalid/, '--seed', '-1');
    await fails(2, /sparsity 1\.5: must be at least 0 and below 1/, '--sparsity', '1.5');
    await fails(2, /the directory does not exist/, '--output', `${directory}/none/pruned`);
    const demo = ['prune', DEMO_CHECKPOINT, '--sparsity', '0.9', '--output', output];
    assertOneSentence(
      await tsos(demo),
      2,
      /is sparse already \(magnitude_pruning\); give the dense checkpoint/,
    );
    assertOneSentence(await tsos(['prune', dense, '--sparsity', '0.9']), 2, /output/);
    await writeFile(output, 'precious');
    const again = ['prune', dense, '--sparsity', '0.9', '--output', output];
    assertOneSentence(
      await tsos(again),
      2,
      /pruned: exists already; choose another name, or have it replaced \(--force\)/,
    );
    assert.deepEqual((await readdir(directory)).sort(), ['dense', 'pruned']);
  });
});

test('a weight that is no number stops it, exit code 3, and leaves nothing behind', async () => {
  const name = 'resnet_model/final_dense/final_dense/weights';
  const diverged = memoryCheckpoint({ [name]: { shape: [1, 2], data: Float32Array.of(1, Number.NaN) } });
  await withDense(diverged, async (dense, directory) => {
    const args = ['prune', dense, '--sparsity', '0.5', '--output', `${directory}/p`];
    assertOneSentence(await tsos(args), 3, /final_dense\/weights element 1 is NaN/);
    assert.deepEqual(await readdir(directory), ['dense']);
  });
});

/** Writes a checkpoint of step 7 to the directory `dense` of a fresh one. */
async function withDense(
  checkpoint: Checkpoint,
  use: (dense: string, directory: string) => Promise<void>,
): Promise<void> {
  await withDirectory(async (directory) => {
    const dense = `${directory}/dense`;
    const step = { name: 'global_step', dtype: 'int64', shape: [], data: BigInt64Array.of(7n) } as const;
    const tensors = async function* () {
      yield step;
      yield* readTensors(checkpoint);
    };
    await mkdir(dense);
    await writeCheckpoint(`${dense}/model`, tensors());
    await use(dense, directory);
  });
}
