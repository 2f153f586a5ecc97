import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { homedir, tmpdir, userInfo } from 'node:os';
import { delimiter, dirname, join, parse } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { brotliDecompress } from 'node:zlib';
import { AdapterError } from '../../base/errors.ts';
import { memoryInput } from '../../io/archive/memory-input.ts';
import { tarMembers } from '../../io/archive/tar.ts';

/**
 * The environment in which a process finds SwiftShader, a Vulkan driver that computes on the CPU. It has to be set before
 * the process starts: Bun does not pass later changes of `process.env` on to native code, and nobody re-reads
 * `LD_LIBRARY_PATH`. The driver is unpacked once per user from the installed package `@sparticuz/chromium`.
 *
 * @throws AdapterError where the package is not installed or has nothing for this platform.
 */
export async function softwareAdapterEnvironment(): Promise<Record<string, string>> {
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    throw new AdapterError(
      `The software adapter is for Linux on x64, not for ${process.platform} on ${process.arch}: install a graphics driver.`,
    );
  }
  const folder = await unpackedDriver(findPackage());
  const driver = join(folder, DRIVER_DESCRIPTION);
  return {
    LD_LIBRARY_PATH: [folder, process.env.LD_LIBRARY_PATH].filter(Boolean).join(delimiter),
    VK_DRIVER_FILES: driver,
    // The same for loaders older than 1.3.207.
    VK_ICD_FILENAMES: driver,
    TSOS_SOFTWARE: '1',
  };
}

const DRIVER_DESCRIPTION = 'vk_swiftshader_icd.json';
/** The archive also holds OpenGL, which is not needed. */
const DRIVER_FILES = ['libvk_swiftshader.so', 'libvulkan.so.1', DRIVER_DESCRIPTION];

/** The folder of `@sparticuz/chromium`, looked for upwards from this file and from the working directory. */
function findPackage(): string {
  for (const start of [dirname(fileURLToPath(import.meta.url)), process.cwd()]) {
    for (let folder = start; ; folder = dirname(folder)) {
      const candidate = join(folder, 'node_modules', '@sparticuz', 'chromium');
      if (existsSync(join(candidate, 'bin', 'swiftshader.tar.br'))) return candidate;
      if (folder === parse(folder).root) break;
    }
  }
  throw new AdapterError(
    'No GPU, and no software adapter is installed: run "npm i @sparticuz/chromium@147.0.0", or install a graphics driver.',
  );
}

/** Unpacks the driver into the first cache folder that takes it, unless it is there already. */
async function unpackedDriver(packageFolder: string): Promise<string> {
  const { version } = JSON.parse(await readFile(join(packageFolder, 'package.json'), 'utf8'));
  const failures: string[] = [];
  for (const cache of cacheFolders()) {
    const folder = join(cache, `swiftshader-${version}`);
    try {
      await mkdir(cache, { recursive: true, mode: 0o700 });
      await assertOwned(cache);
      if (!existsSync(folder)) await unpack(join(packageFolder, 'bin', 'swiftshader.tar.br'), folder);
      return folder;
    } catch (error) {
      failures.push(`${cache}: ${(error as Error).message}`);
    }
  }
  throw new AdapterError(
    `The software adapter cannot be unpacked (${failures.join('; ')}): point XDG_CACHE_HOME to a folder that can be written.`,
  );
}

function cacheFolders(): string[] {
  const user = userInfo().uid;
  const cacheHome = process.env.XDG_CACHE_HOME || (homedir() && join(homedir(), '.cache'));
  return [...(cacheHome ? [join(cacheHome, 'tsos')] : []), join(tmpdir(), `tsos-${user}`)];
}

/** Libraries are not loaded from a folder that another user may have put there. */
async function assertOwned(folder: string): Promise<void> {
  if ((await stat(folder)).uid !== userInfo().uid) throw new Error('belongs to another user');
}

/** Unpacks beside the folder and renames at the end, so that others see all files or none. */
async function unpack(archive: string, folder: string): Promise<void> {
  const bytes = await promisify(brotliDecompress)(await readFile(archive));
  const unfinished = `${folder}.${randomUUID()}`;
  await mkdir(unfinished);
  try {
    for await (const { name, offset, size } of tarMembers(memoryInput(archive, bytes))) {
      if (!DRIVER_FILES.includes(name)) continue;
      await writeFile(join(unfinished, name), bytes.subarray(offset, offset + size), { mode: 0o755 });
    }
    await rename(unfinished, folder);
  } catch (error) {
    // Another process was faster, which is as good.
    if (!existsSync(folder)) throw error;
  } finally {
    await rm(unfinished, { recursive: true, force: true });
  }
}
