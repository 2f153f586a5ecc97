import { decodeBlock } from './block-decoder.ts';
import { dequantiserFor } from './dequantise.ts';
import type { Component, Frame } from './frame.ts';
import { blockWriter, type DctMethod } from './inverse-dct.ts';
import type { JpegReader, ScanHeader } from './markers.ts';
import { type Plane, planesFor } from './plane.ts';
import { Progression, SMOOTHED } from './progression.ts';
import { type Blocks, decodeAcFirst, decodeDcFirst, refineAc, refineDc } from './progressive.ts';
import { ScanReader } from './scan-reader.ts';
import { tableOf } from './scan-tables.ts';
import { smoothBlock } from './smoothing.ts';
import type { Window } from './window.ts';
import { ZIGZAG } from './zigzag.ts';

/** All coefficients of a component, block by block, each block by rows. */
interface Coefficients extends Blocks {
  readonly component: Component;
  /** The quantisation steps as they stood at the first scan of the component, in the order of the file. */
  steps: Uint16Array | undefined;
}

/** More scans than any encoder makes; each costs time however short it is. */
const MAX_SCANS = 500;

/**
 * Decodes a picture of several scans, progressive or by components: all coefficients are collected up to the
 * end marker, then those of the window go through the inverse DCT.
 * @throws {DataError} where there is no end marker.
 */
export function decodeCoefficients(
  reader: JpegReader,
  first: ScanHeader,
  window: Window,
  method: DctMethod,
): Plane[] {
  const { frame } = reader;
  const picture = frame.components.map(
    (component): Coefficients => ({
      component,
      values: new Int16Array(64 * component.paddedWide * component.paddedHigh),
      last: new Uint8Array(component.paddedWide * component.paddedHigh),
      steps: undefined,
    }),
  );
  const progression = new Progression(frame.components.length);
  let scans = 0;
  for (let scan: ScanHeader | undefined = first; scan !== undefined; scan = reader.nextScan()) {
    if (++scans > MAX_SCANS) reader.refuse(`more than ${MAX_SCANS} scans`, scan.start);
    for (const { index } of scan.components) latchSteps(reader, picture[index]);
    reader.skipTo(decodeScan(reader, scan, picture, progression));
  }
  return transform(frame, window, picture, progression, method);
}

/** Keeps the quantisation steps of a component's first scan: later ones may be for others. */
function latchSteps(reader: JpegReader, coefficients: Coefficients): void {
  if (coefficients.steps !== undefined) return;
  const { quantiser } = coefficients.component;
  const steps = reader.quantisers[quantiser];
  coefficients.steps = steps ?? reader.refuse(`quantisation table ${quantiser} is missing`);
}

/** Decodes a scan. Returns the byte behind its data. */
function decodeScan(
  reader: JpegReader,
  scan: ScanHeader,
  picture: readonly Coefficients[],
  progression: Progression,
): number {
  const { frame } = reader;
  if (frame.progressive) progression.startScan(reader, scan);
  const data = new ScanReader(reader.bytes, scan.start, scan.restartInterval, reader.refuse);
  const decodeOne = blockDecoder(reader, scan, data);
  const parts = scan.components.map(({ index }) => picture[index]);
  if (parts.length === 1) {
    // A scan of one component has a block to an MCU, and no blocks that only fill up.
    const [part] = parts;
    const { component } = part;
    for (let row = 0; row < component.blocksHigh; row++) {
      for (let column = 0; column < component.blocksWide; column++) {
        if (!data.exhausted) progression.lastGoodRow = Math.floor(row / component.v);
        if (!data.nextMcu()) {
          if (data.isOver) return data.end();
          continue;
        }
        decodeOne(0, part, row * component.paddedWide + column);
        data.endMcu();
      }
    }
    return data.end();
  }
  for (let row = 0; row < frame.mcusHigh; row++) {
    for (let column = 0; column < frame.mcusWide; column++) {
      if (!data.exhausted) progression.lastGoodRow = row;
      if (!data.nextMcu()) {
        if (data.isOver) return data.end();
        continue;
      }
      for (let place = 0; place < parts.length; place++) {
        const { h, v, paddedWide } = parts[place].component;
        for (let y = row * v; y < (row + 1) * v; y++) {
          for (let x = column * h; x < (column + 1) * h; x++) {
            decodeOne(place, parts[place], y * paddedWide + x);
          }
        }
      }
      data.endMcu();
    }
  }
  return data.end();
}

/** Decodes a block of the component at a place of the scan. */
type BlockDecoder = (place: number, blocks: Blocks, block: number) => void;

function blockDecoder(reader: JpegReader, scan: ScanHeader, data: ScanReader): BlockDecoder {
  const { components, spectralStart, spectralEnd, approximationHigh, approximationLow: low } = scan;
  const tables = (kind: 'dc' | 'ac') => components.map((part) => tableOf(reader, kind, part[kind]));
  if (!reader.frame.progressive) {
    const [dc, ac] = [tables('dc'), tables('ac')];
    return (place, { values, last }, block) => {
      const isFlat = decodeBlock(data, place, dc[place], ac[place], ONES, values, 64 * block);
      if (!isFlat) last[block] = 63;
    };
  }
  if (spectralStart === 0) {
    if (approximationHigh > 0) return (_place, blocks, block) => refineDc(data, low, blocks, block);
    const dc = tables('dc');
    return (place, blocks, block) => decodeDcFirst(data, place, dc[place], low, blocks, block);
  }
  const [ac] = tables('ac');
  return approximationHigh === 0
    ? (_place, blocks, block) => decodeAcFirst(data, ac, spectralStart, spectralEnd, low, blocks, block)
    : (_place, blocks, block) => refineAc(data, ac, spectralStart, spectralEnd, low, blocks, block);
}

const ONES = new Int32Array(ZIGZAG.length).fill(1);

/** Takes the blocks of the window through the inverse DCT. */
function transform(
  frame: Frame,
  window: Window,
  picture: readonly Coefficients[],
  progression: Progression,
  method: DctMethod,
): Plane[] {
  const planes = planesFor(frame, window);
  const writeBlock = blockWriter(method);
  const block = new Int16Array(64);
  const smooths = frame.progressive && progression.needsSmoothing && picture.every(hasFirstSteps);
  for (const { component, values, last, steps } of picture) {
    // A component that no scan had stays grey.
    if (steps === undefined) continue;
    const { index, h, v, paddedWide } = component;
    const plane = planes[index];
    const factors = dequantiserFor(steps, method);
    const firstColumn = window.firstMcuColumn * h;
    const endColumn = Math.min(window.endMcuColumn * h, component.blocksWide);
    const endRow = Math.min(window.endMcuRow * v, component.blocksHigh);
    for (let row = plane.firstRow / 8; row < endRow; row++) {
      for (let column = firstColumn; column < endColumn; column++) {
        const at = row * paddedWide + column;
        let coefficients = values;
        let from = 64 * at;
        let end = last[at];
        if (smooths) {
          const neighbours = neighbourhood(frame, component, values, row, column, firstColumn);
          coefficients = values.slice(from, from + 64);
          from = 0;
          end = Math.max(end, SMOOTHED - 1);
          smoothBlock(coefficients, neighbours, progression.bitsLeftOut(index, Math.floor(row / v)), steps);
        }
        for (let k = 0; k <= end; k++) block[PLACES[k]] = coefficients[from + PLACES[k]] * factors[k];
        writeBlock(
          block,
          end === 0,
          plane,
          (8 * row - plane.firstRow) * plane.stride + 8 * (column - firstColumn),
        );
      }
    }
  }
  return planes;
}

/** A constant of this module: engines fold it, which they do not with an import. */
const PLACES = ZIGZAG;

/** Whether smoothing can divide by the steps. */
function hasFirstSteps({ steps }: Coefficients): boolean {
  return steps?.subarray(0, SMOOTHED).every((step) => step > 0) ?? false;
}

/**
 * DC coefficients of the 5×5 blocks around one, with the nearest in place of those outside: left of the
 * window, right of the component, above it, and below its last MCU. What counts as above and below is
 * libjpeg's: in a last row of MCUs that is not full, rows are counted as if every row of MCUs had as few.
 */
function neighbourhood(
  frame: Frame,
  { v, blocksWide, blocksHigh, paddedWide }: Component,
  values: Int16Array,
  row: number,
  column: number,
  firstColumn: number,
): Int32Array {
  const mcuRow = Math.floor(row / v);
  const rowsHere = mcuRow < frame.mcusHigh - 1 ? v : blocksHigh - mcuRow * v;
  const counted = mcuRow * rowsHere + (row % v);
  const above = Math.min(2, counted);
  const below = Math.min(2, frame.mcusHigh * rowsHere - 1 - counted);
  return Int32Array.from({ length: 25 }, (_, i) => {
    const y = row + Math.max(-above, Math.min(below, Math.floor(i / 5) - 2));
    const x = Math.max(firstColumn, Math.min(blocksWide - 1, column + (i % 5) - 2));
    return values[64 * (y * paddedWide + x)];
  });
}
