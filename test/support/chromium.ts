import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { brotliDecompress } from 'node:zlib';
import { memoryInput } from '../../src/io/archive/memory-input.ts';
import { tarMembers } from '../../src/io/archive/tar.ts';

/** The headless Chromium of the development dependency, ready to be started. */
export interface Chromium {
  readonly program: string;
  readonly environment: Readonly<Record<string, string>>;
}

/** Keeps it from asking for anything but the page it is to open. */
export const QUIET_FLAGS = [
  '--no-sandbox',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--no-proxy-server',
];

/** Gives it WebGPU, on the software adapter that it carries; long kernels on that are no hang. */
export const WEBGPU_FLAGS = [
  '--enable-unsafe-webgpu',
  '--use-webgpu-adapter=swiftshader',
  '--disable-gpu-watchdog',
];

/** Unpacks it into an empty directory. */
export async function unpackChromium(directory: string): Promise<Chromium> {
  const program = join(directory, 'chromium');
  await Promise.all([
    unpacked('chromium.br').then((bytes) => writeFile(program, bytes, { mode: 0o755 })),
    ...['al2023.tar.br', 'swiftshader.tar.br'].map((name) => unpackTar(name, directory)),
    // Its fonts.conf names folders of its own, and is replaced.
    unpackTar('fonts.tar.br', directory).then(() =>
      writeFile(join(directory, 'fonts.conf'), fonts(directory)),
    ),
  ]);
  const environment = {
    PATH: process.env.PATH ?? '',
    HOME: directory,
    LD_LIBRARY_PATH: join(directory, 'lib'),
    FONTCONFIG_PATH: directory,
  };
  return { program, environment };
}

function fonts(directory: string): string {
  return `<?xml version="1.0"?><fontconfig><dir>${directory}/fonts</dir><cachedir>${directory}/font-cache</cachedir></fontconfig>`;
}

const PACKAGE = fileURLToPath(new URL('../../node_modules/@sparticuz/chromium/bin', import.meta.url));

async function unpacked(name: string): Promise<Uint8Array> {
  return promisify(brotliDecompress)(await readFile(join(PACKAGE, name)));
}

async function unpackTar(name: string, directory: string): Promise<void> {
  const bytes = await unpacked(name);
  for await (const { name: member, offset, size } of tarMembers(memoryInput(name, bytes))) {
    const path = join(directory, member);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, bytes.subarray(offset, offset + size));
  }
}
