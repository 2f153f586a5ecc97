import assert from 'node:assert/strict';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { COMMANDS } from '../../src/cli/command-table.ts';
import { makeFiles } from '../io/pictures/made-pictures.ts';
import { withDirectory } from '../io/support.ts';
import { tsos } from '../support/command-line.ts';
import { DEMO_CHECKPOINT, DEMO_VOCABULARY } from '../support/demo.ts';
import { parsedBySchema } from '../support/schema.ts';
import { STAND_INS, writeStandIn } from '../support/stand-ins.ts';

/** What a command prints, which must not be an error. */
async function outputOf(args: readonly string[], input = ''): Promise<string> {
  const { code, stdout, stderr } = await tsos([...args, '--json'], { input });
  assert.equal(code, 0, stderr);
  return stdout;
}

test('every command that takes --json has a schema', async () => {
  const taking: string[] = [];
  for (const [name, { load }] of Object.entries(COMMANDS)) {
    if ((await load()).options.some(({ long }) => long === '--json')) taking.push(name);
  }
  const schemas = (await readdir(new URL('../../schemas/', import.meta.url))).map(
    (name) => name.split('.')[0],
  );
  assert.ok(taking.length >= 13, `found only ${taking}`);
  // What merge prints is of the schema of evaluate.
  assert.deepEqual(
    taking.filter((command) => ![...schemas, 'merge'].includes(command)),
    [],
  );
});

test('shares are from 0 to 1 and called so in every schema, and nothing is in percent', async () => {
  const folder = new URL('../../schemas/', import.meta.url);
  let shares = 0;
  for (const file of await readdir(folder)) {
    const schema = JSON.parse(await readFile(new URL(file, folder), 'utf8'));
    for (const [name, property] of propertiesOf(schema, schema)) {
      assert.doesNotMatch(name, /percent/i, `${file}: ${name}`);
      if (!SHARE.test(name) || !(property.type ?? []).includes('number')) continue;
      shares++;
      assert.ok((property.minimum ?? property.exclusiveMinimum) === 0, `${file}: ${name} is not from 0`);
      assert.ok((property.maximum ?? property.exclusiveMaximum) === 1, `${file}: ${name} is not up to 1`);
    }
  }
  assert.ok(shares >= 20, `found only ${shares}`);
});

/** What names say that a number is a part of a whole. Counts, such as those of right pictures, are integers. */
const SHARE = /sparsity|share|fraction|probability|top-?[15]|dropout|labelSmoothing|^target$/i;

interface Property {
  readonly type?: string | readonly string[];
  readonly [keyword: string]: unknown;
}

/** Every property that a schema names, with what its definition says of it. */
function* propertiesOf(node: unknown, schema: Property): Generator<[name: string, property: Property]> {
  if (typeof node !== 'object' || node === null) return;
  for (const [keyword, value] of Object.entries(node)) {
    if (keyword === 'properties') {
      for (const [name, property] of Object.entries(value as Record<string, Property>)) {
        const definition = /^#\/\$defs\/(.*)$/.exec(String(property.$ref))?.[1];
        const defined = definition && (schema.$defs as Record<string, Property>)[definition];
        yield [name, { ...defined, ...property }];
      }
    }
    yield* propertiesOf(value, schema);
  }
}

test('inspect --json', async () => {
  const { verified } = await parsedBySchema<{ verified: boolean }>(
    'inspect',
    await outputOf(['inspect', DEMO_CHECKPOINT, '--verify']),
  );
  assert.equal(verified, true);
});

test('sparsity --json, with and without a threshold', async () => {
  await parsedBySchema('sparsity', await outputOf(['sparsity', DEMO_CHECKPOINT]));
  await withDirectory(async (directory) => {
    const standIn = STAND_INS.find(({ technique }) => technique === 'variational_dropout')!;
    const { name } = await writeStandIn(directory, standIn);
    const { threshold } = await parsedBySchema<{ threshold: number }>(
      'sparsity',
      await outputOf(['sparsity', join(directory, name), '--log-alpha-threshold', '2.5']),
    );
    assert.equal(threshold, 2.5);
  });
});

test('translate --json', async () => {
  const args = ['translate', DEMO_CHECKPOINT, '--vocab', DEMO_VOCABULARY, '--beam', '1', '--extra-length=-2'];
  const { sentences } = await parsedBySchema<{ sentences: unknown[] }>(
    'translate',
    await outputOf(args, 'July.\n'),
  );
  assert.equal(sentences.length, 1);
});

test('evaluate, merge and classify --json, with a picture that cannot be used', async () => {
  await withDirectory(async (directory) => {
    const standIn = STAND_INS.find(({ golden }) => golden === 'resnet50/threshold_d34_w8')!;
    const checkpoint = join(directory, (await writeStandIn(directory, standIn)).name);
    const pictures = join(directory, 'pictures');
    await mkdir(pictures);
    await makeFiles(pictures, ['a.jpg']);
    await writeFile(join(pictures, 'b.jpg'), 'no picture');
    const labels = join(directory, 'labels.txt');
    await writeFile(labels, 'a.jpg 3\nb.jpg 4\n');
    const part = join(directory, 'part.json');
    const data = ['--data', pictures, '--labels', labels, '--skip-bad', '--output', part];
    const evaluated = await outputOf(['evaluate', checkpoint, ...data]);
    const { bad } = await parsedBySchema<{ bad: unknown[] }>('evaluate', evaluated);
    assert.equal(bad.length, 1);
    await parsedBySchema('evaluate', await outputOf(['merge', part]));

    const lines = (await outputOf(['classify', checkpoint, pictures, '--skip-bad'])).trimEnd().split('\n');
    assert.equal(lines.length, 2);
    for (const line of lines) await parsedBySchema('classify', line);
  });
});
