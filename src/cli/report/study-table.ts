import { TECHNIQUES } from '../../base/technique.ts';
import { TECHNIQUE_STYLE } from '../../results/plots/appearance.ts';
import type { SummaryRow } from '../../study/summary-table.ts';
import { formatLines } from '../terminal/table.ts';

/** Of the thresholds of variational dropout, the one that models are evaluated with where nobody names another. */
const USUAL_THRESHOLD = 3;

/**
 * A line for each technique of a study: how good its models are, in percent, at which sparsity.
 * @param measure what of the evaluation counts, a share
 */
export function studyTable(rows: readonly SummaryRow[], measure: 'exactMatch' | 'top1'): string {
  const lines = TECHNIQUES.flatMap((technique) => {
    const own = rows
      .filter((row) => row.technique === technique)
      .filter(({ logAlphaThreshold: threshold }) => threshold === null || threshold === USUAL_THRESHOLD)
      .sort((a, b) => a.sparsity - b.sparsity);
    if (own.length === 0) return [];
    const cells = own.map(({ sparsity, evaluation }) => {
      const quality = percent(evaluation[measure]);
      return technique === 'dense' ? quality : `${quality} at ${percent(sparsity)} %`;
    });
    return [[TECHNIQUE_STYLE[technique].label, ...cells]];
  });
  return formatLines(lines);
}

function percent(share: number): string {
  return (100 * share).toFixed(1);
}
