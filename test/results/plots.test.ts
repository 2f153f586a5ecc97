import assert from 'node:assert/strict';
import { test } from 'node:test';
import { escapeMarkup } from '../../src/results/escape-markup.ts';
import { loadResults } from '../../src/results/load-results.ts';
import { draw } from '../../src/results/plots/drawing.ts';
import { paperFigures } from '../../src/results/plots/figures.ts';
import { figuresPage } from '../../src/results/plots/page.ts';
import { sharedTest } from '../support/shared.ts';

/** What must be written in each figure, and how many dots it must have at least. */
const FIGURES: Readonly<Record<string, readonly [dots: number, ...texts: string[]]>> = {
  'transformer-best': [
    5000,
    'magnitude pruning',
    'random pruning',
    'variational dropout',
    'L0 regularization',
    'dense',
    '↑ BLEU, newstest2014',
  ],
  'rn50-best': [
    500,
    'magnitude pruning',
    'magnitude pruning, extended',
    'random pruning',
    'variational dropout',
    '↑ top-1 accuracy, ImageNet (%)',
  ],
  'transformer-all': [
    6156 + 28,
    'magnitude pruning',
    'random pruning',
    'variational dropout',
    'L0 regularization',
  ],
  'rn50-all': [685 + 17, 'magnitude pruning', 'random pruning', 'variational dropout'],
  'rn50-l0-phase-transition': [
    323,
    'initial log α 4.6, 50 % at 4231/N',
    'initial log α 0.847, 50 % at 164/N',
    '↑ sparsity (%)',
  ],
  'transformer-l0-sparsity': [930, 'dropout and label smoothing', 'weight of the L0 loss →'],
  'transformer-scratch-lottery': [
    6 * 7,
    'lottery ticket',
    'scratch-b',
    'scratch-e, augmented init',
    'sparsity (%) →',
  ],
  'rn50-scratch-lottery': [6 + 6 + 4 * 5, 'lottery ticket', 'scratch', 'scratch, twice as long, sparse init'],
  'rn50-time-multipliers': [
    12 + 6 * 5 + 4 * 6,
    '×1, scaled rate',
    '×2, constant final rate',
    '×2, continual decay',
  ],
};

sharedTest(
  'every figure of the paper is drawn, with its key and its runs',
  ['data', 'state_of_sparsity', 'results'],
  async (path) => {
    const figures = await paperFigures(await loadResults(path));
    assert.deepEqual(
      figures.map(({ name }) => name),
      Object.keys(FIGURES),
    );
    for (const { name, svg } of figures) {
      const [dots, ...texts] = FIGURES[name];
      for (const text of texts) assert.ok(svg.includes(`>${text}<`), `${name} lacks ${text}`);
      assert.ok(svg.split('<circle').length > dots, `${name} has ${svg.split('<circle').length - 1} dots`);
      assertWellFormed(svg);
      assert.doesNotMatch(svg, /NaN|undefined|Infinity/);
    }
    const page = figuresPage('Results & more', figures);
    assert.equal(page.split('<svg').length - 1, figures.length);
    assert.ok(page.includes('<title>Results &amp; more</title>'));
    assert.doesNotMatch(page, /<(img|script|link)|src=|href=/);
  },
);

test('dots stand where their values are', async () => {
  const svg = await draw((plot) => ({
    x: { domain: [0, 10] },
    y: { domain: [0, 10] },
    marks: [
      plot.dot([
        [0, 0],
        [10, 10],
        [5, 5],
      ]),
    ],
  }));
  const at = Array.from(svg.matchAll(/<circle [^>]*>/g), ([circle]) =>
    ['cx', 'cy'].map((name) => Number(new RegExp(` ${name}="([\\d.]+)"`).exec(circle)?.[1])),
  );
  assert.equal(at.length, 3);
  const [[left, bottom], [right, top], [x, y]] = at;
  assert.ok(left < right && top < bottom);
  assert.deepEqual([x, y], [(left + right) / 2, (top + bottom) / 2]);
});

test('a long key is broken into rows that stay within the drawing', async () => {
  const key = Array.from({ length: 9 }, (_, i) => ({
    label: `entry <${i}> & so on`,
    color: 'red',
    dash: '4 3',
  }));
  const svg = await draw((plot) => ({ key, width: 400, marks: [plot.dot([[1, 2]])] }));
  assertWellFormed(svg);
  const places = Array.from(svg.matchAll(/<text x="([\d.]+)" y="(\d+)"[^>]*>entry/g), ([, x, y]) => [
    Number(x),
    Number(y),
  ]);
  assert.equal(places.length, 9);
  assert.ok(places.every(([x]) => x < 400));
  assert.ok(new Set(places.map(([, y]) => y)).size > 3);
  assert.ok(svg.includes(escapeMarkup('entry <8> & so on')));
});

/** Every element is closed by its own end, and the whole is one svg. */
function assertWellFormed(svg: string): void {
  const open: string[] = [];
  for (const [, end, name, empty] of svg.matchAll(/<(\/?)([\w:]+)(?:\s+[\w:-]+="[^"<]*")*\s*(\/?)>/g)) {
    if (empty) continue;
    if (end) assert.equal(open.pop(), name);
    else open.push(name);
  }
  assert.deepEqual(open, []);
  assert.match(svg, /^<svg [^>]*xmlns="http:\/\/www\.w3\.org\/2000\/svg"/);
  assert.match(svg, /<\/svg>\n$/);
}
