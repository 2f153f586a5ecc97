/**
 * Where hypotheses come from, a word for each position `t` and slot `c` of a sentence:
 *
 *     lower half   the parent: the slot that the hypothesis in slot `c` after step t grew from
 *     upper half   the ancestor: the slot in which the hypothesis that is in slot `c` now left its keys and values at position t
 *
 * Beams change places at every step. Caches are never moved; the ancestors follow instead:
 *
 *     ancestor[t, c] ← ancestor[t, parent[step, c]]     for t < step
 *     ancestor[step, c] ← parent[step, c]
 */
export const MOST_SLOTS = 0xffff;

/** WGSL of the ancestor in a word. */
export function ancestorIn(word: string): string {
  return `(${word} >> 16u)`;
}

/** The parent in a word. */
export function parentIn(word: number): number {
  return word & MOST_SLOTS;
}

/**
 * WGSL: what follows in `lineage` when a sentence has taken step `step`. Behind a barrier that makes the parents visible.
 * @param parents workgroup array of the parents of its slots
 * @param index expression of the lane, of `lanes`
 */
export function followBeams(parents: string, beam: number, index: string, lanes: number): string {
  return /* wgsl */ `
  for (var t = ${index}; t < step; t += ${lanes}u) {
    var ancestors: array<u32, ${beam}>;
    let row = t * hypotheses + base;
    for (var slot = 0u; slot < ${beam}u; slot++) { ancestors[slot] = lineage[row + ${parents}[slot]] & 0xffff0000u; }
    for (var slot = 0u; slot < ${beam}u; slot++) { lineage[row + slot] = (lineage[row + slot] & 0xffffu) | ancestors[slot]; }
  }
  for (var slot = ${index}; slot < ${beam}u; slot += ${lanes}u) {
    lineage[step * hypotheses + base + slot] = ${parents}[slot] * 0x10001u;
  }`;
}
