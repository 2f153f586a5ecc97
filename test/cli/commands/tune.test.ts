import assert from 'node:assert/strict';
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { withDirectory } from '../../io/support.ts';
import { tsos } from '../../support/command-line.ts';
import { DEMO_CHECKPOINT } from '../../support/demo.ts';
import { parsedBySchema } from '../../support/schema.ts';

interface Tuned {
  readonly dispatches: readonly {
    kernel: string;
    why: string;
    milliseconds: Record<string, number>;
    missing: readonly string[];
    failed: readonly string[];
  }[];
  readonly formats: readonly { format: string; milliseconds: Record<string, number> }[];
}

/** One short sentence, greedily: as few dispatches as a model has. */
const SMALL = ['--batch', '1', '--beam', '1', '--length', '3'];

test('tune measures, keeps and explains; what it kept is used, and does no harm when it is damaged', async () => {
  await withDirectory(async (directory) => {
    const env = { TSOS_CACHE: directory };
    const run = async (...args: string[]) => {
      const { code, stdout, stderr } = await tsos(['tune', DEMO_CHECKPOINT, ...SMALL, ...args], { env });
      assert.equal(code, 0, stderr);
      return stdout;
    };

    const untouched = await parsedBySchema<Tuned>('tune', await run('--budget', '0', '--json'));
    assert.ok(untouched.dispatches.length > 10);
    assert.ok(
      untouched.dispatches.every(
        ({ why, milliseconds, missing }) =>
          why === 'default' && Object.keys(milliseconds).length === 0 && missing.length > 0,
      ),
    );
    assert.deepEqual(untouched.formats, []);

    const measured = await parsedBySchema<Tuned>('tune', await run('--budget', '300', '--json'));
    for (const { kernel, why, milliseconds, missing, failed } of measured.dispatches) {
      assert.equal(why, 'measured');
      assert.deepEqual([missing, failed], [[], []]);
      const least = Math.min(...Object.values(milliseconds));
      assert.ok(0.97 * milliseconds[kernel] <= least, `${kernel} was not worth staying with`);
    }
    // Queries, keys and values; what is attended; keys and values of the encoder's output; both layers of the feed-forward part; logits.
    assert.equal(measured.formats.length, 6);
    for (const { format, milliseconds } of measured.formats) {
      assert.equal(format, milliseconds.dense < milliseconds.sparse ? 'dense' : 'sparse');
    }

    const explained = await run('--budget', '0', '--explain');
    assert.match(explained, /^sparse product \[\d+, \d+\], \d+ entries a row · 4 columns/m);
    assert.match(explained, / ms {2}spmm .* <- measured earlier$/m);
    assert.match(explained, /: held (sparse|dense) \(/);

    const folder = join(directory, 'tuning');
    const [file] = await readdir(folder);
    await writeFile(join(folder, file), '{"version": 1, "adapter": ');
    const forgotten = await parsedBySchema<Tuned>('tune', await run('--budget', '0', '--json'));
    assert.ok(forgotten.dispatches.every(({ why }) => why === 'default'));
  });
});

test('tune tells what is wrong with its arguments', async () => {
  for (const [args, message] of [
    [['--budget', '-1'], /--budget .* '-1' is invalid. It cannot be below 0/],
    [['--budget', 'long'], /--budget .* 'long'/],
    [['--batch', '0'], /--batch/],
    [[DEMO_CHECKPOINT, '--model', 'rn50'], /--model is for stand-ins/],
  ] as const) {
    const { code, stderr } = await tsos(['tune', ...args]);
    assert.equal(code, 2, stderr);
    assert.match(stderr, message);
  }
  const { code, stderr } = await tsos(['translate', DEMO_CHECKPOINT], { env: { TSOS_TUNE_SECONDS: 'soon' } });
  assert.equal(code, 2, stderr);
});
