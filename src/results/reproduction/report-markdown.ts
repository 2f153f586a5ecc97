import { MODEL_LABEL } from '../plots/appearance.ts';
import type { Report } from './report.ts';
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

/** A report as Markdown. */
export function reportMarkdown(report: Report): string {
  return [
    `# ${REPORT_TITLE}`,
    ...partialLines(report).map((line) => `**${line}**`),
    summaryLine(report),
    ...reportedModels(report).flatMap((model) => [
      `## ${MODEL_LABEL[model]}`,
      tableMarkdown(figuresTable(report, model)),
      ...restLines(report, model),
    ]),
    '## Failed',
    list(failureLines(report).map(escapeMarkdown)),
    '## Measured with',
    list(environmentLines(report)),
    '## Measured on',
    ...taskLines(report).flatMap(([model, lines]) => [
      `${model}:`,
      list(lines.map(([name, value]) => `${name} \`${value}\``)),
    ]),
  ]
    .map((block) => `${block}\n`)
    .join('\n');
}

function tableMarkdown({ columns, rows }: ReportTable): string {
  return [
    columns.map(({ heading }) => heading),
    columns.map(({ align }) => (align === 'right' ? '---:' : '---')),
    ...rows.map(({ cells }) => cells.map(escapeMarkdown)),
  ]
    .map((cells) => `| ${cells.join(' | ')} |`)
    .join('\n');
}

/** A cell ends at a bar, an item of a list at a line's end; underscores would begin emphasis. */
function escapeMarkdown(text: string): string {
  return text.replace(/[\\|_*<`]/g, '\\$&').replace(/\s*\n\s*/g, ' ');
}

function list(lines: readonly string[]): string {
  return lines.length === 0 ? 'nothing' : lines.map((line) => `- ${line}`).join('\n');
}
