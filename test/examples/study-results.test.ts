import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import process from 'node:process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { run } from '../../src/cli/adapter/exec.ts';
import { runtimeArguments } from '../../src/cli/adapter/runtime-arguments.ts';
import { splitLines } from '../../src/models/transformer/translate-file.ts';
import { readSummary } from '../../src/study/summary-table.ts';
import { withDirectory } from '../io/support.ts';
import { tsos } from '../support/command-line.ts';
import { DEMO_CHECKPOINT, DEMO_RESNET, DEMO_VOCABULARY, inDemo } from '../support/demo.ts';

/** The runs whose checkpoints are in demo/. */
const SHOWN = 'magnitude-targetSparsity=0.9';

test('the checkpoints that come with the repository are as good on the test data as the table of the study says', async () => {
  await withDirectory(async (directory) => {
    const script = fileURLToPath(new URL('../../scripts/study.ts', import.meta.url));
    const node = [process.execPath, '--conditions=tsos-source', ...runtimeArguments(script)];
    assert.equal(await run([...node, script, directory, '--test-data'], { INIT_CWD: directory }), 0);

    const text = (name: string) => join(directory, 'data', 'text', name);
    const [translated, wanted] = [join(directory, 'test.de'), text('test.de')];
    await succeed(
      ...['translate', DEMO_CHECKPOINT, '--vocab', DEMO_VOCABULARY],
      ...['--input', text('test.en'), '--output', translated],
    );
    const score = await succeed('bleu', translated, '--reference', wanted, '--method', '13a', '--json');
    const [hypotheses, references] = await Promise.all(
      [translated, wanted].map(async (file) => splitLines(await readFile(file, 'utf8'))),
    );
    const exact = hypotheses.filter((line, i) => line === references[i]).length;
    const sentences = await shownIn('transformer');
    assert.equal(exact / references.length, sentences.evaluation.exactMatch);
    assert.equal(JSON.parse(score).score, sentences.evaluation.bleu);

    const data = join(directory, 'data', 'pictures');
    const evaluated = await succeed(
      'evaluate',
      DEMO_RESNET,
      '--data',
      data,
      '--output',
      join(directory, 'evaluation.json'),
      '--json',
    );
    const { top1, top5 } = JSON.parse(evaluated).result;
    assert.deepEqual({ top1, top5 }, (await shownIn('rn50')).evaluation);

    for (const [checkpoint, { sparsity }] of [
      [DEMO_CHECKPOINT, sentences],
      [DEMO_RESNET, await shownIn('rn50')],
    ] as const) {
      assert.equal(JSON.parse(await succeed('sparsity', checkpoint, '--json')).sparsity, sparsity);
    }
  });
});

async function shownIn(model: string) {
  const rows = await readSummary(inDemo(`results/${model}.csv`));
  return rows.find((row) => row.run === SHOWN) ?? assert.fail(`no run ${SHOWN}`);
}

async function succeed(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await tsos(args);
  assert.equal(code, 0, stderr);
  return stdout;
}
