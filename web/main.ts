import { drawPattern } from './charts/pattern.ts';
import { byId, say } from './dom.ts';
import { Engine, EngineError } from './engine/client.ts';
import { browserName } from './format.ts';
import { checkpointSection } from './sections/checkpoint.ts';
import { classifySection } from './sections/classify.ts';
import { measureSection } from './sections/measure.ts';
import { translateSection } from './sections/translate.ts';

const engine = new Engine();
byId('pattern').append(drawPattern());
const translate = translateSection(engine);
const classify = classifySection(engine);
const checkpoint = checkpointSection(engine, { translate, classify });
const measure = measureSection(engine);
void start();

/** A checkpoint can be looked into without a device; all else waits for one. */
async function start(): Promise<void> {
  const device = byId('device');
  try {
    if (!('gpu' in navigator)) throw new EngineError({ name: 'AdapterError', message: NO_WEBGPU });
    const adapter = await engine.run('openDevice', undefined);
    const name = adapter.description || [adapter.vendor, adapter.architecture].filter(Boolean).join(' ');
    const kind = adapter.software ? ', computed on the CPU' : '';
    say(device, `${name || 'A GPU without a name'}${kind} · ${browserName(adapter.runtime)}`, 'ready');
    measure.enable();
    await translate.load();
    await classify.load();
  } catch (error) {
    const { name, message } = error as Error;
    say(device, name === 'AdapterError' ? NO_WEBGPU : message, 'failed');
  }
  await checkpoint.show('transformer');
}

const NO_WEBGPU =
  'This page needs WebGPU: open it in Chrome or Edge 113, Safari 26 or Firefox 141 or newer, over https or from localhost, ' +
  'with a graphics driver that works.';
