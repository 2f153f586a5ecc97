import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import process from 'node:process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { withDirectory } from '../io/support.ts';

const BOOTSTRAP = fileURLToPath(new URL('../../scripts/bootstrap.mjs', import.meta.url));
const ROOT = fileURLToPath(new URL('../../', import.meta.url));

test('paths are those of where the user stands, as npm says; without npm those of the process', async () => {
  await withDirectory(async (directory) => {
    await writeFile(join(directory, 'text'), 'Ja.\n');
    const bleu = ['bleu', 'text', '--reference', 'text', '--method', '13a'];
    const byNpm = { npm_lifecycle_event: 'tsos', INIT_CWD: directory };
    assert.match(await shown(bleu, ROOT, byNpm), /^BLEU\|/);
    assert.match(await shown(bleu, directory, { npm_lifecycle_event: 'other', INIT_CWD: ROOT }), /^BLEU\|/);
  });
});

/** What the task prints, by Node as npm starts it. */
async function shown(args: readonly string[], cwd: string, env: Record<string, string>): Promise<string> {
  const child = spawn('node', [BOOTSTRAP, 'tsos', ...args], {
    cwd,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let text = '';
  for await (const chunk of child.stdout.setEncoding('utf8')) text += chunk;
  return text;
}
