import { decodeBlock } from './block-decoder.ts';
import { dequantiserFor } from './dequantise.ts';
import type { Component, Frame } from './frame.ts';
import { blockWriter, type DctMethod } from './inverse-dct.ts';
import type { JpegReader, ScanHeader } from './markers.ts';
import { type Plane, planesFor } from './plane.ts';
import { Progression, SMOOTHED } from './progression.ts';
import { decodeAcFirst, decodeDcFirst, refineAc, refineDc } from './progressive.ts';
import { ScanReader } from './scan-reader.ts';
import { tableOf } from './scan-tables.ts';
import { smoothBlock } from './smoothing.ts';
import type { Window } from './window.ts';
import { ZIGZAG } from './zigzag.ts';

/** All coefficients of a component, block by block, each block by rows. */
interface Coefficients {
  readonly component: Component;
  readonly values: Int16Array;
  /** The quantisation steps as they stood at the first scan of the component, in the order of the file. */
  steps: Uint16Array | undefined;
}

/** More scans than any encoder makes; each costs time however short it is. */
const MAX_SCANS = 500;

/**
 * Decodes a picture of several scans, progressive or by components: all coefficients are collected up to the end marker, then
 * those of the window go through the inverse DCT.
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
    const [{ component, values }] = parts;
    for (let row = 0; row < component.blocksHigh; row++) {
      for (let column = 0; column < component.blocksWide; column++) {
        if (!data.exhausted) progression.lastGoodRow = Math.floor(row / component.v);
        if (!data.nextMcu()) continue;
        decodeOne(0, values, 64 * (row * component.paddedWide + column));
        data.endMcu();
      }
    }
    return data.end();
  }
  for (let row = 0; row < frame.mcusHigh; row++) {
    for (let column = 0; column < frame.mcusWide; column++) {
      if (!data.exhausted) progression.lastGoodRow = row;
      if (!data.nextMcu()) continue;
      for (const [place, { component, values }] of parts.entries()) {
        const { h, v, paddedWide } = component;
        for (let y = row * v; y < (row + 1) * v; y++) {
          for (let x = column * h; x < (column + 1) * h; x++) {
            decodeOne(place, values, 64 * (y * paddedWide + x));
          }
        }
      }
      data.endMcu();
    }
  }
  return data.end();
}

/** Decodes a block of the component at a place of the scan into `out`, from `offset` on. */
type BlockDecoder = (place: number, out: Int16Array, offset: number) => void;

function blockDecoder(reader: JpegReader, scan: ScanHeader, data: ScanReader): BlockDecoder {
  const { components, spectralStart, spectralEnd, approximationHigh, approximationLow: low } = scan;
  const tables = (kind: 'dc' | 'ac') => components.map((part) => tableOf(reader, kind, part[kind]));
  if (!reader.frame.progressive) {
    const [dc, ac] = [tables('dc'), tables('ac')];
    return (place, out, offset) => decodeBlock(data, place, dc[place], ac[place], ONES, out, offset);
  }
  if (spectralStart === 0) {
    if (approximationHigh > 0) return (_place, out, offset) => refineDc(data, low, out, offset);
    const dc = tables('dc');
    return (place, out, offset) => decodeDcFirst(data, place, dc[place], low, out, offset);
  }
  const [ac] = tables('ac');
  return approximationHigh === 0
    ? (_place, out, offset) => decodeAcFirst(data, ac, spectralStart, spectralEnd, low, out, offset)
    : (_place, out, offset) => refineAc(data, ac, spectralStart, spectralEnd, low, out, offset);
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
  for (const { component, values, steps } of picture) {
    // A component that no scan had stays grey.
    if (steps === undefined) continue;
    const { index, h, v } = component;
    const { samples, stride, firstRow } = planes[index];
    const factors = byRows(dequantiserFor(steps, method));
    const firstColumn = window.firstMcuColumn * h;
    const endColumn = Math.min(window.endMcuColumn * h, component.blocksWide);
    const endRow = Math.min(window.endMcuRow * v, component.blocksHigh);
    for (let row = firstRow / 8; row < endRow; row++) {
      for (let column = firstColumn; column < endColumn; column++) {
        const from = 64 * (row * component.paddedWide + column);
        let coefficients = values;
        let at = from;
        if (smooths) {
          const neighbours = neighbourhood(frame, component, values, row, column, firstColumn);
          coefficients = values.slice(from, from + 64);
          at = 0;
          smoothBlock(coefficients, neighbours, progression.bitsLeftOut(index, Math.floor(row / v)), steps);
        }
        block[0] = coefficients[at] * factors[0];
        let ac = 0;
        for (let i = 1; i < 64; i++) {
          const coefficient = coefficients[at + i];
          ac |= coefficient;
          block[i] = coefficient * factors[i];
        }
        writeBlock(
          block,
          ac === 0,
          samples,
          (8 * row - firstRow) * stride + 8 * (column - firstColumn),
          stride,
        );
      }
    }
  }
  return planes;
}

/** Whether smoothing can divide by the steps. */
function hasFirstSteps({ steps }: Coefficients): boolean {
  return steps?.subarray(0, SMOOTHED).every((step) => step > 0) ?? false;
}

/** Factors in the order of the file, put by rows. */
function byRows(factors: Int32Array): Int32Array {
  const placed = new Int32Array(64);
  for (let k = 0; k < 64; k++) placed[ZIGZAG[k]] = factors[k];
  return placed;
}

/**
 * DC coefficients of the 5×5 blocks around one, with the nearest in place of those outside: left of the window, right of the
 * component, above it, and below its last MCU. What counts as above and below is libjpeg's: in a last row of MCUs that is not
 * full, rows are counted as if every row of MCUs had as few.
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
