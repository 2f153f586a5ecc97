/**
 * Gives the scripts of workers their compiled names: the compiler renames what is imported, and not what stands in
 * `new URL('./worker.ts', import.meta.url)`, where bundlers look for it.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const DIST = 'dist';

for (const name of readdirSync(DIST, { recursive: true })) {
  if (!name.endsWith('.js')) continue;
  const file = join(DIST, name);
  const text = readFileSync(file, 'utf8');
  const renamed = text.replace(/(new Worker\(new URL\('\.\/[\w-]+)\.ts'/g, "$1.js'");
  if (renamed !== text) writeFileSync(file, renamed);
}
