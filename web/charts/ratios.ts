import type { FormatResult } from '../../bench/comparison/compare-formats.ts';
import { svg } from '../dom.ts';
import type { Measurement } from '../engine/protocol.ts';

const NARROWEST = 320;
const HEIGHT = 330;
const MARGIN = { top: 36, right: 58, bottom: 40, left: 46 };
/** Between the axis and the first and last points. */
const INSET = 26;
const SERIES = [
  { key: 'products', title: 'products' },
  { key: 'convolutions', title: 'convolutions' },
] as const;

type Point = readonly [x: number, y: number];

/** Where values of the two axes lie. */
interface Scales {
  x(sparsity: number): number;
  y(ratio: number): number;
}

/**
 * Dense time over sparse time by sparsity, on a logarithmic axis: a line a layer, a thick one for the geometric mean.
 * @param space pixels there are for it
 */
export function drawRatios(measurement: Measurement, space: number): SVGSVGElement {
  const width = Math.max(space, NARROWEST);
  const all = SERIES.flatMap(({ key }) => measurement[key]);
  const sparsities = [...new Set(all.map(({ sparsity }) => sparsity))].sort();
  const ratios = [1, ...all.map(({ ratio }) => ratio)];
  const lowest = 2 ** Math.floor(Math.log2(Math.min(...ratios)));
  const highest = 2 ** Math.ceil(Math.log2(Math.max(...ratios)));
  const step = (width - MARGIN.left - MARGIN.right - 2 * INSET) / Math.max(1, sparsities.length - 1);
  const scales: Scales = {
    x: (sparsity) => MARGIN.left + INSET + step * sparsities.indexOf(sparsity),
    y: (ratio) =>
      MARGIN.top +
      (1 - Math.log2(ratio / lowest) / Math.log2(highest / lowest)) * (HEIGHT - MARGIN.top - MARGIN.bottom),
  };
  return svg(
    'svg',
    { viewBox: `0 0 ${width} ${HEIGHT}`, role: 'img', 'aria-label': inWords(measurement) },
    ...powersOfTwo(lowest, highest).flatMap((ratio) => gridLine(ratio, scales.y(ratio), width)),
    ...sparsities.map((sparsity) =>
      svg(
        'text',
        { x: scales.x(sparsity), y: HEIGHT - 14, 'text-anchor': 'middle' },
        `${Math.round(100 * sparsity)} % zeros`,
      ),
    ),
    ...SERIES.map((_, index) => drawSeries(measurement, index, scales)),
  );
}

function gridLine(ratio: number, y: number, width: number): SVGElement[] {
  const ends = { x1: MARGIN.left, x2: width - MARGIN.right + 30, y1: y, y2: y };
  return [
    svg('line', { class: ratio === 1 ? 'even' : 'grid', ...ends }),
    svg(
      'text',
      { x: MARGIN.left - 8, y: y + 4, 'text-anchor': 'end' },
      ratio < 1 ? `1/${1 / ratio}×` : `${ratio}×`,
    ),
  ];
}

function drawSeries(measurement: Measurement, index: number, { x, y }: Scales): SVGGElement {
  const { key, title } = SERIES[index];
  const other = measurement.geomean[SERIES[1 - index].key];
  const lines = byLayer(measurement[key]).map((layer) => {
    const points = layer.map(({ sparsity, ratio }): Point => [x(sparsity), y(ratio)]);
    return svg('path', { class: 'layer', d: path(points) });
  });
  const means = Object.entries(measurement.geomean[key]).sort(([a], [b]) => Number(a) - Number(b));
  const points = means.map(([sparsity, ratio]): Point => [x(Number(sparsity)), y(ratio)]);
  const dots = points.map(([cx, cy]) => svg('circle', { class: 'dot', cx, cy, r: 4 }));
  const labels = means.map(([sparsity, ratio], i) => {
    // The higher of two stands above its dot, the lower below.
    const isAbove = ratio > other[sparsity] || (ratio === other[sparsity] && index === 0);
    const [cx, cy] = points[i];
    return svg('text', { class: 'value', x: cx + 8, y: cy + (isAbove ? -7 : 17) }, `${ratio.toFixed(2)}×`);
  });
  const legend = svg('text', { class: 'value', x: MARGIN.left + 100 * index, y: 16 }, `— ${title}`);
  return svg(
    'g',
    { class: key },
    ...lines,
    svg('path', { class: 'mean', d: path(points) }),
    ...dots,
    ...labels,
    legend,
  );
}

function powersOfTwo(lowest: number, highest: number): number[] {
  const powers: number[] = [];
  for (let power = lowest; power <= highest; power *= 2) powers.push(power);
  return powers;
}

/** Results of one layer and N each, sparsest last. */
function byLayer(results: readonly FormatResult[]): FormatResult[][] {
  const layers = new Map<string, FormatResult[]>();
  for (const result of results) {
    const key = `${result.name} ${result.n}`;
    layers.set(key, [...(layers.get(key) ?? []), result]);
  }
  return [...layers.values()].map((layer) => layer.sort((a, b) => a.sparsity - b.sparsity));
}

function path(points: readonly Point[]): string {
  return points.map(([x, y], index) => `${index === 0 ? 'M' : 'L'}${x.toFixed(1)} ${y.toFixed(1)}`).join('');
}

function inWords({ geomean }: Measurement): string {
  const series = SERIES.map(({ key, title }) => {
    const means = Object.entries(geomean[key]).map(
      ([sparsity, ratio]) => `${ratio.toFixed(2)} at ${Math.round(100 * Number(sparsity))} % zeros`,
    );
    return `${title} ${means.join(', ')}`;
  });
  return `Times as fast as dense, geometric means: ${series.join('; ')}.`;
}
