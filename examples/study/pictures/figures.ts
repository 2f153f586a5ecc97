import { arc, type Point, polygon } from './geometry.ts';

/** Something to be drawn, within -1 … 1: lines with a width, or an area. */
export interface Figure {
  readonly name: string;
  readonly kind: 'lines' | 'area';
  readonly parts: readonly (readonly Point[])[];
}

/** The ten digits, as strokes. */
const DIGITS: readonly (readonly (readonly Point[])[])[] = [
  [arc([0, 0], [0.55, 0.9], [0, 360], 24)],
  [
    [
      [-0.4, -0.45],
      [0.1, -0.9],
      [0.1, 0.9],
    ],
  ],
  [[...arc([0, -0.4], [0.5, 0.5], [180, 400]), [-0.55, 0.9], [0.6, 0.9]]],
  [[...arc([0, -0.45], [0.5, 0.45], [200, 450]), ...arc([0, 0.45], [0.55, 0.45], [270, 520])]],
  [
    [
      [0.3, 0.9],
      [0.3, -0.9],
      [-0.6, 0.35],
      [0.7, 0.35],
    ],
  ],
  [[[0.5, -0.9], [-0.45, -0.9], [-0.5, -0.1], ...arc([0, 0.35], [0.55, 0.55], [230, 500])]],
  [[[0.4, -0.9], ...arc([0, 0.3], [0.55, 0.6], [200, 560], 24)]],
  [
    [
      [-0.55, -0.9],
      [0.55, -0.9],
      [-0.15, 0.9],
    ],
  ],
  [arc([0, -0.45], [0.42, 0.45], [0, 360], 24), arc([0, 0.45], [0.52, 0.47], [0, 360], 24)],
  [[...arc([0, -0.3], [0.55, 0.6], [20, 380], 24), [0.45, 0.9]]],
];

const ARM = 0.32;
const CROSS: readonly Point[] = [
  ...([
    [-ARM, -0.9],
    [ARM, -0.9],
    [ARM, -ARM],
    [0.9, -ARM],
    [0.9, ARM],
    [ARM, ARM],
  ] as const),
  ...([
    [ARM, 0.9],
    [-ARM, 0.9],
    [-ARM, ARM],
    [-0.9, ARM],
    [-0.9, -ARM],
    [-ARM, -ARM],
  ] as const),
];
const ARROW: readonly Point[] = [
  ...([
    [-0.9, -0.25],
    [0.1, -0.25],
    [0.1, -0.75],
    [0.95, 0],
    [0.1, 0.75],
    [0.1, 0.25],
  ] as const),
  [-0.9, 0.25],
];

const SHAPES: readonly Figure[] = [
  { name: 'disc', kind: 'area', parts: [polygon(32, 0.9)] },
  { name: 'ring', kind: 'lines', parts: [arc([0, 0], [0.8, 0.8], [0, 360], 32)] },
  {
    name: 'square',
    kind: 'area',
    parts: [
      [
        [-0.8, -0.8],
        [0.8, -0.8],
        [0.8, 0.8],
        [-0.8, 0.8],
      ],
    ],
  },
  { name: 'triangle', kind: 'area', parts: [polygon(3, 0.95)] },
  { name: 'pentagon', kind: 'area', parts: [polygon(5, 0.95)] },
  { name: 'star', kind: 'area', parts: [star(5)] },
  { name: 'cross', kind: 'area', parts: [CROSS] },
  { name: 'arrow', kind: 'area', parts: [ARROW] },
  { name: 'heart', kind: 'area', parts: [heart()] },
  {
    name: 'crescent',
    kind: 'area',
    parts: [[...arc([0, 0], [0.9, 0.9], [50, 310], 24), ...arc([0.35, 0], [0.7, 0.72], [300, 60], 24)]],
  },
];

/** What is drawn, by class: ten digits and ten shapes. */
export const FIGURES: readonly Figure[] = [
  ...DIGITS.map((parts, digit) => ({ name: `${digit}`, kind: 'lines' as const, parts })),
  ...SHAPES,
];

function star(points: number): Point[] {
  const [outer, inner] = [polygon(2 * points, 0.95), polygon(2 * points, 0.4)];
  return outer.map((corner, i) => (i % 2 === 0 ? corner : inner[i]));
}

function heart(): Point[] {
  return Array.from({ length: 32 }, (_, i) => {
    const t = (i * Math.PI) / 16;
    const up = 13 * Math.cos(t) - 5 * Math.cos(2 * t) - 2 * Math.cos(3 * t) - Math.cos(4 * t);
    return [(16 * Math.sin(t) ** 3) / 17, -up / 17] as const;
  });
}
