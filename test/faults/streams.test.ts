import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import process from 'node:process';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { runtimeArguments } from '../../src/cli/adapter/runtime-arguments.ts';
import { openCheckpoint } from '../../src/io/checkpoint/checkpoint.ts';
import { withCheckpoint, withDirectory } from '../io/support.ts';
import { MAIN, tsos } from '../support/command-line.ts';
import { DEMO_CHECKPOINT, DEMO_PICTURE, DEMO_RESNET, DEMO_VOCABULARY } from '../support/demo.ts';
import { assertOneSentence } from '../support/one-sentence.ts';

const skip = existsSync('/dev/full') ? false : 'there is no /dev/full here';

/** Commands that need a device take some seconds each; without this only one of them is tried. */
const ALL = process.env.TSOS_FAULT_KILLS !== undefined;

/** Runs a line of bash in which `tsos` is the command. */
async function shell(line: string, directory: string): Promise<string> {
  const command = [process.execPath, ...runtimeArguments(MAIN), MAIN].map((part) => `'${part}'`).join(' ');
  const { stdout } = await promisify(execFile)('bash', ['-c', `tsos() { ${command} "$@"; }\n${line}`], {
    cwd: directory,
  });
  return stdout;
}

const TRANSLATE = `tsos translate '${DEMO_CHECKPOINT}' --vocab '${DEMO_VOCABULARY}' --input in.en --extra-length 2`;
const LONG: Record<string, string> = {
  translate: `${TRANSLATE} --output out`,
  classify: `tsos classify '${DEMO_RESNET}' '${DEMO_PICTURE}' --output out`,
  convert: `tsos convert '${DEMO_CHECKPOINT}' --to npz --output out`,
};

/** Ways of standard error to be of no use. */
const LOST = ['2> >(true)', '2>/dev/full', '2>&-'];

for (const [name, command] of Object.entries(LONG)) {
  test(`${name}: nobody who reads its notes, or a full disk for them, is no reason to stop`, {
    skip: skip || (!ALL && name === 'classify' && 'only with TSOS_FAULT_KILLS'),
  }, async () => {
    await withDirectory(async (directory) => {
      await writeFile(join(directory, 'in.en'), 'The end.\n');
      for (const lost of ALL || name === 'convert' ? LOST : LOST.slice(0, 1)) {
        await shell(`rm -rf out; ${command} ${lost}; echo "code $?"`, directory).then((stdout) =>
          assert.match(stdout, /code 0\n$/, lost),
        );
        assert.deepEqual((await readdir(directory)).sort(), ['in.en', 'out']);
      }
    });
  });
}

test('a result that cannot be told is an error, and a reader that has seen enough is none', {
  skip,
}, async () => {
  await withDirectory(async (directory) => {
    const inspect = `tsos inspect '${DEMO_CHECKPOINT}'`;
    assert.match(await shell(`${inspect} 2>error >/dev/full; echo "code $?"`, directory), /code 1\n$/);
    assert.match(await readFile(join(directory, 'error'), 'utf8'), /stdout: the disk is full/);
    assert.match(await shell(`${inspect} | head -1; echo "code \${PIPESTATUS[0]}"`, directory), /code 0\n$/);
  });
});

test('an output may be standard output, wherever that goes: what is there stays, what follows follows', {
  skip,
}, async () => {
  await withDirectory(async (directory) => {
    const convert = `tsos convert '${DEMO_CHECKPOINT}' --quiet --to safetensors --output`;
    await shell(
      `${convert} plain
       { printf before; ${convert} /dev/stdout; printf after; } > log
       printf kept > added; ${convert} /proc/self/fd/1 >> added
       ${convert} /dev/stdout | cat > piped`,
      directory,
    );
    const at = (name: string) => readFile(join(directory, name));
    const plain = await at('plain');
    assert.ok((await at('log')).equals(Buffer.concat([Buffer.from('before'), plain, Buffer.from('after')])));
    assert.ok((await at('added')).equals(Buffer.concat([Buffer.from('kept'), plain])));
    assert.ok((await at('piped')).equals(plain));
  });
});

test('no command writes over what it reads, through links either', { skip }, async () => {
  await withDirectory(async (directory) => {
    const at = (name: string) => join(directory, name);
    assert.equal(
      (await tsos(['convert', DEMO_CHECKPOINT, '--to', 'bundle', '--output', at('model')])).code,
      0,
    );
    await mkdir(at('pictures'));
    for (const name of ['pictures/a.jpg', 'labels', 'vocabulary', 'text', 'part.json']) {
      await writeFile(at(name), 'a.jpg 3\n');
    }
    const [shard] = (await readdir(at('model'))).filter((name) => name.includes('.data-'));
    await symlink(join('model', shard), at('link'));
    const over = async (output: string, ...args: string[]) => {
      const before = await readFile(at(output));
      assertOneSentence(
        await tsos([...args, '--output', at(output)]),
        2,
        /is an input of this run too|input of this run in it/,
      );
      assert.ok((await readFile(at(output))).equals(before));
    };
    const evaluate = ['evaluate', at('model'), '--data', at('pictures'), '--labels', at('labels')];
    const translate = ['translate', at('model'), '--vocab', at('vocabulary'), '--input', at('text')];
    await Promise.all([
      over('pictures/a.jpg', ...evaluate),
      over('labels', ...evaluate),
      over(`model/${shard}`, ...evaluate),
      over('link', ...translate),
      over('vocabulary', ...translate),
      over('pictures/a.jpg', 'classify', at('model'), at('pictures')),
      over('part.json', 'merge', at('part.json')),
      over('link', 'convert', at('model'), '--to', 'npz', '--force'),
    ]);
    const pruned = await tsos([
      'prune',
      at('model'),
      '--sparsity',
      '0.5',
      '--force',
      '--output',
      at('model'),
    ]);
    assertOneSentence(pruned, 2, /model: has an input of this run in it/);
    await withCheckpoint(openCheckpoint(at('model')), async (checkpoint) => {
      assert.ok(checkpoint.names().length > 0);
    });
  });
});
