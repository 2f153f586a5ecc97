import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { Ajv2020 } from 'ajv/dist/2020.js';

/**
 * Parses what a command printed with `--json`, and checks it against the schema that the repository gives for
 * it.
 */
export async function parsedBySchema<Value>(command: string, stdout: string): Promise<Value> {
  const path = new URL(`../../schemas/${command}.schema.json`, import.meta.url);
  const ajv = new Ajv2020({ allErrors: true, allowUnionTypes: true });
  const validate = ajv.compile(JSON.parse(await readFile(path, 'utf8')));
  const value = JSON.parse(stdout);
  assert.ok(validate(value), ajv.errorsText(validate.errors));
  return value as Value;
}
