import assert from 'node:assert/strict';
import { test } from 'node:test';
import { METRIC_OF, PUBLISHED_CHECKPOINTS } from '../../src/results/catalogue.ts';
import type { CheckpointResult } from '../../src/results/reproduction/checkpoint-result.ts';
import { buildReport } from '../../src/results/reproduction/report.ts';
import { reportPage } from '../../src/results/reproduction/report-page.ts';
import { DEFAULT_TOLERANCE } from '../../src/results/reproduction/tolerance.ts';
import { visit } from '../support/headless-browser.ts';

/** Of a window on an ordinary screen. */
const PIXELS = 1400;

test(`a report of all published checkpoints, measured on two machines, fits ${PIXELS} pixels`, async () => {
  const results = new Map(
    PUBLISHED_CHECKPOINTS.map((target, i): [string, CheckpointResult] => {
      const { name, model, technique, keptWeights, totalWeights, figure } = target;
      const measurement = {
        checkpoint: { path: name, sha256: 'a'.repeat(64), technique, threshold: null },
        sparsity: { nonzero: keptWeights, total: totalWeights },
        quality: {
          metric: METRIC_OF[model],
          // Every third one is far off, so that the longest verdict is among them.
          value: i % 3 === 0 ? figure / 2 : figure,
          count: 50_000,
          details: {},
          task: { data: 'b'.repeat(64) },
          layers: { sparse: 97, dense: 54 },
          environment: {
            adapter: `adapter ${i % 2}`,
            software: false,
            runtime: 'Node',
            webgpu: null,
            tsos: '1',
          },
          seconds: 123_456.7,
        },
      };
      return [name, { format: 'tsos reproduction 2', name, model, measurement }];
    }),
  );
  const page = await reportPage(
    buildReport(PUBLISHED_CHECKPOINTS, results, { tolerance: DEFAULT_TOLERANCE }),
  );
  const { value } = await visit<{ own: number; room: number; rows: number }[]>(
    page,
    `(() => {
      document.documentElement.style.width = '${PIXELS}px';
      return Array.from(document.querySelectorAll('table'), (table) => ({
        own: table.scrollWidth,
        room: table.clientWidth,
        rows: table.tBodies[0].rows.length,
      }));
    })()`,
  );
  assert.deepEqual(
    value.map(({ rows }) => rows),
    [28, 21],
  );
  for (const { own, room } of value) {
    assert.ok(room > PIXELS / 2 && room <= PIXELS, `${room} pixels of room`);
    assert.ok(own <= room, `a table of ${own} pixels where there are ${room}`);
  }
});
