import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';

const ajv = new Ajv2020({ allErrors: true, allowUnionTypes: true });

/**
 * Parses what a command printed with `--json`, and checks it against the schema that the repository gives for
 * it.
 */
export async function parsedBySchema<Value>(command: string, stdout: string): Promise<Value> {
  const validate = await validatorOf(command);
  const value = JSON.parse(stdout);
  assert.ok(validate(value), ajv.errorsText(validate.errors));
  return value as Value;
}

/** Tells whether a value is what a command may print with `--json`. */
export async function validatorOf(command: string): Promise<ValidateFunction> {
  const path = new URL(`../../schemas/${command}.schema.json`, import.meta.url);
  return ajv.compile(JSON.parse(await readFile(path, 'utf8')));
}
