import assert from 'node:assert/strict';
import process from 'node:process';
import { test } from 'node:test';
import { FAMILIES } from './families/index.ts';
import { fuzz } from './fuzz.ts';

/** Damaged files for each reader; `npm run fuzz` tries more. */
const INPUTS = Number(process.env.TSOS_FUZZ_INPUTS ?? 400);
const SEED = 20190225;

for (const family of FAMILIES) {
  test(`${family.name}: ${INPUTS} damaged files end as values or as typed errors, within bounds`, async () => {
    const { inputs, values } = await fuzz(family, { seed: SEED, to: INPUTS });
    assert.equal(inputs, INPUTS);
    // Were nearly all refused at their beginnings, the rest of the reader would not have been tried.
    assert.ok(values > INPUTS / 200, `only ${values} of ${inputs} were read`);
    assert.ok(values < INPUTS, 'nothing was refused');
  });
}
