import type { LayerSparsity, ModelKind } from '../../src/browser.ts';
import { byId, html, say } from '../dom.ts';
import type { Engine } from '../engine/client.ts';
import type { CheckpointReport, GivenFile } from '../engine/protocol.ts';
import { chosenFiles, onDrop } from '../files.ts';
import { count, percent } from '../format.ts';
import { shortNames } from './short-names.ts';
import type { ModelSection } from './translate.ts';

const MODEL_NAMES: Readonly<Record<ModelKind, string>> = { transformer: 'Transformer', rn50: 'ResNet' };

const ORDERS: Readonly<Record<string, (a: LayerSparsity, b: LayerSparsity) => number>> = {
  name: () => 0,
  sparsity: (a, b) => b.sparsity - a.sparsity,
  total: (a, b) => b.total - a.total,
};

/** A checkpoint in, its layers and their sparsity out; the sections that run it can be given it. */
export function checkpointSection(
  engine: Engine,
  sections: { readonly translate: ModelSection<File>; readonly classify: ModelSection<'inspected'> },
) {
  const status = byId('checkpoint-status');
  const order = byId<HTMLSelectElement>('layer-order');
  const vocabulary = byId<HTMLInputElement>('vocabulary-file');
  let layers: readonly LayerSparsity[] = [];
  let latest = 0;

  for (const [button, input] of [
    ['checkpoint-choose', 'checkpoint-files'],
    ['checkpoint-folder', 'checkpoint-directory'],
  ]) {
    const files = byId<HTMLInputElement>(input);
    byId(button).addEventListener('click', () => files.click());
    files.addEventListener('change', () => void show(chosenFiles(files)));
  }
  onDrop(byId('checkpoint-drop'), (files) => void show(files));
  order.addEventListener('change', showLayers);
  vocabulary.addEventListener('change', () => {
    const [chosen] = chosenFiles(vocabulary);
    if (chosen) void use('translate', () => sections.translate.load(chosen.file));
  });

  return { show };

  /** Looks into files, or into a sample. */
  async function show(given: readonly GivenFile[] | ModelKind): Promise<void> {
    if (given.length === 0) return;
    const own = ++latest;
    say(status, 'Reading …');
    try {
      const report = await engine.run('inspect', given);
      if (own !== latest) return;
      layers = report.layers;
      byId('checkpoint-facts').replaceChildren(...facts(report));
      byId('checkpoint-use').replaceChildren(...(typeof given === 'string' ? [] : uses(report)));
      byId('checkpoint-report').hidden = false;
      say(status, typeof given === 'string' ? `the sample, ${report.name}` : report.name);
      showLayers();
    } catch (error) {
      if (own !== latest) return;
      byId('checkpoint-report').hidden = true;
      say(status, (error as Error).message, 'failed');
    }
  }

  function showLayers(): void {
    const short = shortNames(layers.map(({ name }) => name));
    const named = layers.map((layer, index) => ({ ...layer, short: short[index] }));
    const rows = named.sort(ORDERS[order.value]).map(layerRow);
    byId<HTMLTableElement>('layers').tBodies[0].replaceChildren(...rows);
  }

  /** What the checkpoint can be used for on this page. */
  function uses({ kind }: CheckpointReport): Node[] {
    if (kind === undefined)
      return [html('p', { class: 'status' }, 'Neither of the two models: it cannot be run here.')];
    const button = html(
      'button',
      { type: 'button', class: 'button' },
      kind === 'rn50' ? 'Classify with it' : 'Translate with it: choose its vocabulary',
    );
    button.addEventListener('click', () => {
      if (kind === 'rn50') void use('classify', () => sections.classify.load('inspected'));
      else vocabulary.click();
    });
    return [button];
  }

  async function use(section: string, load: () => Promise<void>): Promise<void> {
    byId(section).scrollIntoView({ block: 'start' });
    await load();
  }
}

function facts({
  kind,
  technique,
  sparsity: zeros,
  nonzero,
  total,
  layers,
  variables,
}: CheckpointReport): Node[] {
  const entries: [string, string][] = [
    ['Model', kind === undefined ? 'another' : MODEL_NAMES[kind]],
    ['Technique', technique.replaceAll('_', ' ')],
    ['Global sparsity', percent(zeros, 2)],
    ['Weights kept', `${count(nonzero)} of ${count(total)}`],
    ['Layers, variables', `${count(layers.length)}, ${count(variables)}`],
  ];
  return entries.map(([name, value]) => html('div', {}, html('dt', {}, name), html('dd', {}, value)));
}

function layerRow({
  name,
  short,
  sparsity,
  nonzero,
  total,
}: LayerSparsity & { readonly short: string }): HTMLTableRowElement {
  const bar = html(
    'span',
    { class: 'bar', 'aria-hidden': 'true' },
    html('span', { style: `width: ${100 * sparsity}%` }),
  );
  return html(
    'tr',
    {},
    // The end of a name tells layers apart: it is cut at its beginning.
    html('th', { scope: 'row', title: name }, html('bdi', {}, short)),
    html('td', {}, html('div', { class: 'sparsity' }, bar, percent(sparsity, 2))),
    html('td', { class: 'number' }, count(nonzero)),
    html('td', { class: 'number' }, count(total)),
  );
}
