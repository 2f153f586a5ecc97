import type { FormatResult } from '../../bench/comparison/compare-formats.ts';
import type { Scale } from '../../bench/comparison/scale.ts';
import { drawRatios } from '../charts/ratios.ts';
import { byId, html, say } from '../dom.ts';
import type { Engine } from '../engine/client.ts';
import type { Measurement } from '../engine/protocol.ts';
import { browserName, duration, percent } from '../format.ts';

/** Sparse against dense on the visitor's device, as a table, a plot and JSON. */
export function measureSection(engine: Engine) {
  const status = byId('measure-status');
  const progress = byId<HTMLProgressElement>('measure-progress');
  const stop = byId<HTMLButtonElement>('measure-stop');
  const starts = {
    quick: byId<HTMLButtonElement>('measure-quick'),
    smoke: byId<HTMLButtonElement>('measure-smoke'),
  };
  const rows = byId<HTMLTableElement>('measure-table').tBodies[0];
  const plot = byId('measure-plot');
  let json = '';
  let shown: Measurement | undefined;

  for (const [scale, button] of Object.entries(starts)) {
    button.disabled = true;
    button.addEventListener('click', () => void measure(scale as Scale));
  }
  byId('measure-copy').addEventListener('click', async () => {
    const isCopied = await navigator.clipboard.writeText(json).then(
      () => true,
      () => false,
    );
    say(
      byId('measure-copied'),
      isCopied ? 'Copied' : 'This browser does not let pages copy: save it as a file',
    );
  });

  new ResizeObserver(draw).observe(plot);

  return {
    /** Once there is a device. */
    enable: () => setRunning(false),
  };

  async function measure(scale: Scale): Promise<void> {
    const controller = new AbortController();
    stop.onclick = () => controller.abort();
    setRunning(true);
    rows.replaceChildren();
    byId('measurement').hidden = true;
    try {
      const measurement = await engine.run('measure', scale, {
        signal: controller.signal,
        onTold: ({ done, total, layer }) => {
          progress.value = done / total;
          say(status, `${done} of ${total}: ${layer}`);
        },
      });
      show(measurement);
      say(status, `${measurement.products.length + measurement.convolutions.length} comparisons`);
    } catch (error) {
      const { name, message } = error as Error;
      if (name === 'AbortError') say(status, 'Stopped');
      else say(status, message, 'failed');
    } finally {
      setRunning(false);
    }
  }

  function setRunning(isRunning: boolean): void {
    for (const button of Object.values(starts)) button.disabled = isRunning;
    stop.hidden = !isRunning;
    progress.hidden = !isRunning;
    progress.value = 0;
  }

  function draw(): void {
    if (shown) plot.replaceChildren(drawRatios(shown, plot.clientWidth));
  }

  function show(measurement: Measurement): void {
    byId('measurement').hidden = false;
    json = JSON.stringify(measurement, undefined, 2);
    const save = byId<HTMLAnchorElement>('measure-save');
    URL.revokeObjectURL(save.href);
    save.href = URL.createObjectURL(new Blob([json], { type: 'application/json' }));
    say(byId('measure-copied'), '');
    shown = measurement;
    draw();
    byId('measure-caption').textContent = caption(measurement);
    rows.replaceChildren(...[...measurement.products, ...measurement.convolutions].map(resultRow));
  }
}

function caption({ adapter, runtime, peakGflops }: Measurement): string {
  return (
    `How many times as fast as dense. ${adapter.replace(runtime, browserName(runtime))}, ` +
    `peak ${peakGflops.toFixed(1)} GFLOP/s. Thin lines are layers, thick ones geometric means.`
  );
}

function resultRow({ name, n, sparsity, ms, denseMs, ratio, gflops }: FormatResult): HTMLTableRowElement {
  const numbers = [
    String(n),
    percent(sparsity, 0),
    duration(ms),
    duration(denseMs),
    ratio.toFixed(2),
    gflops.toFixed(2),
  ];
  return html(
    'tr',
    {},
    html('th', { scope: 'row', title: name }, html('bdi', {}, name)),
    ...numbers.map((number) => html('td', { class: 'number' }, number)),
  );
}
