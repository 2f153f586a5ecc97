import { byId, html, say } from '../dom.ts';
import type { Engine } from '../engine/client.ts';
import { duration } from '../format.ts';
import { describeModel, progressTeller } from './model-line.ts';

/** Of the kinds that the sample has learnt. */
const SENTENCES = [
  "The train leaves on Sunday at six o'clock.",
  'We are happy because my tired child comes to my church.',
  'You have looked for the big cat.',
];
/** After the last keystroke. */
const TYPING_PAUSE_MS = 350;

export interface ModelSection<Given> {
  /** Loads a model, of the visitor's or else the sample, and tries it. Failures are told in the section. */
  load(given?: Given): Promise<void>;
}

/** English in, German out, as it is decoded. */
export function translateSection(engine: Engine): ModelSection<File> {
  const source = byId<HTMLTextAreaElement>('source');
  const target = byId<HTMLOutputElement>('target');
  const beam = byId<HTMLSelectElement>('beam');
  const modelLine = byId('translate-model');
  const status = byId('translate-status');
  let running: AbortController | undefined;
  let isLoaded = false;
  /** Kernels are compiled for the first text of a model. */
  let isFirst = true;
  let pause: ReturnType<typeof setTimeout> | undefined;

  source.value = SENTENCES[1];
  source.addEventListener('input', () => {
    clearTimeout(pause);
    pause = setTimeout(translate, TYPING_PAUSE_MS);
  });
  beam.addEventListener('change', translate);
  byId('sentences').append(
    ...SENTENCES.map((sentence) => {
      const chip = html('button', { type: 'button', class: 'chip' }, sentence);
      chip.addEventListener('click', () => {
        source.value = sentence;
        void translate();
      });
      return chip;
    }),
  );

  return {
    async load(vocabulary) {
      try {
        const input = vocabulary && { vocabulary };
        const model = await engine.run('loadTransformer', input, { onTold: progressTeller(modelLine) });
        say(modelLine, describeModel(model));
        byId('translate-note').hidden = vocabulary !== undefined;
        isLoaded = true;
        isFirst = true;
        await translate();
      } catch (error) {
        say(modelLine, (error as Error).message, 'failed');
      }
    },
  };

  async function translate(): Promise<void> {
    running?.abort();
    if (!isLoaded) return;
    const controller = new AbortController();
    running = controller;
    const text = source.value;
    if (text.trim() === '') return show('', '', 'idle');
    show('', 'Encoding …', 'growing');
    try {
      const { lines, tokens, seconds } = await engine.run(
        'translate',
        { text, beam: Number(beam.value) },
        {
          signal: controller.signal,
          onTold: (partial) => {
            if (running === controller) show(partial.join('\n'), 'Decoding …', 'growing');
          },
        },
      );
      const speed = isFirst ? 'its kernels compiled on the way' : `${(tokens / seconds).toFixed(1)} a second`;
      isFirst = false;
      const took = `${tokens} tokens in ${duration(1000 * seconds)}, ${speed}`;
      if (running === controller) show(lines.join('\n'), took, 'done');
    } catch (error) {
      if (running !== controller) return;
      show('', '', 'idle');
      say(status, (error as Error).message, 'failed');
    }
  }

  function show(text: string, what: string, state: 'idle' | 'growing' | 'done'): void {
    target.textContent = text;
    target.dataset.state = state;
    // What grows is not read out word by word.
    target.setAttribute('aria-busy', String(state === 'growing'));
    if (status.textContent !== what) say(status, what);
  }
}
