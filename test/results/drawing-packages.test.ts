import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cp, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import process from 'node:process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { runtimeArguments } from '../../src/cli/adapter/runtime-arguments.ts';
import { withDirectory } from '../io/support.ts';

const SOURCE = fileURLToPath(new URL('../../src/', import.meta.url));

test('where the packages that draw are not installed, a sentence says how to have them', async () => {
  await withDirectory(async (directory) => {
    for (const part of ['base', 'results/plots', 'results/escape-markup.ts']) {
      await cp(join(SOURCE, part), join(directory, part), { recursive: true });
    }
    await writeFile(join(directory, 'package.json'), '{ "type": "module" }');
    const script = join(directory, 'draw.ts');
    await writeFile(
      script,
      `import { draw } from './results/plots/drawing.ts';
draw(() => ({ marks: [] })).catch(({ name, message }) => console.log(name + ': ' + message));`,
    );
    // Bun fetches what is missing unless told not to.
    const options = process.versions.bun ? ['--no-install'] : [];
    const args = [...options, ...runtimeArguments(script), script];
    const { stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8', cwd: directory });
    assert.match(stdout, /^UsageError: .*: npm install @observablehq\/plot linkedom$/m, stderr);
  });
});
