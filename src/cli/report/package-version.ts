import { readFile } from 'node:fs/promises';

/** Version of this package, from its manifest three folders up, in `src/` as in `dist/`. */
export async function packageVersion(): Promise<string> {
  const manifest = await readFile(new URL('../../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(manifest) as { version: string }).version;
}
