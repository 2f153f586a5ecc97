import fc from 'fast-check';

/*
 * Every property draws the same cases in every run, so that a change alone makes a test fail. TSOS_TEST_SEED draws others:
 * a whole number, or "random" for a new one in every process; what a report says as its seed repeats it.
 */
const { TSOS_TEST_SEED: seed = '1' } = process.env;
if (seed !== 'random') {
  if (!Number.isSafeInteger(Number(seed)) || seed.trim() === '') {
    throw new Error(`TSOS_TEST_SEED is "${seed}"; it must be a whole number or "random".`);
  }
  fc.configureGlobal({ seed: Number(seed) });
}

export { default } from 'fast-check';
