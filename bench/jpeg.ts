import { existsSync, readFileSync } from 'node:fs';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import decodeMozjpeg, { init as initMozjpeg } from '@jsquash/jpeg/decode.js';
import jpegJs from 'jpeg-js';
import { Bench } from 'tinybench';
import { geometricMean } from '../src/base/geometric-mean.ts';
import { decodeJpeg, readJpegHeader } from '../src/io/jpeg/decode.ts';
import { startTable } from './support/table.ts';

/*
 * Our JPEG decoder against jpeg-js (JavaScript) and @jsquash/jpeg (mozjpeg in WebAssembly), on the same
 * pictures, one core.
 *
 *     npm run bench -- jpeg [--quick] [--json]
 */

const { values: options } = parseArgs({
  options: { quick: { type: 'boolean', default: false }, json: { type: 'boolean', default: false } },
});

/** One row of the table: pictures a second. */
interface Result {
  readonly name: string;
  readonly pixels: string;
  readonly ours: number;
  /** Ours, of the middle 7/8 that the evaluation of ResNet-50 takes. */
  readonly oursCropped: number;
  readonly jpegJs: number;
  readonly mozjpeg: number;
}

interface Picture {
  readonly name: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

const PICTURES = [
  'base_420_photo_dog',
  'base_422_odd_width',
  'base_444_photo_exif',
  'base_420_odd_height',
  'base_411_photo',
  'gray_exif_mirrored',
  'prog_420_photo',
  'prog_444_photo',
];

/** The operating system counts processor time in steps that one decoding may not fill. */
const RUNS_A_SAMPLE = 4;

await loadMozjpeg();
const say = (line: string) => {
  if (!options.json) console.log(line);
};
say('pictures a second, one core; in brackets: our whole picture as a multiple of theirs\n');
const print = startTable<Result>(say, [
  { heading: 'picture', width: 22, align: 'left', cell: ({ name }) => name },
  { heading: 'pixels', width: 12, cell: ({ pixels }) => pixels },
  { heading: 'ours', width: 12, cell: ({ ours }) => ours.toFixed(0) },
  { heading: 'ours, crop', width: 12, cell: ({ oursCropped }) => oursCropped.toFixed(0) },
  { heading: 'jpeg-js', width: 12, cell: ({ ours, jpegJs }) => against(ours, jpegJs) },
  { heading: 'mozjpeg', width: 12, cell: ({ ours, mozjpeg }) => against(ours, mozjpeg) },
]);
const results: Result[] = [];
for (const picture of pictures()) {
  const result = await compare(picture, options.quick ? 1000 : 6000);
  print(result);
  results.push(result);
}
const ratio = {
  jpegJs: geometricMean(results.map(({ ours, jpegJs }) => ours / jpegJs)),
  mozjpeg: geometricMean(results.map(({ ours, mozjpeg }) => ours / mozjpeg)),
};
say(`\ngeometric mean: ${ratio.jpegJs.toFixed(2)} times jpeg-js, ${ratio.mozjpeg.toFixed(2)} times mozjpeg`);
if (options.json) console.log(JSON.stringify({ results, ratio }, undefined, 2));

function against(ours: number, theirs: number): string {
  return `${theirs.toFixed(0)} (${(ours / theirs).toFixed(2)})`;
}

/** The published pictures where they are at hand, otherwise one that is made up. */
function pictures(): Picture[] {
  const folder = fileURLToPath(new URL('../../shared/data/jpeg', import.meta.url));
  if (!existsSync(folder)) return [madeUp()];
  const names = options.quick ? PICTURES.slice(0, 3) : PICTURES;
  return names.map((name) => ({ name, bytes: Uint8Array.from(readFileSync(`${folder}/${name}.jpg`)) }));
}

function madeUp(): Picture {
  const [width, height] = [500, 375];
  const data = Uint8Array.from({ length: 4 * width * height }, (_, i) => {
    const [x, y] = [(i >> 2) % width, Math.floor((i >> 2) / width)];
    return 128 + 60 * Math.sin(x / (7 + (i & 3))) + 60 * Math.cos((x + y * y) / 900);
  });
  return { name: 'made up', bytes: Uint8Array.from(jpegJs.encode({ width, height, data }, 85).data) };
}

/**
 * Medians over rounds, in each of which everything is timed, so that what else the machine does falls on all
 * alike. What counts is the time of the processor, not of the clock.
 */
async function compare({ name, bytes }: Picture, budgetMs: number): Promise<Result> {
  const { width, height } = readJpegHeader(bytes);
  const side = Math.trunc(0.875 * Math.min(width, height));
  const crop = { x: (width - side + 1) >> 1, y: (height - side + 1) >> 1, width: side, height: side };
  const contenders: Readonly<Record<string, () => unknown>> = {
    ours: () => decodeJpeg(bytes),
    cropped: () => decodeJpeg(bytes, { crop }),
    jpegJs: () => jpegJs.decode(bytes, { useTArray: true }),
    mozjpeg: () => decodeMozjpeg(bytes.buffer),
  };
  const rounds: Record<string, number[]> = { ours: [], cropped: [], jpegJs: [], mozjpeg: [] };
  const started = performance.now();
  for (let round = 0; round < 4 || performance.now() - started < budgetMs; round++) {
    const bench = new Bench({ time: 40, iterations: 3, warmup: round === 0, warmupTime: 100, throws: true });
    for (const [contender, run] of Object.entries(contenders)) {
      bench.add(contender, async () => ({ overriddenDuration: await processorTime(run) }));
    }
    for (const { name: contender, result } of await bench.run()) {
      if (result.state !== 'completed') throw new Error(`${contender} ${result.state} on ${name}`);
      rounds[contender].push(1000 / result.latency.p50);
    }
  }
  const median = (contender: string) => {
    const sorted = rounds[contender].sort((a, b) => a - b);
    return sorted[sorted.length >> 1];
  };
  return {
    name,
    pixels: `${width}×${height}`,
    ours: median('ours'),
    oursCropped: median('cropped'),
    jpegJs: median('jpegJs'),
    mozjpeg: median('mozjpeg'),
  };
}

/** Milliseconds per run. */
async function processorTime(run: () => unknown): Promise<number> {
  const before = process.cpuUsage();
  for (let i = 0; i < RUNS_A_SAMPLE; i++) await run();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000 / RUNS_A_SAMPLE;
}

/**
 * @jsquash/jpeg is made for browsers: it fetches its WebAssembly and returns an ImageData, and has to be
 * given both.
 */
async function loadMozjpeg(): Promise<void> {
  const wasm = new URL(import.meta.resolve('@jsquash/jpeg/codec/dec/mozjpeg_dec.wasm'));
  // Its types leave out that it takes a module.
  await initMozjpeg((await WebAssembly.compile(readFileSync(wasm))) as never);
  Object.assign(globalThis, {
    ImageData: class {
      readonly data: Uint8ClampedArray;

      constructor(data: Uint8ClampedArray) {
        this.data = data;
      }
    },
  });
}
