import { UsageError } from '../../base/errors.ts';
import type { Frame, Refuse } from './frame.ts';
import { upsamplingOf } from './upsampling.ts';

/** Pixels of a picture. */
export interface Rectangle {
  /** First column. */
  readonly x: number;
  /** First row. */
  readonly y: number;
  /** Columns. */
  readonly width: number;
  /** Rows. */
  readonly height: number;
}

/** A rectangle of a picture and the MCUs it needs. */
export interface Window extends Rectangle {
  readonly firstMcuColumn: number;
  readonly endMcuColumn: number;
  /** The first MCUs whose samples are looked at; those before are read only. */
  readonly firstMcuRow: number;
  readonly endMcuRow: number;
  /** Pixel where the first MCU column begins: to the upsampling filter, the left border of the picture. */
  readonly left: number;
  /**
   * Pixels from `left` to the right end of the rectangle: to the upsampling filter, the width of the picture.
   */
  readonly columns: number;
  readonly reachesBottom: boolean;
}

/**
 * Finds the MCUs of a rectangle as libjpeg's jpeg_crop_scanline and jpeg_skip_scanlines do: columns from the
 * MCU boundary at its left to its right end, rows with one group above and below where the upsampling filter
 * looks beyond.
 */
export function windowOf(frame: Frame, crop: Rectangle | undefined, fancy: boolean, refuse: Refuse): Window {
  const { x, y, width, height } = crop ?? { x: 0, y: 0, width: frame.width, height: frame.height };
  if (![x, y, width, height].every((number) => Number.isInteger(number) && number >= 0)) {
    throw new UsageError(
      `the crop window ${width}×${height} at (${x}, ${y}) is not in whole pixels from 0 on`,
    );
  }
  if (width === 0 || height === 0 || x + width > frame.width || y + height > frame.height) {
    refuse(
      `the crop window ${width}×${height} at (${x}, ${y}) is empty or not inside the picture of ` +
        `${frame.width}×${frame.height} pixels`,
      0,
    );
  }
  const mcuWidth = 8 * frame.maxH;
  const mcuHeight = 8 * frame.maxV;
  const firstMcuColumn = Math.floor(x / mcuWidth);
  const left = firstMcuColumn * mcuWidth;
  const looksBeyond = frame.components.some((component) => {
    const kind = upsamplingOf(frame, component, fancy, component.width);
    return kind === 'h1v2' || kind === 'h2v2';
  });
  const context = looksBeyond ? frame.maxV : 0;
  return {
    x,
    y,
    width,
    height,
    firstMcuColumn,
    endMcuColumn: Math.ceil((x + width) / mcuWidth),
    firstMcuRow: Math.floor(Math.max(0, y - context) / mcuHeight),
    endMcuRow: Math.min(frame.mcusHigh, Math.floor((y + height - 1 + context) / mcuHeight) + 1),
    left,
    columns: x + width - left,
    reachesBottom: y + height === frame.height,
  };
}
