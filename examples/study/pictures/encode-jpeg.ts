import { readFile } from 'node:fs/promises';
import encode, { init } from '@jsquash/jpeg/encode.js';

let ready: Promise<void> | undefined;

/** A JPEG, by mozjpeg in WebAssembly: equal pixels give equal bytes everywhere. @param pixels `[size, size, 4]` */
export async function encodeJpeg(pixels: Uint8Array, size: number, quality: number): Promise<Uint8Array> {
  ready ??= initialise();
  await ready;
  const picture = { data: Uint8ClampedArray.from(pixels), width: size, height: size };
  return new Uint8Array(await encode(picture as ImageData, { quality }));
}

/** The package is made for browsers, and would fetch its WebAssembly. */
async function initialise(): Promise<void> {
  const wasm = new URL(import.meta.resolve('@jsquash/jpeg/codec/enc/mozjpeg_enc.wasm'));
  await init(await WebAssembly.compile(await readFile(wasm)));
}
