import type { Rectangle } from '../../../src/io/jpeg/window.ts';
import { pictureOf, type Recipe } from './arbitraries.ts';
import { type Coding, encodeJpeg } from './encoder.ts';

/** A picture without its last bytes, and the window of it to decode. */
export interface Cut {
  readonly bytes: Uint8Array;
  readonly crop: Rectangle | undefined;
}

/** Without 0 to 11 bytes each: the whole, all but its last row, its last row, and its upper left. */
export function cutsOf(recipe: Recipe & { readonly coding: Coding }): Cut[] {
  const { width, height } = recipe;
  const bytes = encodeJpeg(pictureOf(recipe), recipe.coding);
  const windows: (Rectangle | undefined)[] = [
    undefined,
    { x: 0, y: 0, width, height: height - 1 },
    { x: width >> 1, y: height - 1, width: 1, height: 1 },
    { x: 0, y: 0, width: (width >> 1) + 1, height: (height >> 1) + 1 },
  ];
  return Array.from({ length: 12 }, (_, cut) => bytes.subarray(0, bytes.length - cut)).flatMap((part) =>
    windows.map((crop) => ({ bytes: part, crop })),
  );
}
