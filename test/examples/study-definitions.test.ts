import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { readStudy } from '../../src/study/study-file.ts';
import { studyRuns } from '../../src/study/study-runs.ts';

for (const model of ['transformer', 'rn50']) {
  test(`every run of the study of ${model} can be, and begins with the dense one`, async () => {
    const file = fileURLToPath(new URL(`../../examples/study/${model}.json`, import.meta.url));
    const { start, others } = studyRuns(await readStudy(file), file, (name) => `runs/${name}`);
    assert.equal(start?.name, 'dense');
    assert.ok(others.every(({ settings }) => settings.warmStartFrom === 'runs/dense'));
    const techniques = new Set(others.map(({ settings }) => settings.technique));
    assert.equal(techniques.size, 4);
  });
}
