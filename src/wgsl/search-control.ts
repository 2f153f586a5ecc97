/** Words of the control buffer that decoding kernels share. */
export const Control = {
  /** Steps done. */
  step: 0,
  /** 1 once every sentence is decided or the length limit is reached; later steps no longer change results. */
  done: 1,
  /** Most steps to do. */
  limit: 2,
  /** Of the step that runs: how many sentences have done it, and in the upper half how many of them are undecided. */
  arrived: 3,
  /** Of the step that runs, where beams are judged together: the highest score within reach, in an order of unsigned numbers. */
  highestBound: 4,
  /** Likewise the lowest score of a beam's worst finished hypothesis, all bits turned, so that both words begin with 0. */
  lowestFinished: 5,
  /** Words before those of the sentences. */
  words: 8,
} as const;

/**
 * Words of the control buffer of so many sentences: in a beam search that stops early, word `Control.words + b` is 1 once
 * nothing can beat the best finished hypothesis of sentence `b`.
 */
export function controlWords(sentences: number): number {
  return Control.words + sentences;
}

/**
 * WGSL function `arrive(step, count)`, for one lane of each sentence's workgroup: the sentence has done the step. The last of
 * all counts the step, and says whether there are more.
 *
 * `count` is 1, and 65,536 more for a sentence that is undecided: one word tells all, since WGSL promises no order among several.
 * @param undecided expression of whether there is anything left to decide, from `arrived`, that word of all sentences
 * @param reset what else is to be set to 0 for the next step
 */
export function arriveFunction(undecided = '(arrived >> 16u) != 0u', reset = ''): string {
  return /* wgsl */ `
fn arrive(step: u32, count: u32) {
  let arrived = atomicAdd(&control[${Control.arrived}], count) + count;
  if ((arrived & 0xffffu) != params.sentences) { return; }
  let is_over = (step + 1u >= atomicLoad(&control[${Control.limit}])) | !(${undecided});
  atomicStore(&control[${Control.arrived}], 0u);${reset}
  atomicStore(&control[${Control.step}], step + 1u);
  atomicStore(&control[${Control.done}], select(0u, 1u, is_over));
}`;
}
