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
  assertOneSentence(await tsos(['help', 'inspekt']), 2, /no command inspekt; did you mean inspect\?/);
});

const MISTAKES: readonly [args: string[], says: RegExp][] = [
  [['inspekt'], /no command inspekt; did you mean inspect\?/],
  [['--verify'], /no option --verify/],
  [['inspect'], /Missing required positional argument: CHECKPOINT/],
  [['inspect', ''], /CHECKPOINT is empty; it needs a value/],
  [['classify', 'a', 'b.jpg', ''], /PICTURES is empty; it needs a value/],
  [['translate', 'a', '--vocab', ''], /--vocab needs a value/],
  [['translate', 'a', '--vocab', 'v', '--output='], /--output needs a value/],
  [['exec', '--', ''], /exec: no command/],
  [['inspect', 'a', 'b'], /"b" is one argument too many/],
  [['inspect', 'a', '--verfy'], /no option --verfy; did you mean --verify\?/],
  [['inspect', 'a', '--verify=yes'], /--verify takes no value/],
  [
    ['sparsity', 'a', '--technique', 'lottery'],
    /--technique is "lottery"; it can be dense, magnitude_pruning/,
  ],
  [
    ['sparsity', 'a', '--log-alpha-threshold', 'three'],
    /--log-alpha-threshold is "three"; it must be a number/,
  ],
  [['translate', 'a'], /Missing required argument: --vocab/],
  [['translate', 'a', '--vocab', '--json'], /--vocab needs a value/],
  [['translate', 'a', '--vocab', 'v', '--beam', '1.5'], /--beam is 1\.5; it must be a whole number from 1/],
  [['translate', 'a', '--vocab', 'v', '--extra-length', '1', '--legacy-length'], /exclude each other/],
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
