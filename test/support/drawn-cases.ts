import { assert as assertAll, configureGlobal, type IRawProperty, type Parameters } from 'fast-check';

export * from 'fast-check';

/*
 * Every property draws the same cases in every run, so that a change alone makes a test fail. TSOS_TEST_SEED draws others:
 * a whole number, or "random" for a new one in every process; what a report says as its seed repeats it. TSOS_TEST_SHARE, a
 * number up to 1, draws so many of the cases only, at least one.
 */
const { TSOS_TEST_SEED: seed = '1', TSOS_TEST_SHARE: share = '1' } = process.env;
if (seed !== 'random') {
  if (!Number.isSafeInteger(Number(seed)) || seed.trim() === '') {
    throw new Error(`TSOS_TEST_SEED is "${seed}"; it must be a whole number or "random".`);
  }
  configureGlobal({ seed: Number(seed) });
}
if (!(Number(share) > 0 && Number(share) <= 1)) {
  throw new Error(`TSOS_TEST_SHARE is "${share}"; it must be a number above 0, up to 1.`);
}

/** fast-check's own where a property draws nothing else. */
const USUAL_RUNS = 100;

/** fast-check's, with the share of the cases that is wanted. It hides that of the same name among what is passed on above. */
export const assert = (<Ts>(property: IRawProperty<Ts>, parameters: Parameters<Ts> = {}) => {
  const numRuns = Math.ceil((parameters.numRuns ?? USUAL_RUNS) * Number(share));
  return assertAll(property, { ...parameters, numRuns });
}) as typeof assertAll;
