import { readdirSync } from 'node:fs';
import { join, relative, resolve, sep } from 'node:path';
import { UsageError } from '../src/base/errors.ts';

/**
 * The test files under `test/` whose paths contain one of the filters (a file, a folder or a part of a path), or all when
 * there is no filter; relative to `root`, sorted.
 *
 * @throws UsageError for a filter that no test file matches.
 */
export function selectTests(root: string, filters: readonly string[]): string[] {
  const all = readdirSync(join(root, 'test'), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.test.ts'))
    .map((path) => join('test', path).split(sep).join('/'))
    .sort();
  if (filters.length === 0) return all;
  const chosen = new Set<string>();
  for (const filter of filters) {
    const part = relative(root, resolve(root, filter)).split(sep).join('/');
    const matches = all.filter((path) => path.includes(part));
    if (matches.length === 0) throw new UsageError(`No test file matches "${filter}".`);
    for (const path of matches) chosen.add(path);
  }
  return [...chosen].sort();
}
