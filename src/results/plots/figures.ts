import type { PublishedModel } from '../../layers/published-name.ts';
import type { ResultRow } from '../load-results.ts';
import { bestFigure, scatterFigure } from './comparison.ts';
import type { Figure } from './figure.ts';
import { fixedMaskFigure, timeFigure } from './fixed-masks.ts';
import { phaseTransitionFigure, transformerL0Figure } from './l0.ts';

const MODELS: readonly PublishedModel[] = ['transformer', 'rn50'];

/**
 * Draws the figures of the paper from all of its results. Each function behind it draws one and can be used by itself.
 * @param rows of all twenty files.
 */
export async function paperFigures(rows: readonly ResultRow[]): Promise<Figure[]> {
  const figures = [
    ...MODELS.map((model) => bestFigure(rows, model)),
    ...MODELS.map((model) => scatterFigure(rows, model)),
    phaseTransitionFigure(rows),
    transformerL0Figure(rows),
    ...MODELS.map((model) => fixedMaskFigure(rows, model)),
    timeFigure(rows),
  ];
  return Promise.all(figures);
}
