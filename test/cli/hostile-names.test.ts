import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { COMMANDS } from '../../src/cli/command-table.ts';
import { writeCheckpoint } from '../../src/io/checkpoint/write-checkpoint.ts';
import { readTensors } from '../../src/io/exchange/export.ts';
import { makeJpeg } from '../io/pictures/made-pictures.ts';
import { withDirectory } from '../io/support.ts';
import { DEMO_CHECKPOINT, DEMO_VOCABULARY } from '../support/demo.ts';
import fc from '../support/fast-check.ts';
import { type MemoryTensor, memoryCheckpoint } from '../support/memory-checkpoint.ts';
import { onTerminal } from '../support/terminal.ts';
import { tinyResNet } from '../support/tiny-resnet.ts';

/** Clears the screen, turns red, turns the direction of writing, hides, breaks lines. */
const HOSTILE = '\x1b[2J\x9b31m\u202e\u2066\u200b\u2028\u2029\u00ad\ufeff\n\r\t\x07\u{e0041}';
/** All such characters but the line feeds between lines. */
const ACTS = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u;

test('no name that comes from files or arguments acts on the terminal, whatever the command', async () => {
  await withDirectory(async (parent) => {
    const directory = join(parent, HOSTILE);
    const at = (name: string) => join(directory, `${HOSTILE}${name}`);
    await mkdir(directory);
    const resnet = tinyResNet({ depth: 18, classes: 3 });
    const strange: Record<string, MemoryTensor> = {
      [`${HOSTILE}/weights`]: { shape: [2, 2], data: Float32Array.of(1, 0, 2, 0) },
      [`${HOSTILE}/name`]: { dtype: 'string', shape: [1], data: [new Uint8Array(1)] },
    };
    await writeCheckpoint(at('model'), readTensors(memoryCheckpoint(resnet)));
    await writeCheckpoint(at('strange'), readTensors(memoryCheckpoint(strange)));
    await writeFile(at('a.jpg'), makeJpeg(1));
    await writeFile(at('b.png'), '\x89PNG\r\n');
    await writeFile(at('labels'), `${HOSTILE.replaceAll('\n', '')}\n`.repeat(3));
    await writeFile(at('classes'), `${HOSTILE.replaceAll('\n', '')}a.jpg 1\n`);
    await writeFile(at('text'), 'July.\n');
    await writeFile(at('part'), '{"format": "\u202e"}');
    const settings = { inputs: [HOSTILE], targets: [HOSTILE], vocab: HOSTILE };
    await writeFile(
      at('study'),
      JSON.stringify({ model: 'transformer', preset: 'small', settings, runs: [{ name: HOSTILE }] }),
    );
    await mkdir(at('run'));
    await writeFile(join(at('run'), 'run.json'), '{"settings": "\u202e"}');
    await writeFile(join(at('run'), 'metrics.jsonl'), '{"step": 1, "\u202e": 2}\n');
    const [model, text] = [at('model'), at('text')];
    const commands: Record<string, readonly (readonly string[])[]> = {
      list: [['--sparsity', HOSTILE]],
      fetch: [[HOSTILE], [HOSTILE, '--cache', directory]],
      inspect: [[at('strange')], [at('strange'), '--json'], [at('none')]],
      sparsity: [[at('strange')], [at('strange'), '--json'], [model, '--technique', HOSTILE]],
      prune: [
        [model, '--sparsity', '0.5', '--output', at('pruned')],
        [model, '--sparsity', '0.5', '--output', at('pruned')],
      ],
      convert: [
        [at('strange'), '--to', 'npz', '--output', at('out.npz')],
        [at('strange'), '--to', 'npz', '--output', at('out.npz')],
        [at('strange'), '--to', HOSTILE],
      ],
      translate: [
        [model, '--vocab', at('none'), '--input', text],
        [DEMO_CHECKPOINT, '--vocab', text, '--input', text],
        [DEMO_CHECKPOINT, '--vocab', DEMO_VOCABULARY, '--input', at('none')],
        [
          DEMO_CHECKPOINT,
          '--vocab',
          DEMO_VOCABULARY,
          '--input',
          text,
          '--extra-length=-2',
          '--output',
          at('de'),
        ],
      ],
      evaluate: [
        [model, '--data', directory, '--labels', at('classes'), '--output', at('evaluation')],
        [model, '--data', at('b.png'), '--output', at('evaluation')],
        [model, '--data', at('a.jpg'), '--labels', at('labels'), '--output', at('evaluation')],
      ],
      merge: [[at('part')], [text], [directory]],
      classify: [
        [model, at('a.jpg'), at('b.png'), '--labels', at('labels')],
        [model, at('a.jpg'), at('b.png'), '--labels', at('labels'), '--json'],
        [model, at('a.jpg'), '--labels', text],
      ],
      bleu: [
        [text, '--reference', text],
        [text, '--reference', text, '--compare', text, '--bootstrap', '10'],
        [text, '--reference', at('labels')],
      ],
      train: [
        [
          'transformer',
          '--output',
          at('trained'),
          '--inputs',
          text,
          '--targets',
          text,
          '--vocab',
          at('none'),
        ],
        ['rn50', '--output', at('trained'), '--data', at('none')],
        ['rn50', '--output', directory, '--data', text],
        [HOSTILE, '--output', at('trained'), '--like', HOSTILE],
      ],
      sweep: [
        [at('study'), '--output', at('studied')],
        [at('part'), '--output', at('studied')],
        [at('none'), '--output', at('studied'), '--shard', HOSTILE],
      ],
      curves: [
        [at('run'), '--output', at('drawn')],
        [at('none'), '--output', at('drawn')],
      ],
      vocabulary: [
        ['build', text, '--size', '30', '--output', at('subwords')],
        [HOSTILE, text, '--size', '30', '--output', at('subwords')],
        ['build', at('none'), '--size', '30', '--output', at('subwords')],
      ],
      results: [[directory], [directory, '--sort', HOSTILE]],
      reproduce: [
        ['--checkpoints', directory, '--output', at('report')],
        ['--catalogue', at('part'), '--output', at('report')],
      ],
      tune: [[at('none')], [HOSTILE, '--model', 'rn50']],
      demo: [
        [model, '--picture', at('a.jpg')],
        [at('none'), '--picture', at('a.jpg')],
      ],
      exec: [['--', at('none')]],
    };
    assert.deepEqual(Object.keys(commands).sort(), Object.keys(COMMANDS).sort());
    for (const [name, calls] of Object.entries(commands)) {
      for (const args of calls) {
        const { code, stdout, stderr } = await onTerminal([name, ...args]);
        assert.notEqual(code, 1, stderr);
        assertHarmless(`${stdout}${stderr}`, [name, ...args]);
      }
    }
    const { stdout } = await onTerminal(['classify', model, at('a.jpg'), '--labels', at('labels')]);
    assert.match(stdout, /% {2}\\u001b\[2J\\u009b31m\\u202e/);
  });
});

test('nor does any argument, wherever it stands', async () => {
  const word = fc.string({ unit: 'binary' }).map((text) => `${HOSTILE[text.length % HOSTILE.length]}${text}`);
  const name = fc.constantFrom(
    ...Object.keys(COMMANDS).filter((each) => !['demo', 'tune', 'exec'].includes(each)),
  );
  await fc.assert(
    fc.asyncProperty(name, fc.array(word, { minLength: 1, maxLength: 4 }), async (command, words) => {
      const args = [command, ...words.map((each) => each.replaceAll('\0', '\x01'))];
      const { code, stdout, stderr } = await onTerminal(args);
      assert.notEqual(code, 1, stderr);
      assertHarmless(`${stdout}${stderr}`, args);
    }),
    { numRuns: 60 },
  );
});

function assertHarmless(shown: string, args: readonly string[]): void {
  const text = shown.replaceAll('\n', '');
  const at = text.search(ACTS);
  assert.equal(
    at,
    -1,
    `${JSON.stringify(args)}: ${JSON.stringify(text.slice(Math.max(0, at - 60), at + 20))}`,
  );
}
