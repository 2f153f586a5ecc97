import { type Grid, type Kernel, kernel } from './kernel.ts';
import { eachElement, linearGrid } from './linear-grid.ts';

/**
 * Some of the groups that every row of a tensor is made of: `selected[r, g, :] = whole[r, chosen[g], :]`, words of any kind.
 * Parameters that are 0 stand in the selection, so that what is dispatched once serves tensors as full as they happen to be.
 *
 *     whole [rows, groups, size]     selection: rows, size, then C group numbers     selected [rows, C, size]
 */
export const SELECT_GROUPS: Kernel = kernel({
  name: 'select groups',
  parameters: [
    { name: 'words', type: 'u32' },
    { name: 'rows', type: 'u32' },
    { name: 'groups', type: 'u32' },
    { name: 'selected_groups', type: 'u32' },
    { name: 'size', type: 'u32' },
  ],
  bindings: [
    { name: 'whole', element: 'u32', access: 'read' },
    { name: 'selection', element: 'u32', access: 'read' },
    { name: 'selected', element: 'u32', access: 'read_write' },
  ],
  body: eachElement(
    'params.words',
    `  let rows = select(params.rows, selection[0], params.rows == 0u);
  let size = select(params.size, selection[1], params.size == 0u);
  let place = i / size;
  let row = place / params.selected_groups;
  if (row >= rows) { return; }
  let origin = row * params.groups + selection[2u + place % params.selected_groups];
  selected[i] = whole[origin * size + i % size];`,
  ),
});

/** @param words of all selected groups in all rows, at most */
export function selectGroupsGrid(words: number): Grid {
  return linearGrid(words);
}
