import assert from 'node:assert/strict';
import { existsSync, statSync } from 'node:fs';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import process from 'node:process';
import { test } from 'node:test';
import type { Target } from '../../src/results/reproduction/target.ts';
import { tarOf } from '../io/archive/tar-writer.ts';
import { withDirectory } from '../io/support.ts';
import { type Outcome, type TsosOptions, tsos } from '../support/command-line.ts';
import { type Asked, cutAfter, fileReply, type Reply, withServer } from '../support/file-server.ts';
import { assertOneSentence } from '../support/one-sentence.ts';
import { GOLDENS, STAND_INS, writeStandIn } from '../support/stand-ins.ts';

/** Published names of the technique of the checkpoints that stand in for them. */
const TRANSFORMER = 'magnitude_pruning_0.9_0_400000_10000_0.0_0.1';
const RESNET = 'standard_threshold_0.9_40000_76000_2000_0.1';

interface Mirror {
  run(args: readonly string[], options?: TsosOptions): Promise<Outcome>;
  readonly directory: string;
  readonly cache: string;
  readonly asked: readonly Asked[];
}

let files: Promise<{ catalogue: readonly Target[]; served: Map<string, Uint8Array> }> | undefined;

/** Small checkpoints under published names, and what else a mirror has. */
function prepared() {
  files ??= withDirectory(async (directory) => {
    const served = new Map<string, Uint8Array>();
    const catalogue: Target[] = [];
    for (const [name, golden] of [
      [TRANSFORMER, 'transformer/magnitude_pruning'],
      [RESNET, 'resnet50/extended_d50_w8'],
    ]) {
      const target = await writeStandIn(directory, STAND_INS.find((each) => each.golden === golden)!);
      const folder = join(directory, target.name);
      const members = (await readdir(folder)).map(
        async (file) => [`${name}/${file}`, await readFile(join(folder, file))] as const,
      );
      served.set(
        `/sparse_${target.model}/${name}.tar`,
        tarOf(Object.fromEntries(await Promise.all(members))),
      );
      catalogue.push({ ...target, name });
    }
    served.set(
      '/decode/wmt_ende32k/vocab.translate_ende_wmt32k.32768.subwords',
      await readFile(join(GOLDENS, 'transformer/vocab.300.subwords')),
    );
    return { catalogue, served };
  });
  return files;
}

/** An empty home and a mirror. */
async function mirrored(
  use: (mirror: Mirror) => Promise<void>,
  answer: (reply: Reply, count: number) => Reply = (reply) => reply,
): Promise<void> {
  const { catalogue, served } = await prepared();
  await withDirectory((directory) =>
    withServer(
      (asked, count) => {
        const file = served.get(asked.path);
        if (file === undefined) return { status: 404, headers: { 'Content-Length': 0 } };
        return answer(fileReply(asked, file), count);
      },
      async (from, asked) => {
        const file = join(directory, 'catalogue.json');
        await writeFile(file, JSON.stringify({ checkpoints: catalogue }));
        const cache = join(directory, 'home', 'tsos');
        const env = { TSOS_CACHE: cache, TSOS_MIRROR: from, TSOS_CATALOGUE: file, TSOS_TUNE_SECONDS: '0' };
        const run = (args: readonly string[], options: TsosOptions = {}) =>
          tsos(args, { ...options, env: { ...env, ...options.env } });
        await use({ run, directory, cache, asked });
      },
    ),
  );
}

test('a name is a checkpoint to every command, fetched once', async () => {
  await mirrored(async ({ run, directory, cache, asked }) => {
    const archive = `${cache}/sparse_rn50/${RESNET}.tar`;
    const first = await run(['sparsity', RESNET]);
    assert.equal(first.code, 0, first.stderr);
    assert.ok(first.stdout.startsWith(`${archive} global sparsity = `), first.stdout);
    assert.match(first.stderr, new RegExp(`${RESNET}: not in the cache, fetching http`));
    for (const [command, ...args] of [
      ['inspect'],
      ['convert', '--to', 'npz', '--output', join(directory, 'a.npz')],
      ['tune', '--budget', '0'],
    ]) {
      const { code, stderr } = await run([command, RESNET, ...args], { env: { TSOS_OFFLINE: '1' } });
      assert.equal(code, 0, `${command}: ${stderr}`);
    }
    assert.equal(asked.length, 1);
  });
});

test('a published Transformer translates by its name alone', async () => {
  await mirrored(async ({ run, asked }) => {
    const options = ['--limit', '1', '--extra-length=-20', '--beam', '1', '--heads', '4'];
    const { code, stdout, stderr } = await run(['translate', TRANSFORMER, ...options], {
      input: 'This begins.\n',
    });
    assert.equal(code, 0, stderr);
    assert.equal(stdout.split('\n').length, 2);
    assert.deepEqual(asked.map(({ path }) => path.split('/').at(-1)).sort(), [
      `${TRANSFORMER}.tar`,
      'vocab.translate_ende_wmt32k.32768.subwords',
    ]);
  });
});

test('offline a name is what was fetched before, and else a sentence', async () => {
  await mirrored(async ({ run, asked }) => {
    const refused = /\.tar is not there, and offline it cannot be fetched from http/;
    assertOneSentence(await run(['sparsity', RESNET, '--offline']), 2, refused);
    assertOneSentence(await run(['sparsity', RESNET], { env: { TSOS_OFFLINE: '1' } }), 2, refused);
    const translate = ['translate', TRANSFORMER, '--offline'];
    assertOneSentence(await run(translate, { input: 'a\n' }), 2, /subwords is not there, and offline/);
    assert.equal(asked.length, 0);
    assertOneSentence(await run(['sparsity', RESNET.replace('76000', '76001')]), 2, /did you mean standard_/);
    assertOneSentence(await run(['translate', 'model.ckpt-1'], { input: 'a\n' }), 2, /--vocab is missing/);
  });
});

test('newstest2014 is a text by its name', async () => {
  await mirrored(async ({ run, directory, cache }) => {
    const decode = join(cache, 'decode');
    await mkdir(decode, { recursive: true });
    const texts = {
      'newstest2014.en': 'The house is small .\n',
      'newstest2014.de': 'Das Haus ist klein.\n',
      'newstest2014.tok.de': 'Das Haus ist klein .\n',
    };
    for (const [name, text] of Object.entries(texts)) await writeFile(join(decode, name), text);
    await writeFile(join(directory, 'hypotheses'), 'Das Haus ist klein.\n');
    for (const method of ['moses-compound', '13a']) {
      const scored = [
        'bleu',
        join(directory, 'hypotheses'),
        '--reference',
        'newstest2014',
        '--method',
        method,
      ];
      const { code, stdout, stderr } = await run([...scored, '--offline']);
      assert.equal(code, 0, stderr);
      assert.match(stdout, /BLEU.* = 100\.00/, method);
    }
    const options = ['--input', 'newstest2014', '--extra-length=-20', '--beam', '1', '--heads', '4'];
    const { code, stdout, stderr } = await run(['translate', TRANSFORMER, ...options]);
    assert.equal(code, 0, stderr);
    assert.equal(stdout.split('\n').length, 2);
  });
});

test('checkpoints are reproduced by name and pattern', async () => {
  await mirrored(async ({ run, directory }) => {
    const output = ['--output', join(directory, 'out'), '--json'];
    const { code, stdout, stderr } = await run(['reproduce', '*_pruning_0.9_*', RESNET, ...output]);
    assert.equal(code, 0, stderr);
    const { checkpoints, summary } = JSON.parse(stdout);
    assert.deepEqual(
      checkpoints.map(({ name }: Target) => name),
      [TRANSFORMER, RESNET],
    );
    assert.deepEqual([summary.missing, summary.failed], [0, 0]);
    const texts = ['--source', join(directory, 'source.en'), '--reference', join(directory, 'reference.de')];
    for (const text of [texts[1], texts[3]]) await writeFile(text, 'a .\n');
    const limits = ['--extra-length', '1', '--output', join(directory, 'translated')];
    const translated = await run(['reproduce', TRANSFORMER, ...texts, ...limits]);
    assert.match(translated.stderr, /the vocabulary: not in the cache, fetching .*subwords/);
    assert.match(translated.stdout, new RegExp(`^${TRANSFORMER} .* agrees .* 0\\.00 +0\\.00 +0\\.00 `, 'm'));
    const none = await run(['reproduce', '*_0.4_*', ...output]);
    assertOneSentence(none, 2, /no published checkpoint is called like/);
  });
});

test('what a killed run had fetched is gone on with, and its lock is in nobody’s way', async () => {
  await mirrored(
    async ({ run, cache, asked }) => {
      const part = `${cache}/sparse_rn50/${RESNET}.tar.part`;
      const killed = await run(['sparsity', RESNET], {
        during(child) {
          const timer = setInterval(() => {
            if (!existsSync(part) || statSync(part).size < 50_000) return;
            clearInterval(timer);
            process.kill(child.pid!, 'SIGKILL');
          }, 10);
        },
      });
      assert.notEqual(killed.code, 0);
      const { code, stderr } = await run(['sparsity', RESNET]);
      assert.equal(code, 0, stderr);
      assert.equal(asked.at(-1)?.headers.range, 'bytes=50000-');
      assert.deepEqual((await readdir(join(cache, 'sparse_rn50'))).sort(), [
        `${RESNET}.tar`,
        `${RESNET}.tar.fetched.json`,
      ]);
    },
    (reply, count) => (count === 1 ? cutAfter(reply, 50_000, 'hang') : reply),
  );
});

test('two that want the same at once both get it, from one download', async () => {
  await mirrored(async ({ run, asked }) => {
    const both = await Promise.all([run(['sparsity', RESNET]), run(['sparsity', RESNET])]);
    for (const { code, stderr } of both) assert.equal(code, 0, stderr);
    assert.equal(both[0].stdout, both[1].stdout);
    assert.equal(asked.length, 1);
  });
});
