import { escapeMarkup } from '../escape-markup.ts';
import { htmlPage } from '../html-page.ts';
import type { Figure } from './figure.ts';

/** One HTML page with figures drawn into it; it needs no other file. */
export function figuresPage(title: string, figures: readonly Figure[]): string {
  return htmlPage(title, STYLE, figures.map(figureMarkup).join(''));
}

const STYLE = `body { font: 16px/1.5 system-ui, sans-serif; max-width: 800px; margin: 2rem auto; padding: 0 1rem; color: #222; background: white; }
figure { margin: 0 0 3rem; }
figure svg { width: 100%; height: auto; }
`;

function figureMarkup({ name, title, caption, svg }: Figure): string {
  return `<figure id="${escapeMarkup(name)}">
<h2>${escapeMarkup(title)}</h2>
${svg}<figcaption>${escapeMarkup(caption)}</figcaption>
</figure>
`;
}
