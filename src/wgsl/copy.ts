import { type Grid, type Kernel, kernel } from './kernel.ts';
import { eachElement, linearGrid } from './linear-grid.ts';

/**
 * Copies words, whatever they stand for: whole tensors, or rows of a row-major matrix.
 *
 *     duplicate[duplicate_start + i] = original[original_start + i]      i < words
 */
export const COPY: Kernel = kernel({
  name: 'copy',
  parameters: [
    { name: 'words', type: 'u32' },
    { name: 'original_start', type: 'u32' },
    { name: 'duplicate_start', type: 'u32' },
  ],
  bindings: [
    { name: 'original', element: 'u32', access: 'read' },
    { name: 'duplicate', element: 'u32', access: 'read_write' },
  ],
  body: eachElement(
    'params.words',
    '  duplicate[params.duplicate_start + i] = original[params.original_start + i];',
  ),
});

export function copyGrid(words: number): Grid {
  return linearGrid(words);
}
