import { escapeMarkup } from '../escape-markup.ts';
import { htmlPage } from '../html-page.ts';
import { MODEL_LABEL } from '../plots/appearance.ts';
import type { Figure } from '../plots/figure.ts';
import type { Report } from './report.ts';
import { reportFigure } from './report-figure.ts';
import {
  environmentLines,
  failureLines,
  figuresTable,
  partialLines,
  REPORT_TITLE,
  type ReportTable,
  reportedModels,
  restLines,
  summaryLine,
  taskLines,
} from './report-tables.ts';

/** A report as one HTML page, which needs no other file. */
export async function reportPage(report: Report): Promise<string> {
  const models = await Promise.all(
    reportedModels(report).map(
      async (model) => `<section id="${model}">
<h2>${MODEL_LABEL[model]}</h2>
${tableMarkup(figuresTable(report, model))}${restLines(report, model)
  .map((line) => `<p>${line}</p>\n`)
  .join('')}${figureMarkup(await reportFigure(report, model))}</section>
`,
    ),
  );
  return htmlPage(
    REPORT_TITLE,
    STYLE,
    `${partialLines(report)
      .map((line) => `<p><strong>${escapeMarkup(line)}</strong></p>\n`)
      .join('')}<p>${escapeMarkup(summaryLine(report))}</p>
${models.join('')}<section id="failures">
<h2>Failed</h2>
${listMarkup(failureLines(report).map(escapeMarkup))}</section>
<section id="environment">
<h2>Measured with</h2>
${listMarkup(environmentLines(report).map(escapeMarkup))}<h2>Measured on</h2>
${taskLines(report)
  .map(([model, lines]) => {
    const values = lines.map(([name, value]) => `${escapeMarkup(name)} <code>${escapeMarkup(value)}</code>`);
    return `<h3>${model}</h3>\n${listMarkup(values)}`;
  })
  .join('')}</section>
`,
  );
}

const STYLE = `body { font: 15px/1.5 system-ui, sans-serif; max-width: 1400px; margin: 2rem auto; padding: 0 1rem; color: #222; background: white; }
table { border-collapse: collapse; font-size: 13px; display: block; overflow-x: auto; }
th, td { padding: 0.25rem 0.5rem; border-bottom: 1px solid #ddd; text-align: left; vertical-align: top; }
th { vertical-align: bottom; }
td { white-space: nowrap; }
td:first-child { white-space: normal; overflow-wrap: anywhere; min-width: 14rem; }
td:nth-child(3) { white-space: normal; }
.right { text-align: right; font-variant-numeric: tabular-nums; }
.differs td { background: #fdecea; }
.failed td { background: #fff4e0; }
.none td { color: #777; }
figure { margin: 1.5rem 0 3rem; max-width: 800px; }
figure svg { width: 100%; height: auto; }
code { overflow-wrap: anywhere; }
`;

function tableMarkup({ columns, rows }: ReportTable): string {
  const cells = (tag: 'th' | 'td', texts: readonly string[]) =>
    texts.map((text, i) => `<${tag} class="${columns[i].align}">${escapeMarkup(text)}</${tag}>`).join('');
  const heading = cells(
    'th',
    columns.map(({ heading }) => heading),
  );
  const body = rows.map((row) => `<tr class="${row.verdict}">${cells('td', row.cells)}</tr>\n`);
  return `<table>\n<thead><tr>${heading}</tr></thead>\n<tbody>\n${body.join('')}</tbody>\n</table>\n`;
}

function figureMarkup({ name, caption, svg }: Figure): string {
  return `<figure id="${escapeMarkup(name)}">
${svg}<figcaption>${escapeMarkup(caption)}</figcaption>
</figure>
`;
}

/** @param items as markup */
function listMarkup(items: readonly string[]): string {
  return items.length === 0
    ? '<p>nothing</p>\n'
    : `<ul>\n${items.map((item) => `<li>${item}</li>\n`).join('')}</ul>\n`;
}
