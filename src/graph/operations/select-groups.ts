import { SELECT_GROUPS, selectGroupsGrid } from '../../wgsl/select-groups.ts';
import type { Gpu } from '../device/gpu.ts';
import { type DeviceTensor, write } from '../device/scope.ts';
import type { Graph } from '../plan/graph.ts';

/** How a tensor is made of groups: `[rows, groups, size]`, of whatever shape it says it is. */
export interface Grouping {
  /** Rows to select from; there may be more. */
  readonly rows: number;
  readonly groups: number;
  /** Words of a group. */
  readonly size: number;
  /** Which of the two is only the most there is room for: the selection tells how many there are. */
  readonly varies?: 'rows' | 'size';
}

/** Words of a tensor that holds a selection of so many groups. */
export function selectionWords(groups: number): number {
  return 2 + groups;
}

/** Says which groups are selected, and as how many rows and words of a group count what varies. */
export function writeSelection(
  gpu: Gpu,
  selection: DeviceTensor,
  { rows, size, chosen }: { rows: number; size: number; chosen: readonly number[] },
): void {
  write(gpu, selection, Uint32Array.of(rows, size, ...chosen));
}

/** Puts the groups that a selection of C names into `selected [rows, C, size]`, in that order. */
export function selectGroups(
  graph: Graph,
  { rows, groups, size, varies }: Grouping,
  selection: DeviceTensor,
  whole: DeviceTensor,
  selected: DeviceTensor,
): void {
  const selectedGroups = selection.shape[0] - selectionWords(0);
  const words = rows * selectedGroups * size;
  graph.dispatch(
    SELECT_GROUPS,
    selectGroupsGrid(words),
    {
      words,
      rows: varies === 'rows' ? 0 : rows,
      groups,
      selected_groups: selectedGroups,
      size: varies === 'size' ? 0 : size,
    },
    { whole, selection, selected },
  );
}
