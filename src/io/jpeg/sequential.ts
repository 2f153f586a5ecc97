import { decodeBlock } from './block-decoder.ts';
import { dequantiserFor } from './dequantise.ts';
import type { Component, Frame } from './frame.ts';
import type { HuffmanTable } from './huffman.ts';
import { blockWriter, type DctMethod } from './inverse-dct.ts';
import type { JpegReader, ScanHeader } from './markers.ts';
import { type Plane, planesFor } from './plane.ts';
import { ScanReader } from './scan-reader.ts';
import { tableOf } from './scan-tables.ts';
import type { Window } from './window.ts';

/** What the blocks of one component of a scan are decoded with. */
interface BlockCoding {
  readonly component: Component;
  readonly plane: Plane;
  readonly dc: HuffmanTable;
  readonly ac: HuffmanTable;
  readonly dequantiser: Int32Array;
}

/**
 * Decodes a picture whose first scan holds all of it: each block goes through the inverse DCT as soon as it
 * is read. Reads as far as the window needs, and to the end marker where the window reaches the last row.
 * @throws {DataError} where the data ends before.
 */
export function decodeSequential(
  reader: JpegReader,
  scan: ScanHeader,
  window: Window,
  method: DctMethod,
): Plane[] {
  const { frame } = reader;
  const planes = planesFor(frame, window);
  const codings = scan.components.map(({ index, dc, ac }): BlockCoding => {
    const component = frame.components[index];
    const steps = reader.quantisers[component.quantiser];
    if (steps === undefined) return reader.refuse(`quantisation table ${component.quantiser} is missing`);
    return {
      component,
      plane: planes[index],
      dc: tableOf(reader, 'dc', dc),
      ac: tableOf(reader, 'ac', ac),
      dequantiser: dequantiserFor(steps, method),
    };
  });
  const blocks = codings.reduce((sum, { component: { h, v } }) => sum + h * v, 0);
  const data = new ScanReader(reader.bytes, scan.start, scan.restartInterval, reader.refuse, blocks);
  decodeMcus(data, frame, window, codings, method);
  if (window.reachesBottom) finish(reader, data);
  return planes;
}

/** Goes on to the end marker, of which the first half will do: libjpeg then waits for more, and nobody waits for libjpeg. */
function finish(reader: JpegReader, data: ScanReader): void {
  if (data.endsWithFile && reader.bytes.at(-1) === 0xff) return;
  reader.skipTo(data.end());
  reader.finish();
}

function decodeMcus(
  data: ScanReader,
  frame: Frame,
  window: Window,
  codings: readonly BlockCoding[],
  method: DctMethod,
): void {
  const block = new Int16Array(64);
  const unseen = new Int16Array(64);
  const writeBlock = blockWriter(method);
  const groups = Math.ceil(window.endMcuRow / frame.rowsAtOnce);
  const rows = Math.min(groups * frame.rowsAtOnce, frame.mcusHigh);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < frame.mcusWide; column++) {
      if (!data.nextMcu()) {
        if (data.isOver) return;
        continue;
      }
      const inside =
        row >= window.firstMcuRow &&
        row < window.endMcuRow &&
        column >= window.firstMcuColumn &&
        column < window.endMcuColumn;
      for (let place = 0; place < codings.length; place++) {
        const { component, plane, dc, ac, dequantiser } = codings[place];
        const { h, v } = component;
        for (let y = 0; y < v; y++) {
          for (let x = 0; x < h; x++) {
            const isFlat = decodeBlock(data, place, dc, ac, dequantiser, inside ? block : unseen, 0);
            if (!inside) continue;
            const blockRow = (row - window.firstMcuRow) * v + y;
            const blockColumn = (column - window.firstMcuColumn) * h + x;
            writeBlock(block, isFlat, plane, 8 * (blockRow * plane.stride + blockColumn));
          }
        }
      }
      data.endMcu();
    }
  }
}
