import { svg } from '../dom.ts';

const SIDE = 26;
const KEPT = 0.1;

/** A matrix with nine of ten weights pruned, for the eye alone. */
export function drawPattern(): SVGSVGElement {
  const squares: SVGRectElement[] = [];
  // A fixed sequence: the same picture at every visit.
  let state = 7;
  for (let row = 0; row < SIDE; row++) {
    for (let column = 0; column < SIDE; column++) {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      const draw = state / 2 ** 32;
      const isKept = draw < KEPT;
      squares.push(
        svg('rect', {
          x: column * 10 + (isKept ? 1 : 3.9),
          y: row * 10 + (isKept ? 1 : 3.9),
          width: isKept ? 8 : 2.2,
          height: isKept ? 8 : 2.2,
          rx: isKept ? 2 : 1.1,
          opacity: isKept ? (0.35 + 6.5 * draw).toFixed(2) : 0.22,
        }),
      );
    }
  }
  return svg('svg', { viewBox: `0 0 ${SIDE * 10} ${SIDE * 10}` }, ...squares);
}
