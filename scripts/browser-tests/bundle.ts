import { isBuiltin } from 'node:module';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, type Metafile, type Plugin } from 'esbuild';

/** Test files made ready for a browser. */
export interface BrowserBundle {
  /** The script that runs what a test file registers. */
  readonly runner: string;
  /** The script of each test file that runs there, by its path. */
  readonly scripts: ReadonlyMap<string, string>;
  /** The other files, each with what of Node it needs. */
  readonly others: ReadonlyMap<string, readonly string[]>;
  /** All scripts by name. */
  readonly outputs: ReadonlyMap<string, Uint8Array>;
}

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

const RUNNER = 'test/support/browser/node-test.ts';

/** What stands in for what a test imports. */
const STAND_INS: Readonly<Record<string, string>> = {
  'node:test': RUNNER,
  'node:assert/strict': 'test/support/browser/assert.ts',
  'test/support/files.ts': 'test/support/browser/files.ts',
};

/** Variables that tests ask for. */
const ENVIRONMENT = ['CI', 'TSOS_TEST_SEED', 'TSOS_TEST_SHARE'];

/**
 * Bundles the test files that can run in a browser: those of which neither they nor anything they import needs a module of
 * Node, tests and assertions aside.
 * @param files paths from the root of the repository
 */
export async function bundleTests(files: readonly string[]): Promise<BrowserBundle> {
  const graph = await bundle(files);
  const needs = files.map((file) => [file, builtinsOf(file, graph.metafile)] as const);
  const fitting = needs.filter(([, builtins]) => builtins.length === 0).map(([file]) => file);
  const { metafile, outputFiles } = await bundle(fitting);
  const scripts = new Map(
    Object.entries(metafile.outputs).map(([output, { entryPoint }]) => [entryPoint, output] as const),
  );
  return {
    runner: scripts.get(RUNNER)!,
    scripts: new Map(fitting.map((file) => [file, scripts.get(file)!])),
    others: new Map(needs.filter(([, builtins]) => builtins.length > 0)),
    outputs: new Map(outputFiles.map(({ path, contents }) => [relative(ROOT, path), contents])),
  };
}

function bundle(entryPoints: readonly string[]) {
  const variables = ENVIRONMENT.map((name) => [name, process.env[name]]);
  return build({
    absWorkingDir: ROOT,
    entryPoints: [RUNNER, ...entryPoints],
    bundle: true,
    splitting: true,
    format: 'esm',
    target: 'es2022',
    outdir: OUTPUTS,
    outbase: ROOT,
    write: false,
    metafile: true,
    sourcemap: 'inline',
    logLevel: 'error',
    define: { 'process.env': JSON.stringify(Object.fromEntries(variables)) },
    plugins: [standIns],
  });
}

const OUTPUTS = 'scripts';

const standIns: Plugin = {
  name: 'stand-ins for browsers',
  setup(build) {
    build.onResolve({ filter: /^node:|^[a-z_/]+$/ }, ({ path }) => {
      const standIn = STAND_INS[path];
      if (standIn !== undefined) return { path: join(ROOT, standIn) };
      return isBuiltin(path) ? { path, external: true } : undefined;
    });
    build.onResolve({ filter: /\/files\.ts$/ }, ({ path, resolveDir }) => {
      const standIn = STAND_INS[relative(ROOT, join(resolveDir, path))];
      return standIn === undefined ? undefined : { path: join(ROOT, standIn) };
    });
  },
};

/** Modules of Node without which a file does not load; what is imported only where it is used does not count. */
function builtinsOf(file: string, { inputs }: Metafile): string[] {
  const builtins = new Set<string>();
  const seen = new Set([file]);
  for (const each of seen) {
    for (const { path, external, kind } of inputs[each]?.imports ?? []) {
      if (!external) seen.add(path);
      else if (isBuiltin(path) && kind !== 'dynamic-import') builtins.add(path);
    }
  }
  return [...builtins].sort();
}
