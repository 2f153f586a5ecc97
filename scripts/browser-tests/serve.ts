import { readFile, stat } from 'node:fs/promises';
import { normalize } from 'node:path';
import { testFile } from '../../test/support/files.ts';
import { type Answer, type Loopback, serve } from '../../test/support/loopback.ts';

/** Serves an empty page, scripts, and below `/files/` what tests read. */
export function serveTests(scripts: ReadonlyMap<string, Uint8Array>): Promise<Loopback> {
  return serve(async (path) => {
    if (path === '') return ['text/html', PAGE];
    const script = scripts.get(path);
    if (script !== undefined) return ['text/javascript', script];
    const file = fileOf(path);
    return file === undefined ? undefined : answerOf(file);
  });
}

/** Of a directory only that it is there. */
async function answerOf(file: string): Promise<Answer | undefined> {
  try {
    const body = (await stat(file)).isDirectory() ? '' : await readFile(file);
    return ['application/octet-stream', body];
  } catch {
    return undefined;
  }
}

const PAGE = '<!doctype html><title>tests</title><link rel="icon" href="data:,">';

/** Where a file below `/files/` lies; undefined for anything that no test reads. */
function fileOf(path: string): string | undefined {
  const [top, ...parts] = normalize(path).split('/');
  return top === 'files' && ['test', 'demo', 'shared', 'package.json'].includes(parts[0])
    ? testFile(...parts)
    : undefined;
}
