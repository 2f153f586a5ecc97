/** Where a file is refused: its name, if it has one, and the byte. */
export type Refuse = (reason: string, offset?: number) => never;

/** Number of 8×8 blocks and the sampling of one colour component. */
export interface Component {
  /** Name of the component in the file: what a scan refers to. */
  readonly id: number;
  /** Place in the frame. */
  readonly index: number;
  /** Horizontal and vertical sampling factors: blocks in an MCU of all components. */
  readonly h: number;
  readonly v: number;
  readonly quantiser: number;
  /** Blocks that hold samples of the picture. */
  readonly blocksWide: number;
  readonly blocksHigh: number;
  /** The same, filled up to whole MCUs. */
  readonly paddedWide: number;
  readonly paddedHigh: number;
  /** Samples of the picture. */
  readonly width: number;
  readonly height: number;
}

/** The picture as its start-of-frame segment describes it. */
export interface Frame {
  readonly width: number;
  readonly height: number;
  readonly progressive: boolean;
  readonly components: readonly Component[];
  /** Largest sampling factors. */
  readonly maxH: number;
  readonly maxV: number;
  /** MCUs of all components. */
  readonly mcusWide: number;
  readonly mcusHigh: number;
  /**
   * Rows of MCUs that libjpeg decodes before it gives out any: as many as the vertical sampling factor says where there is one
   * component, though it means nothing else.
   */
  readonly rowsAtOnce: number;
}

/** Numbers of a component as they stand in the file. */
export type ComponentSpec = Pick<Component, 'id' | 'h' | 'v' | 'quantiser'>;

/** The largest number of rows or columns libjpeg takes. */
const MAX_DIMENSION = 65500;
const MAX_COMPONENTS = 10;
const MAX_SAMPLING = 4;

/**
 * Lays out the components of a frame.
 * The sampling factors of a picture with one component say nothing and are read as 1×1 (ITU T.81, A.2.2).
 */
export function layFrame(
  width: number,
  height: number,
  progressive: boolean,
  specs: readonly ComponentSpec[],
  refuse: Refuse,
): Frame {
  if (width > MAX_DIMENSION || height > MAX_DIMENSION) {
    refuse(`the picture has ${width}×${height} pixels; more than ${MAX_DIMENSION} a side are not decoded`);
  }
  if (specs.length > MAX_COMPONENTS) refuse(`the picture has ${specs.length} colour components`);
  for (const { id, h, v } of specs) {
    if (h < 1 || h > MAX_SAMPLING || v < 1 || v > MAX_SAMPLING) {
      refuse(`component ${id} has the sampling factors ${h}×${v}; they must be 1 to ${MAX_SAMPLING}`);
    }
  }
  const sampled = specs.length === 1 ? [{ ...specs[0], h: 1, v: 1 }] : specs;
  const maxH = Math.max(...sampled.map(({ h }) => h));
  const maxV = Math.max(...sampled.map(({ v }) => v));
  if (sampled.some(({ h, v }) => maxH % h !== 0 || maxV % v !== 0)) {
    refuse('the sampling factors of the components are not whole multiples of each other');
  }
  const mcusWide = Math.ceil(width / (8 * maxH));
  const mcusHigh = Math.ceil(height / (8 * maxV));
  const components = sampled.map((spec, index) => ({
    ...spec,
    index,
    blocksWide: Math.ceil((width * spec.h) / (8 * maxH)),
    blocksHigh: Math.ceil((height * spec.v) / (8 * maxV)),
    paddedWide: mcusWide * spec.h,
    paddedHigh: mcusHigh * spec.v,
    width: Math.ceil((width * spec.h) / maxH),
    height: Math.ceil((height * spec.v) / maxV),
  }));
  const rowsAtOnce = specs.length === 1 ? specs[0].v : 1;
  return { width, height, progressive, components, maxH, maxV, mcusWide, mcusHigh, rowsAtOnce };
}
