import { type Grid, type Kernel, kernel } from './kernel.ts';
import { eachElement, linearGrid } from './linear-grid.ts';

/**
 * Some of the groups that every row of a tensor is made of: `selected[r, g, :] = whole[r, chosen[g], :]`, words of any kind.
 *
 *     whole [rows, groups, size]     chosen [C] group numbers     selected [rows, C, size]
 */
export const SELECT_GROUPS: Kernel = kernel({
  name: 'select groups',
  parameters: [
    { name: 'words', type: 'u32' },
    { name: 'groups', type: 'u32' },
    { name: 'selected_groups', type: 'u32' },
    { name: 'size', type: 'u32' },
  ],
  bindings: [
    { name: 'whole', element: 'u32', access: 'read' },
    { name: 'chosen', element: 'u32', access: 'read' },
    { name: 'selected', element: 'u32', access: 'read_write' },
  ],
  body: eachElement(
    'params.words',
    `  let place = i / params.size;
  let row = place / params.selected_groups;
  let origin = row * params.groups + chosen[place % params.selected_groups];
  selected[i] = whole[origin * params.size + i % params.size];`,
  ),
});

/** @param words of all selected groups in all rows */
export function selectGroupsGrid(words: number): Grid {
  return linearGrid(words);
}
