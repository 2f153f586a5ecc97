import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { withDirectory } from './io/support.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const TSC = join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc');

/** What the examples after the first leave out. */
const PRELUDE = `
import { type Gpu, loadResNet50, mostProbable, openCheckpoint, openPictures, readPictures } from 'tsos';
declare const gpu: Gpu;
`;

test("the README's examples compile, also where what an index gives may be undefined", async () => {
  const readme = await readFile(join(ROOT, 'README.md'), 'utf8');
  const examples = [...readme.matchAll(/^```ts\n(.*?)^```$/gms)].map(([, code]) => code);
  assert.equal(examples.length, 3);
  await withDirectory(async (directory) => {
    const types = join(directory, 'types');
    await compile(['-p', join(ROOT, 'tsconfig.build.json'), '--emitDeclarationOnly', '--outDir', types]);
    for (const [i, code] of examples.entries()) {
      await writeFile(join(directory, `${i}.mts`), i === 0 ? code : `${PRELUDE}${code}`);
    }
    const compilerOptions = {
      target: 'es2022',
      module: 'nodenext',
      strict: true,
      noUncheckedIndexedAccess: true,
      noEmit: true,
      typeRoots: [join(ROOT, 'node_modules', '@types')],
      types: ['node'],
      paths: { tsos: [join(types, 'index.d.ts')], 'tsos/layers': [join(types, 'layers.d.ts')] },
    };
    const config = join(directory, 'tsconfig.json');
    await writeFile(config, JSON.stringify({ compilerOptions, include: ['*.mts'] }));
    await compile(['-p', config]);
  });
});

/** Fails with what the compiler says. */
async function compile(args: readonly string[]): Promise<void> {
  await promisify(execFile)('node', [TSC, ...args]).catch(({ stdout }) => assert.fail(stdout));
}
