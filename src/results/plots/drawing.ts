import type { Markish, PlotOptions } from '@observablehq/plot';
import { UsageError } from '../../base/errors.ts';
import { escapeMarkup } from '../escape-markup.ts';

/** The drawing library, which is loaded where something is drawn. */
export type Plot = typeof import('@observablehq/plot');

/** A line of a key: what a colour, and a dash of lines, stand for. */
export interface KeyEntry {
  readonly label: string;
  readonly color: string;
  /** As of SVG's `stroke-dasharray`; lines are drawn through where it is left out. */
  readonly dash?: string;
}

export interface Drawing extends Omit<PlotOptions, 'document' | 'marks' | 'marginTop' | 'width' | 'height'> {
  readonly marks: readonly Markish[];
  /** Stands above the plot, in rows. */
  readonly key?: readonly KeyEntry[];
  /** In pixels; default 760. */
  readonly width?: number;
  /** Of the plot without its key, in pixels; default 420. */
  readonly height?: number;
}

const FONT_SIZE = 12;
/** Of an average character, generously. */
const CHARACTER_WIDTH = 0.58 * FONT_SIZE;
const KEY_ROW = 18;
/** Below the label of the vertical axis, which stands at the very top. */
const KEY_TOP = 30;
const SWATCH = 18;

/** @throws {UsageError} where they are not installed: only figures need them. */
async function loadLibraries(): Promise<[Plot, typeof import('linkedom')]> {
  try {
    return await Promise.all([import('@observablehq/plot'), import('linkedom')]);
  } catch (cause) {
    if ((cause as { code?: string }).code !== 'ERR_MODULE_NOT_FOUND') throw cause;
    throw new UsageError(
      'Figures are drawn by packages of their own: npm install @observablehq/plot linkedom',
      {
        cause,
      },
    );
  }
}

/** Draws a plot as the text of an SVG file that stands by itself. */
export async function draw(describe: (plot: Plot) => Drawing): Promise<string> {
  const [plot, { parseHTML }] = await loadLibraries();
  const { key = [], marks, width = 760, height = 420, ...options } = describe(plot);
  const rows = keyRows(key, width);
  const keyHeight = KEY_ROW * rows.length;
  const svg = plot.plot({
    marginLeft: 52,
    marginRight: 20,
    marginBottom: 44,
    style: { fontSize: `${FONT_SIZE}px`, background: 'white', color: '#222' },
    ...options,
    width,
    height: height + keyHeight,
    marginTop: 36 + keyHeight,
    document: parseHTML('<html></html>').document,
    marks: [...marks],
  });
  svg.setAttribute('xmlns', 'http://www.w3.org/2000/svg');
  // Into the svg itself, since marks would be repeated in each facet.
  const text = svg.outerHTML;
  return `${text.slice(0, text.lastIndexOf('</svg>'))}${keyMarkup(rows)}</svg>\n`;
}

interface PlacedEntry extends KeyEntry {
  readonly x: number;
}

/** Breaks a key into rows that are no wider than the plot. */
function keyRows(key: readonly KeyEntry[], width: number): PlacedEntry[][] {
  const rows: PlacedEntry[][] = [];
  let x = Number.POSITIVE_INFINITY;
  for (const entry of key) {
    const entryWidth = SWATCH + 6 + entry.label.length * CHARACTER_WIDTH + 14;
    if (x + entryWidth > width) {
      rows.push([]);
      x = 10;
    }
    rows.at(-1)!.push({ ...entry, x });
    x += entryWidth;
  }
  return rows;
}

function keyMarkup(rows: readonly (readonly PlacedEntry[])[]): string {
  const entries = rows.flatMap((row, i) =>
    row.map(({ label, color, dash, x }) => {
      const y = KEY_TOP + KEY_ROW * i;
      const dashes = dash === undefined ? '' : ` stroke-dasharray="${dash}"`;
      return (
        `<path d="M${x},${y}h${SWATCH}" stroke="${color}" stroke-width="3"${dashes}/>` +
        `<text x="${x + SWATCH + 6}" y="${y}" dy="0.35em" text-anchor="start">${escapeMarkup(label)}</text>`
      );
    }),
  );
  return entries.length === 0 ? '' : `<g aria-label="key">${entries.join('')}</g>`;
}
