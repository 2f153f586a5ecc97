import { byId, html, say } from '../dom.ts';
import type { Engine } from '../engine/client.ts';
import { chosenFiles, onDrop } from '../files.ts';
import { duration, percent } from '../format.ts';
import { describeModel, progressTeller } from './model-line.ts';
import type { ModelSection } from './translate.ts';

/** Beside the page, from demo/. */
const SAMPLE_PICTURE = 'pictures/7.jpg';
const SAMPLE_CLASSES = 'classes.txt';

/** A JPEG in, the most probable classes out. */
export function classifySection(engine: Engine): ModelSection<'inspected'> {
  const modelLine = byId('classify-model');
  const status = byId('classify-status');
  const image = byId<HTMLImageElement>('picture');
  const input = byId<HTMLInputElement>('picture-file');
  let picture: Blob | undefined;
  let isLoaded = false;
  /** Of the classes of the sample; nobody has those of a visitor's. */
  let names: readonly string[] = [];
  /** Kernels are compiled for the first picture of a model. */
  let isFirst = true;
  let latest = 0;

  byId('picture-choose').addEventListener('click', () => input.click());
  input.addEventListener('change', () => {
    const [chosen] = chosenFiles(input);
    if (chosen) void take(chosen.file, chosen.path);
  });
  onDrop(byId('picture-drop'), ([dropped]) => dropped && void take(dropped.file, dropped.path));

  return {
    async load(given) {
      try {
        const onTold = progressTeller(modelLine);
        const model = await engine.run('loadResNet', given ?? 'sample', { onTold });
        say(modelLine, describeModel(model));
        isLoaded = true;
        isFirst = true;
        names = given === undefined ? (await (await sample(SAMPLE_CLASSES)).text()).split('\n') : [];
        if (picture === undefined)
          await take(await (await sample(SAMPLE_PICTURE)).blob(), 'the sample picture');
        else await classify();
      } catch (error) {
        say(modelLine, (error as Error).message, 'failed');
      }
    },
  };

  async function take(given: Blob, name: string): Promise<void> {
    picture = given;
    URL.revokeObjectURL(image.src);
    image.src = URL.createObjectURL(given);
    image.alt = name;
    image.hidden = false;
    await classify();
  }

  async function classify(): Promise<void> {
    if (!isLoaded || picture === undefined) return;
    const own = ++latest;
    say(status, 'Computing …');
    try {
      const { classes, seconds } = await engine.run('classify', picture);
      if (own !== latest) return;
      byId('classes').replaceChildren(
        ...classes.map(({ class: index, probability }) => row(names[index] ?? `class ${index}`, probability)),
      );
      say(status, `in ${duration(1000 * seconds)}${isFirst ? ', its kernels compiled on the way' : ''}`);
      isFirst = false;
    } catch (error) {
      if (own !== latest) return;
      byId('classes').replaceChildren();
      image.hidden = true;
      say(status, (error as Error).message, 'failed');
    }
  }
}

/** A file beside the page. */
async function sample(file: string): Promise<Response> {
  const response = await fetch(file);
  if (!response.ok) throw new Error(`${file} gives ${response.status}: the page is not whole on its server.`);
  return response;
}

function row(name: string, probability: number): HTMLLIElement {
  const share = html('span', { style: `width: ${100 * probability}%` });
  return html(
    'li',
    {},
    html('span', {}, name),
    html('span', { class: 'share' }, percent(probability, 2)),
    html('div', { class: 'bar', 'aria-hidden': 'true' }, share),
  );
}
