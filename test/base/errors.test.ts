import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import * as errors from '../../src/base/errors.ts';

const SRC = fileURLToPath(new URL('../../src/', import.meta.url));

test('every class of errors says its name itself, because minifiers rename classes', () => {
  const classes = readdirSync(SRC, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .flatMap((file) => [
      ...readFileSync(SRC + file, 'utf8').matchAll(
        /^(?:export )?class (\w+Error) extends (?!Error\b)[^}]*/gm,
      ),
    ]);
  assert.ok(classes.length >= Object.keys(errors).length - 1);
  for (const [text, name] of classes) assert.match(text, new RegExp(`readonly name(: string)? = '${name}';`));
});

test('errors have the names of their classes', () => {
  for (const [name, Class] of Object.entries(errors)) {
    const error = new Class('what');
    assert.equal(error.name, name);
    assert.equal(String(error), `${name}: what`);
  }
});
