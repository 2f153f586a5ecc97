/**
 * Starts a task of this repository on a fresh clone that has only Node and npm: installs what package-lock.json names where
 * it is missing or outdated, then hands over to tasks.ts. Uses nothing that is not part of Node.
 *
 *     node scripts/bootstrap.mjs <demo | test | test:browser | test:page | web | web:build | tsos | bench | fuzz | example> [arguments]
 */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));

refuseOldNode();
if (!isInstalled()) install();
const { register } = await import('tsx/esm/api');
register();
const { runTask } = await import('./tasks.ts');
process.exitCode = await runTask(process.argv[2], process.argv.slice(3));

function refuseOldNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major > 20 || (major === 20 && minor >= 11)) return;
  console.error(`tsos needs Node 20.11 or newer; this is ${process.versions.node}.`);
  process.exit(2);
}

/** Whether every package of the lock file is there in its version. Optional ones may be for other platforms. */
function isInstalled() {
  const wanted = readPackages('package-lock.json');
  const installed = readPackages('node_modules/.package-lock.json');
  if (!wanted || !installed) return false;
  return Object.entries(wanted)
    .filter(([path]) => path !== '')
    .every(([path, { version, optional, devOptional }]) => {
      const found = installed[path];
      return found ? found.version === version : Boolean(optional || devOptional);
    });
}

function readPackages(file) {
  try {
    return JSON.parse(readFileSync(join(root, file), 'utf8')).packages;
  } catch {
    return undefined;
  }
}

function install() {
  console.error('Installing the development dependencies with npm ci …');
  const args = ['ci', '--include=dev', '--include=optional', '--no-audit', '--no-fund'];
  const { npm_execpath: npm } = process.env;
  const options = { cwd: root, encoding: 'utf8' };
  const { status, stdout, stderr, error } = npm
    ? spawnSync(process.execPath, [npm, ...args], options)
    : spawnSync('npm', args, { ...options, shell: process.platform === 'win32' });
  if (status === 0) return;
  console.error(
    [stdout, stderr, error?.message, 'npm ci failed; its output is above.'].filter(Boolean).join('\n'),
  );
  process.exit(1);
}
