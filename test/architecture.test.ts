import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';

/** Rooms of src/ and the rooms each may import from; `types` marks imports that must vanish when compiled. */
const MAY_USE: Record<string, readonly { room: string; types?: true }[]> = {
  cli: [
    { room: 'models' },
    { room: 'layers' },
    { room: 'graph' },
    { room: 'wgsl' },
    { room: 'io' },
    { room: 'metrics' },
    { room: 'results' },
  ],
  results: [{ room: 'layers' }, { room: 'io' }, { room: 'metrics' }],
  models: [{ room: 'graph' }, { room: 'layers' }, { room: 'metrics' }, { room: 'io' }],
  layers: [{ room: 'graph' }, { room: 'io', types: true }],
  graph: [{ room: 'wgsl' }],
  wgsl: [],
  io: [],
  metrics: [{ room: 'io', types: true }],
  // Files beside index.ts, such as errors.ts: leaves that every room may use.
  leaf: [{ room: 'io', types: true }],
};

const SRC = fileURLToPath(new URL('../src/', import.meta.url));

describe('architecture', () => {
  it('has no room that the table does not know', () => {
    const rooms = new Set(sourceFiles().map(roomOf));
    for (const room of rooms)
      assert.ok(room === 'index' || room in MAY_USE, `src/${room} is not in the table`);
  });

  it('imports go down the table only', () => {
    const wrong = sourceFiles()
      .flatMap(importsOf)
      .filter((edge) => !isAllowed(edge));
    assert.deepEqual(
      wrong.map(({ from, to, typeOnly }) => `${from} imports ${typeOnly ? 'types of ' : ''}${to}`),
      [],
    );
  });
});

interface Import {
  /** Both are paths in src/, with slashes. */
  from: string;
  to: string;
  typeOnly: boolean;
}

function isAllowed({ from, to, typeOnly }: Import): boolean {
  const [user, used] = [roomOf(from), roomOf(to)];
  if (user === used || user === 'index' || used === 'leaf') return true;
  return MAY_USE[user].some(({ room, types }) => room === used && (typeOnly || !types));
}

function roomOf(file: string): string {
  if (file === 'index.ts') return 'index';
  return file.includes('/') ? file.slice(0, file.indexOf('/')) : 'leaf';
}

function sourceFiles(): string[] {
  return readdirSync(SRC, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts'))
    .map((path) => path.split(sep).join('/'));
}

/** Relative imports and re-exports of a file, dynamic ones included. */
function importsOf(from: string): Import[] {
  const text = readFileSync(join(SRC, from), 'utf8');
  const statements = text.matchAll(
    /^(?:import|export)\s+(type\s)?(?:[^'";]*?\sfrom\s+)?'(\.[^']+)'|\bimport\('(\.[^']+)'\)/gm,
  );
  return Array.from(statements, ([, type, fixed, dynamic]) => ({
    from,
    to: relative(SRC, join(SRC, dirname(from), fixed ?? dynamic))
      .split(sep)
      .join('/'),
    typeOnly: type !== undefined,
  }));
}
