import type { EvaluationProgress } from '../../models/resnet50/evaluate-to-file.ts';
import { type EvaluationPart, evaluationResult } from '../../models/resnet50/evaluation-part.ts';
import { formatList } from '../terminal/table.ts';
import { packageVersion } from './package-version.ts';

export function describeRate({ totals, rate }: EvaluationProgress): string {
  return `${rate.toFixed(2)} pictures/s, top-1 ${percent(totals.pictures === 0 ? null : totals.top1 / totals.pictures)}`;
}

/** What an evaluation says, in a few lines. @param file where it is kept */
export function describeEvaluation(part: EvaluationPart, file: string): string {
  const { pictures, skipped, top1, top5, loss, missingShards } = evaluationResult(part);
  const { technique, threshold } = part.identity;
  const lines: [string, string][] = [
    ['top-1', percent(top1)],
    ['top-5', percent(top5)],
    ['loss', loss === null ? '-' : loss.toFixed(6)],
    ['pictures', skipped === 0 ? `${pictures}` : `${pictures}, and ${skipped} that could not be used`],
    ...lostFiles(part),
    ['technique', threshold === null ? technique : `${technique}, log-alpha threshold ${threshold}`],
    ['time', `${(part.milliseconds / 1000).toFixed(1)} s`],
    ['adapter', part.adapters.join('; ')],
    ['kept in', file],
  ];
  if (missingShards.length > 0) {
    const ranges = missingShards.map(({ first, last }) => (first === last ? `${first}` : `${first}–${last}`));
    lines.push(['missing', `shards ${shortened(ranges)} of ${part.shards.count}`]);
  }
  return formatList(lines);
}

/** An evaluation with what it says, for machines. */
export async function evaluationReport(part: EvaluationPart) {
  const versions = { tsos: await packageVersion() };
  return { ...part, versions, result: evaluationResult(part) };
}

/** Pictures that are lost with the rest of a file are counted by nobody, so it is said how much that is. */
function lostFiles({ bad }: EvaluationPart): [string, string][] {
  const lost = bad.flatMap(({ lostBytes }) => (lostBytes === undefined ? [] : [lostBytes]));
  if (lost.length === 0) return [];
  const bytes = lost.reduce<number>((sum, each) => sum + (each ?? 0), 0);
  const rests = lost.length === 1 ? 'the rest of 1 file' : `the rests of ${lost.length} files`;
  const packed = lost.includes(null) ? ', and more of what is packed' : '';
  return [['lost', `${rests}, ${bytes} bytes${packed}, with the pictures in them`]];
}

/** Of a list that would fill the screen the beginning. */
function shortened(items: readonly string[]): string {
  const rest = items.length - SHOWN_RANGES;
  return rest <= 0 ? items.join(', ') : `${items.slice(0, SHOWN_RANGES).join(', ')} and ${rest} more ranges`;
}

const SHOWN_RANGES = 20;

function percent(fraction: number | null): string {
  return fraction === null ? '-' : `${(100 * fraction).toFixed(3)} %`;
}
