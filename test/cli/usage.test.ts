import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { tsos } from '../support/command-line.ts';
import { assertOneSentence } from '../support/one-sentence.ts';

test('--version is that of the package', async () => {
  const manifest = await readFile(new URL('../../package.json', import.meta.url), 'utf8');
  const { code, stdout } = await tsos(['--version']);
  assert.deepEqual([code, stdout.trim()], [0, JSON.parse(manifest).version]);
});

const COMMANDS = [
  'list',
  'fetch',
  'inspect',
  'sparsity',
  'translate',
  'bleu',
  'evaluate',
  'merge',
  'classify',
  'prune',
  'convert',
  'train',
  'vocabulary',
  'results',
  'reproduce',
  'demo',
  'exec',
];

test('--help lists the commands, and of each its options', async () => {
  const all = await tsos(['--help']);
  assert.equal(all.code, 0);
  for (const command of COMMANDS) assert.match(all.stdout, new RegExp(`^ +${command} `, 'm'));
  const one = await tsos(['translate', '--help']);
  assert.equal(one.code, 0);
  for (const option of ['--vocab', '--beam', '--legacy-length', '--resume', '--json']) {
    assert.ok(one.stdout.includes(option), option);
  }
});

test('help is --help, also of a command', async () => {
  for (const [asked, means] of [
    [['help'], ['--help']],
    [
      ['help', 'translate'],
      ['translate', '--help'],
    ],
    [['help', 'help'], ['--help']],
  ]) {
    assert.deepEqual(await tsos(asked), await tsos(means), asked.join(' '));
  }
  assertOneSentence(
    await tsos(['help', 'inspekt']),
    2,
    /unknown command 'inspekt'; did you mean inspect\? \("tsos --help" lists what there is\)/,
  );
});

const MISTAKES: readonly [args: string[], says: RegExp][] = [
  [['inspekt'], /unknown command 'inspekt'; did you mean inspect\? \("tsos --help" lists what there is\)/],
  [['--verify'], /unknown option '--verify'.* \("tsos --help" lists/],
  [['inspect'], /missing required argument 'checkpoint' \("tsos inspect --help" lists/],
  [['inspect', ''], /<checkpoint> is empty; it needs a value/],
  [['classify', 'a', 'b.jpg', ''], /<pictures> is empty; it needs a value/],
  [['translate', 'a', '--vocab', ''], /--vocab needs a value/],
  [['translate', 'a', '--vocab', 'v', '--output='], /--output needs a value/],
  [['exec', '--', ''], /exec: no command/],
  [['inspect', 'a', 'b'], /too many arguments for 'inspect'. Expected 1 argument but got 2/],
  [
    ['inspect', 'a', '--verfy'],
    /unknown option '--verfy'; did you mean --verify\? \("tsos inspect --help" lists/,
  ],
  [['inspect', 'a', '--verify=yes'], /unknown option '--verify=yes'/],
  [
    ['sparsity', 'a', '--technique', 'lottery'],
    /'--technique <name>' argument 'lottery' is invalid. Allowed choices are dense, magnitude_pruning/,
  ],
  [
    ['sparsity', 'a', '--log-alpha-threshold', 'three'],
    /'--log-alpha-threshold <number>' argument 'three' is invalid. It must be a number/,
  ],
  [
    ['translate', 'a'],
    /--vocab is missing: only that of published Transformers is known \("tsos translate --help" lists/,
  ],
  [['translate', 'a', '--vocab', '--json'], /--vocab needs a value/],
  [
    ['translate', 'a', '--vocab', 'v', '--beam', '1.5'],
    /'--beam <n>' argument '1\.5' is invalid. It must be a whole number from 1/,
  ],
  [['translate', 'a', '--vocab', 'v', '--beam', '1e9'], /It must be a whole number from 1 to 32/],
  [['translate', 'a', '--vocab', 'v', '--extra-length', '1', '--legacy-length'], /cannot be used with/],
  [['translate', 'a', '--vocab', 'v', '--resume'], /--resume needs the --output/],
];

for (const [args, says] of MISTAKES) {
  test(`tsos ${args.join(' ')}: exit code 2 and a sentence`, async () => {
    const outcome = await tsos(args);
    assertOneSentence(outcome, 2, says);
  });
}

test('exec passes arguments and the exit code on', async () => {
  const { code, stdout } = await tsos(['exec', '--', 'sh', '-c', 'echo "$0"; exit 7', '--help']);
  assert.deepEqual([code, stdout], [7, '--help\n']);
});
