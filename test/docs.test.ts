import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { COMMANDS } from '../src/cli/command-table.ts';
import { withDirectory } from './io/support.ts';
import { tsos } from './support/command-line.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const TSC = join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc');

describe('what the README and docs/ show', () => {
  it('compiles, also where what an index gives may be undefined', async () => {
    const examples = (await pages()).flatMap(({ text }) =>
      [...text.matchAll(/^```ts\n(.*?)^```$/gms)].map(([, code]) => code),
    );
    assert.ok(examples.length >= 5, `${examples.length} examples`);
    const manifest = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8'));
    await withDirectory(async (directory) => {
      const types = join(directory, 'types');
      await compile(['-p', join(ROOT, 'tsconfig.build.json'), '--emitDeclarationOnly', '--outDir', types]);
      for (const [i, code] of examples.entries()) await writeFile(join(directory, `${i}.mts`), code);
      const doors = Object.entries(manifest.exports as Record<string, { types?: string }>).flatMap(
        ([door, { types: file }]) =>
          file === undefined
            ? []
            : [[door.replace(/^\./, 'tsos'), [join(types, file.replace('./dist/', ''))]] as const],
      );
      const compilerOptions = {
        target: 'es2022',
        module: 'nodenext',
        strict: true,
        noUncheckedIndexedAccess: true,
        noEmit: true,
        typeRoots: [join(ROOT, 'node_modules', '@types')],
        types: ['node'],
        paths: Object.fromEntries(doors),
      };
      const config = join(directory, 'tsconfig.json');
      await writeFile(config, JSON.stringify({ compilerOptions, include: ['*.mts'] }));
      await compile(['-p', config]);
    });
  });

  it('are commands and options that there are', async () => {
    let count = 0;
    for (const { name, text } of await pages()) {
      for (const line of commandLines(text, /^(?:(?:npx )?tsos|npm run tsos --) (.*)$/)) {
        const [command, ...words] = line.split(/\s+/);
        if (command.startsWith('-')) continue;
        assert.ok(Object.hasOwn(COMMANDS, command), `${name}: there is no command ${command}`);
        if (command === 'exec') continue;
        const { options } = await COMMANDS[command].load();
        const known = new Set(['--help', '--quiet', ...options.map(({ long }) => long)]);
        for (const word of words.filter((each) => each.startsWith('--'))) {
          assert.ok(known.has(word.split('=')[0]), `${name}: ${command} has no option ${word}`);
        }
        count++;
      }
    }
    assert.ok(count >= 20, `${count} commands`);
  });

  it('are files that there are', async () => {
    const folders = ['src', 'test', 'web', 'bench', 'examples', 'scripts'];
    const files = (await Promise.all(folders.map(filesIn))).flat();
    let count = 0;
    for (const { name, text } of await pages()) {
      for (const [, file] of text.matchAll(/`([\w./-]+\.ts)`/g)) {
        assert.ok(
          files.some((path) => `/${path}`.endsWith(`/${file}`)),
          `${name}: there is no ${file}`,
        );
        count++;
      }
    }
    assert.ok(count >= 20, `${count} files`);
  });

  it('is run as it stands in the README', async () => {
    const [{ text }] = await pages();
    const lines = commandLines(text, /^npm run tsos -- (.*)$/);
    assert.ok(lines.length >= 3, `${lines.length} commands`);
    await withDirectory(async (directory) => {
      for (const line of lines) {
        const args = line
          .split(/\s+/)
          .map((word) =>
            word
              .replace(/^demo\//, join(ROOT, 'demo/'))
              .replace(/^translated/, join(directory, 'translated')),
          );
        const { code, stdout, stderr } = await tsos(args);
        assert.equal(code, 0, `${line}: ${stderr}`);
        if (!line.includes('--output')) assert.notEqual(stdout, '');
      }
    });
  });
});

/** The README first. */
async function pages(): Promise<{ name: string; text: string }[]> {
  const found = await readdir(join(ROOT, 'docs'), { recursive: true });
  const names = ['README.md', ...found.filter((file) => file.endsWith('.md')).map((file) => `docs/${file}`)];
  return Promise.all(names.map(async (name) => ({ name, text: await readFile(join(ROOT, name), 'utf8') })));
}

/** Below a folder, by their paths from the root. */
async function filesIn(folder: string): Promise<string[]> {
  const found = await readdir(join(ROOT, folder), { recursive: true });
  return found.map((file) => `${folder}/${file.replaceAll('\\', '/')}`);
}

/** Commands of the shell examples of a page, lines that go on put together, remarks left out. */
function commandLines(text: string, pattern: RegExp): string[] {
  return [...text.matchAll(/^```sh\n(.*?)^```$/gms)]
    .flatMap(([, code]) => code.replace(/\\\n\s*/g, '').split('\n'))
    .map((line) => line.replace(/\s+#.*$/, '').trim())
    .flatMap((line) => pattern.exec(line)?.[1] ?? []);
}

/** Fails with what the compiler says. */
async function compile(args: readonly string[]): Promise<void> {
  await promisify(execFile)('node', [TSC, ...args]).catch(({ stdout }) => assert.fail(stdout));
}
