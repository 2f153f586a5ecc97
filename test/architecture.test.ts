import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';

/** Where modules of Node are imported: the command line, and the halves of rooms that touch the operating system. */
const NODE_PLACES = ['cli/', 'io/files/', 'io/threads/node-thread.ts', 'graph/device/adapter-source.ts'];
/** What is loaded where there is no Node. */
const WITHOUT_NODE = ['browser.ts', 'io/pictures/web-decode-worker.ts'];

/** Rooms of src/, each with the rooms it may import from; of those behind `types` only what vanishes when compiled. */
const ROOMS: Record<string, readonly string[] | { uses: readonly string[]; types: readonly string[] }> = {
  cli: ['study', 'train', 'models', 'results', 'layers', 'graph', 'wgsl', 'io', 'metrics', 'base'],
  study: ['train', 'models', 'results', 'layers', 'graph', 'io', 'metrics', 'base'],
  train: ['models', 'layers', 'graph', 'wgsl', 'io', 'metrics', 'base'],
  models: ['graph', 'layers', 'metrics', 'io', 'wgsl', 'base'],
  results: ['layers', 'io', 'metrics', 'base'],
  layers: { uses: ['graph', 'wgsl', 'base'], types: ['io'] },
  graph: ['wgsl', 'base'],
  wgsl: ['base'],
  metrics: { uses: ['base'], types: ['io'] },
  io: ['base'],
  base: [],
};

/** The rooms inside io, each with those of io it may import from. */
const IO_ROOMS: Record<string, readonly string[]> = {
  exchange: ['checkpoint', 'archive', 'files', 'bytes'],
  pictures: ['records', 'jpeg', 'threads', 'files', 'bytes'],
  checkpoint: ['files', 'archive', 'bytes'],
  records: ['files', 'archive', 'bytes'],
  text: ['files', 'bytes'],
  download: ['files', 'bytes'],
  files: ['archive', 'bytes'],
  archive: ['bytes'],
  threads: [],
  jpeg: [],
  bytes: [],
};

/** The rooms inside graph, each with those of graph it may import from. `open-gpu.ts` stands above them. */
const GRAPH_ROOMS: Record<string, readonly string[]> = {
  'open-gpu.ts': ['open-device.ts', 'tuning', 'device'],
  'open-gpu-anywhere.ts': ['open-device.ts', 'device'],
  'open-device.ts': ['tuning', 'device'],
  optimisers: ['differentiation', 'operations', 'weights', 'plan', 'tuning', 'device'],
  differentiation: ['operations', 'weights', 'plan', 'tuning', 'device'],
  operations: ['weights', 'plan', 'tuning', 'device'],
  weights: ['tuning', 'device'],
  plan: ['tuning', 'device'],
  tuning: ['device'],
  device: [],
};

/** The rooms inside cli, each with those of cli it may import from. The files stand above them. */
const CLI_ROOMS: Record<string, readonly string[]> = {
  'main.ts': ['run-command-line.ts', 'terminal'],
  'run-command-line.ts': ['command-table.ts', 'report', 'arguments', 'terminal'],
  'command-table.ts': ['commands'],
  commands: ['reproduction', 'report', 'session', 'adapter', 'arguments', 'terminal'],
  reproduction: ['report', 'session', 'arguments', 'terminal'],
  report: ['session', 'terminal'],
  session: ['arguments', 'terminal'],
  adapter: [],
  arguments: [],
  terminal: [],
};

const SRC = fileURLToPath(new URL('../src/', import.meta.url));

describe('architecture', () => {
  const imports = sourceFiles().flatMap(importsOf);

  it('has no room that the tables do not know', () => {
    for (const file of sourceFiles()) {
      const [room, inner] = file.split('/');
      assert.ok(isDoor(room) || room in ROOMS, `src/${room} is not in the table`);
      if (room === 'io') assert.ok(inner in IO_ROOMS, `src/io/${inner} is not in the table`);
      if (room === 'graph') assert.ok(inner in GRAPH_ROOMS, `src/graph/${inner} is not in the table`);
      if (room === 'cli') assert.ok(inner in CLI_ROOMS, `src/cli/${inner} is not in the table`);
    }
  });

  it('every file of src/ itself is a door of the package', () => {
    const files = sourceFiles().filter((file) => !file.includes('/'));
    const { exports: npm } = readPackage('package.json');
    const { exports: jsr } = readPackage('deno.json');
    for (const file of files) {
      const door = file === 'index.ts' ? '.' : `./${file.slice(0, -'.ts'.length)}`;
      assert.equal(npm[door]?.default, `./dist/${file.slice(0, -'.ts'.length)}.js`);
      assert.equal(String(jsr[door]), `./src/${file}`);
    }
  });

  it('imports go down the table of rooms only', () => {
    const wrong = imports.filter(({ from, to, typeOnly }) => {
      const [user, used] = [from, to].map((file) => file.split('/')[0]);
      // Doors lead into rooms; no room leads back to a door.
      if (user === used || isDoor(user)) return false;
      const allowed = ROOMS[user];
      const { uses, types } = 'uses' in allowed ? allowed : { uses: allowed, types: [] };
      return !uses.includes(used) && !(typeOnly && types.includes(used));
    });
    assert.deepEqual(wrong.map(inWords), []);
  });

  for (const [room, inner] of Object.entries({ io: IO_ROOMS, graph: GRAPH_ROOMS, cli: CLI_ROOMS })) {
    it(`imports inside ${room} go down its table only`, () => {
      const wrong = imports.filter(({ from, to }) => {
        const [user, used] = [from, to].map((file) => file.split('/'));
        if (user[0] !== room || used[0] !== room || user[1] === used[1]) return false;
        return !inner[user[1]].includes(used[1]);
      });
      assert.deepEqual(wrong.map(inWords), []);
    });
  }

  // Smaller rooms have no table of their own: whatever order their inner rooms and files have, it is one.
  for (const room of ['models', 'results', 'layers', 'wgsl', 'metrics']) {
    it(`inner rooms and files of ${room} have no circles`, () => {
      const ways = new Map<string, Set<string>>();
      for (const { from, to } of imports) {
        if (!from.startsWith(`${room}/`) || !to.startsWith(`${room}/`) || innerPart(from) === innerPart(to))
          continue;
        ways.set(innerPart(from), (ways.get(innerPart(from)) ?? new Set()).add(innerPart(to)));
      }
      assert.deepEqual(findCircle(ways), []);
    });
  }

  it('a file of cli/commands is a command that the command line knows, and uses no other', () => {
    const table = readFileSync(join(SRC, 'cli/command-table.ts'), 'utf8');
    for (const file of sourceFiles().filter((each) => each.startsWith('cli/commands/'))) {
      assert.ok(table.includes(`import('./${relative('cli', file)}')`), `${file} is no command`);
    }
    const among = imports.filter(({ from, to }) =>
      [from, to].every((file) => file.startsWith('cli/commands/')),
    );
    assert.deepEqual(among.map(inWords), []);
  });

  it('modules of Node are imported in few places only', () => {
    const wrong = sourceFiles()
      .filter((file) => !NODE_PLACES.some((place) => file.startsWith(place)))
      .filter((file) => /'node:|\bBuffer\.|\bprocess\.(?!versions)/.test(codeOf(file)));
    assert.deepEqual(wrong, []);
  });

  it('nothing that browsers load reaches these places', () => {
    const reached = new Map(WITHOUT_NODE.map((file) => [file, file]));
    for (const [file, way] of reached) {
      for (const { from, to, typeOnly } of imports) {
        if (from === file && !typeOnly && !reached.has(to)) reached.set(to, `${way} → ${to}`);
      }
    }
    const wrong = [...reached].filter(([file]) => NODE_PLACES.some((place) => file.startsWith(place)));
    assert.deepEqual(
      wrong.map(([, way]) => way),
      [],
    );
    assert.ok(reached.size > 100, `${reached.size} files: browsers get the models`);
  });

  it('the tables have no circles', () => {
    const plain = Object.entries(ROOMS).map(
      ([room, allowed]) => [room, 'uses' in allowed ? [...allowed.uses, ...allowed.types] : allowed] as const,
    );
    for (const table of [plain, ...[IO_ROOMS, GRAPH_ROOMS, CLI_ROOMS].map(Object.entries)]) {
      // Every table is written from the top down, so whatever a room uses stands below it.
      const order = table.map(([room]) => room);
      for (const [room, allowed] of table) {
        for (const used of allowed) {
          assert.ok(order.indexOf(used) > order.indexOf(room), `${used} must stand below ${room}`);
        }
      }
    }
  });
});

/** What lies in a room: its inner rooms, and the files beside them. */
function innerPart(file: string): string {
  return file.split('/')[1];
}

/** A way that leads back to where it began, or nothing. */
function findCircle(ways: ReadonlyMap<string, ReadonlySet<string>>): string[] {
  const done = new Set<string>();
  const walk = (part: string, path: readonly string[]): string[] => {
    if (path.includes(part)) return [...path.slice(path.indexOf(part)), part];
    if (done.has(part)) return [];
    for (const next of ways.get(part) ?? []) {
      const circle = walk(next, [...path, part]);
      if (circle.length > 0) return circle;
    }
    done.add(part);
    return [];
  };
  return [...ways.keys()].map((part) => walk(part, [])).find((circle) => circle.length > 0) ?? [];
}

function readPackage(file: string): { exports: Record<string, { default: string }> } {
  return JSON.parse(readFileSync(new URL(`../${file}`, import.meta.url), 'utf8'));
}

/** What packages import: files of src/ itself. */
function isDoor(file: string): boolean {
  return file.endsWith('.ts');
}

/** The text of a file without its comments. */
function codeOf(file: string): string {
  return readFileSync(join(SRC, file), 'utf8').replace(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, '');
}

interface Import {
  /** Both are paths in src/, with slashes. */
  from: string;
  to: string;
  typeOnly: boolean;
}

function inWords({ from, to, typeOnly }: Import): string {
  return `${from} imports ${typeOnly ? 'types of ' : ''}${to}`;
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
