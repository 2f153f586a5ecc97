import { SELECT_GROUPS, selectGroupsGrid } from '../../wgsl/select-groups.ts';
import type { DeviceTensor } from '../device/scope.ts';
import type { Graph } from '../plan/graph.ts';

/** How a tensor is made of groups: `[rows, groups, size]`, of whatever shape it says it is. */
export interface Grouping {
  /** Rows to select from; there may be more. */
  readonly rows: number;
  readonly groups: number;
  /** Words of a group. */
  readonly size: number;
}

/** Puts the groups whose numbers `chosen [C]` has into `selected [rows, C, size]`, in that order. */
export function selectGroups(
  graph: Graph,
  { rows, groups, size }: Grouping,
  chosen: DeviceTensor,
  whole: DeviceTensor,
  selected: DeviceTensor,
): void {
  const [selectedGroups] = chosen.shape;
  const words = rows * selectedGroups * size;
  graph.dispatch(
    SELECT_GROUPS,
    selectGroupsGrid(words),
    { words, groups, selected_groups: selectedGroups, size },
    { whole, chosen, selected },
  );
}
