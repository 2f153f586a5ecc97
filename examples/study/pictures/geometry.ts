/** A point; x to the right, y down. */
export type Point = readonly [x: number, y: number];

/** Points of an arc of an ellipse. @param from angle in degrees, from the right, clockwise; likewise `to` */
export function arc(
  [x, y]: Point,
  [radiusX, radiusY]: Point,
  [from, to]: readonly [number, number],
  pieces = 16,
): Point[] {
  return Array.from({ length: pieces + 1 }, (_, i) => {
    const angle = ((from + ((to - from) * i) / pieces) * Math.PI) / 180;
    return [x + radiusX * Math.cos(angle), y + radiusY * Math.sin(angle)] as const;
  });
}

/** Corners of a regular polygon that stands on a side, or, of few corners, has one on top. */
export function polygon(corners: number, radius: number): Point[] {
  return arc([0, 0], [radius, radius], [-90, 270 - 360 / corners], corners - 1);
}

/** Marks the samples of a square grid, whose points lie at n + 1/2, that are within a distance of a line between two points. */
export function markLine(
  marks: Uint8Array,
  side: number,
  { from, to, reach }: { readonly from: Point; readonly to: Point; readonly reach: number },
  mark: number,
): void {
  const [ax, ay] = from;
  const [dx, dy] = [to[0] - ax, to[1] - ay];
  const length = dx * dx + dy * dy;
  const [left, right] = samplesBetween(Math.min(ax, to[0]) - reach, Math.max(ax, to[0]) + reach, side);
  const [top, bottom] = samplesBetween(Math.min(ay, to[1]) - reach, Math.max(ay, to[1]) + reach, side);
  for (let row = top; row < bottom; row++) {
    for (let column = left; column < right; column++) {
      const [x, y] = [column + 0.5 - ax, row + 0.5 - ay];
      const along = length === 0 ? 0 : Math.min(1, Math.max(0, (x * dx + y * dy) / length));
      const [ex, ey] = [x - along * dx, y - along * dy];
      if (ex * ex + ey * ey < reach * reach) marks[row * side + column] = mark;
    }
  }
}

/** Marks the samples of such a grid that are inside a closed line, row by row between the places where it is crossed. */
export function markArea(marks: Uint8Array, side: number, corners: readonly Point[], mark: number): void {
  for (let row = 0; row < side; row++) {
    const crossings = crossingsAt(corners, row + 0.5);
    for (let i = 0; i + 1 < crossings.length; i += 2) {
      const [left, right] = samplesBetween(crossings[i], crossings[i + 1], side);
      marks.fill(mark, row * side + left, row * side + right);
    }
  }
}

/** Where a closed line crosses a height, from left to right. */
function crossingsAt(corners: readonly Point[], y: number): number[] {
  const found: number[] = [];
  corners.forEach(([ax, ay], i) => {
    const [bx, by] = corners[(i + 1) % corners.length];
    if (ay > y !== by > y) found.push(ax + ((y - ay) * (bx - ax)) / (by - ay));
  });
  return found.sort((a, b) => a - b);
}

/** The first sample from `low` on, and the first from `high` on. */
function samplesBetween(low: number, high: number, side: number): [number, number] {
  const at = (value: number) => Math.min(side, Math.max(0, Math.ceil(value - 0.5)));
  return [at(low), at(high)];
}
