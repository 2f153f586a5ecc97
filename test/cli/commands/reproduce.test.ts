import assert from 'node:assert/strict';
import { existsSync, rmSync, statSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readFile, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { test } from 'node:test';
import { bleu } from '../../../src/metrics/bleu/bleu.ts';
import { publishedCheckpoint } from '../../../src/results/catalogue.ts';
import type { Report } from '../../../src/results/reproduction/report.ts';
import type { Target } from '../../../src/results/reproduction/target.ts';
import { makeFiles } from '../../io/pictures/made-pictures.ts';
import { withDirectory } from '../../io/support.ts';
import { checkpointTar, TAR_WEIGHTS } from '../../results/checkpoint-tar.ts';
import { tsos } from '../../support/command-line.ts';
import { fileReply, withServer } from '../../support/file-server.ts';
import { visit } from '../../support/headless-browser.ts';
import { assertOneSentence } from '../../support/one-sentence.ts';
import { parsedBySchema } from '../../support/schema.ts';
import { GOLDENS, STAND_INS, writeStandIn } from '../../support/stand-ins.ts';

/** Decoded to 7 tokens each, as the original decoded them for the goldens. */
const SENTENCES_LENGTH = -28;
const REFERENCES = [
  'were were were were were were were',
  'were were were were our',
  'were were were – – –',
  'wird were by we we we',
];
/** Enough to kill a run among them. */
const PICTURES = Array.from({ length: 12 }, (_, i) => `${i}.jpg`);

interface Fixture {
  readonly directory: string;
  readonly targets: readonly Target[];
  /** The options of a run that measures everything, but for where its results go. */
  readonly options: readonly string[];
}

let fixture: Promise<Fixture> | undefined;

/** Stand-ins for published checkpoints, beside one that is damaged and one that is not there. */
function prepared(): Promise<Fixture> {
  fixture ??= prepare();
  return fixture;
}

async function prepare(): Promise<Fixture> {
  const directory = await mkdtemp(join(tmpdir(), 'tsos-reproduce-'));
  process.once('exit', () => rmSync(directory, { recursive: true, force: true }));
  const checkpoints = join(directory, 'checkpoints');
  const targets: Target[] = [];
  for (const standIn of STAND_INS) {
    const target = await writeStandIn(checkpoints, standIn);
    const figure = standIn.model === 'transformer' ? await goldenBleu(standIn.golden) : 0;
    targets.push({ ...target, figure: Number(figure.toFixed(2)) });
  }
  const [dense] = targets;
  await cp(join(checkpoints, dense.name), join(checkpoints, 'damaged'), { recursive: true });
  await truncate(join(checkpoints, 'damaged', 'model.ckpt-1.data-00000-of-00001'), 1000);
  targets.splice(1, 0, { ...dense, name: 'damaged' }, { ...dense, name: 'absent' });
  const golden = JSON.parse(await readFile(join(GOLDENS, 'transformer/dense/goldens.json'), 'utf8'));
  const files = {
    'catalogue.json': JSON.stringify({ checkpoints: targets }),
    'source.en': `${golden.cases[0].texts.join('\n')}\n`,
    'reference.de': `${REFERENCES.join('\n')}\n`,
    'labels.txt': PICTURES.map((name, i) => `${name} ${1 + (i % 10)}\n`).join(''),
  };
  for (const [name, text] of Object.entries(files)) await writeFile(join(directory, name), text);
  await mkdir(join(directory, 'pictures'));
  await makeFiles(join(directory, 'pictures'), PICTURES);
  const options = [
    ...['--catalogue', join(directory, 'catalogue.json'), '--checkpoints', checkpoints],
    ...['--source', join(directory, 'source.en'), '--reference', join(directory, 'reference.de')],
    ...['--vocab', join(GOLDENS, 'transformer/vocab.300.subwords'), `--extra-length=${SENTENCES_LENGTH}`],
    ...['--data', join(directory, 'pictures'), '--labels', join(directory, 'labels.txt')],
  ];
  return { directory, targets, options };
}

/** BLEU of what the original code decoded. */
async function goldenBleu(golden: string): Promise<number> {
  const { cases } = JSON.parse(await readFile(join(GOLDENS, golden, 'goldens.json'), 'utf8'));
  const decode = cases[0].decodes.find(
    (each: Record<string, number>) => each.beam_size === 4 && each.extra_length === SENTENCES_LENGTH,
  );
  return bleu(decode.text, [REFERENCES], { method: 'moses-compound' }).score;
}

interface FullRun {
  readonly fixture: Fixture;
  readonly folder: string;
  readonly report: Report;
  readonly code: unknown;
  readonly stderr: string;
}

let full: Promise<FullRun> | undefined;

/** The result of a run over everything. */
function fullRun(): Promise<FullRun> {
  full ??= prepared().then(async (fixture) => {
    const folder = join(fixture.directory, 'full');
    const { code, stdout, stderr } = await tsos([
      'reproduce',
      ...fixture.options,
      '--output',
      folder,
      '--json',
    ]);
    const report = await parsedBySchema<Report>('reproduce', stdout);
    return { fixture, folder, report, code, stderr };
  });
  return full;
}

test('figures of both models and all techniques stand beside the published ones', async () => {
  const { fixture, folder, report, code, stderr } = await fullRun();
  assert.deepEqual(
    report.checkpoints.map(({ name }) => name),
    fixture.targets.map(({ name }) => name),
  );
  for (const { name, model, sparsity, quality, run } of report.checkpoints.filter(isMeasured)) {
    assert.equal(sparsity.within, true, `sparsity of ${name}: ${sparsity.measured}`);
    if (model === 'transformer') {
      assert.equal(quality.within, true, `BLEU of ${name}: ${quality.measured}, not ${quality.published}`);
      assert.equal(run?.count, 4);
    } else {
      const { totals } = JSON.parse(await readFile(join(folder, 'evaluations', `${name}.json`), 'utf8'));
      assert.equal(totals.pictures, PICTURES.length);
      assert.equal(quality.measured, totals.top1 / PICTURES.length);
    }
    assert.equal(report.environments[run!.environment].runtime.length > 0, true);
    assert.ok(run!.layers.sparse + run!.layers.dense >= 23);
  }
  const bleus = report.checkpoints.map(({ quality }) =>
    quality.metric === 'BLEU' ? quality.measured : null,
  );
  assert.ok(
    bleus.some((value) => value !== null && value > 10),
    'no BLEU says anything',
  );
  const differing = report.checkpoints.filter(({ quality }) => quality.within === false).length;
  assert.deepEqual(report.summary, { measured: 9, differing, failed: 1, missing: 1, pending: 0 });
  assert.equal(code, differing > 0 ? 1 : 3, stderr);
});

test('sparsity is what the original measured', async () => {
  const { report } = await fullRun();
  for (const { technique } of STAND_INS.filter(({ model }) => model === 'transformer').slice(1)) {
    const path = join(GOLDENS, 'transformer', technique, 'goldens.json');
    const { checkpoint_sparsity: expected } = JSON.parse(await readFile(path, 'utf8'));
    const row = report.checkpoints.find(({ name }) => name === `stand_in_transformer_${technique}`);
    assert.ok(Math.abs(row!.sparsity.measured! - expected / 100) < 1e-11, technique);
  }
});

test('one that fails says why, one that is not there says so, and the others go on', async () => {
  const { report, stderr } = await fullRun();
  const [, damaged, absent] = report.checkpoints;
  assert.equal(damaged.status, 'failed');
  assert.match(damaged.failure ?? '', /data-00000-of-00001.*cut short/);
  assert.match(stderr, /^tsos: damaged: .*cut short/m);
  assert.equal(absent.status, 'missing');
});

test('the page opens in a browser, with both tables and plots, and asks for nothing else', async () => {
  const { folder, report } = await fullRun();
  const html = await readFile(join(folder, 'report.html'), 'utf8');
  const { value, requested } = await visit<Record<string, unknown>>(
    html,
    `({
      title: document.title,
      rows: Array.from(document.querySelectorAll('table'), (table) => table.tBodies[0].rows.length),
      first: Array.from(document.querySelectorAll('tbody tr:first-child td:first-child'), (cell) => cell.textContent),
      verdicts: Array.from(document.querySelectorAll('tbody tr'), (row) => row.className),
      axes: Array.from(document.querySelectorAll('figure svg'), (svg) => svg.textContent.includes('sparsity (%)')),
      rings: Array.from(document.querySelectorAll('figure svg'), (svg) => svg.querySelectorAll('circle').length),
      wide: Array.from(document.querySelectorAll('figure svg'), (svg) => svg.getBoundingClientRect().width > 300),
      overflow: document.documentElement.scrollWidth > innerWidth,
      text: document.querySelector('#environment').textContent,
      failed: document.querySelector('#failures li').textContent.startsWith('damaged: '),
    })`,
  );
  const { text, verdicts, ...seen } = value;
  assert.deepEqual(seen, {
    title: 'Reproduction of the published results',
    // The one that is not there has no row.
    rows: [6, 4],
    first: ['stand_in_transformer_dense', 'stand_in_rn50_magnitude_pruning'],
    axes: [true, true],
    // Published and measured; two of the Transformers were not measured.
    rings: [7 + 5, 4 + 4],
    wide: [true, true],
    overflow: false,
    failed: true,
  });
  assert.deepEqual((verdicts as string[]).slice(0, 4), ['agrees', 'failed', 'agrees', 'agrees']);
  assert.deepEqual(requested, []);
  const { environments, tasks } = report;
  for (const part of [environments[0].adapter, tasks.transformer!.source, tasks.rn50!.data]) {
    assert.ok(String(text).includes(String(part)), `${part}`);
  }
  assert.match(
    await readFile(join(folder, 'report.md'), 'utf8'),
    /^\| stand\\_in\\_rn50\\_l0\\_regularization \|/m,
  );
});

test('a run that is killed and resumed gives the same', async () => {
  const { fixture, report } = await fullRun();
  const [first, second] = ['stand_in_rn50_random_pruning', 'stand_in_rn50_l0_regularization'];
  const catalogue = join(fixture.directory, 'two.json');
  const checkpoints = fixture.targets.filter(({ name }) => name === first || name === second);
  await writeFile(catalogue, JSON.stringify({ checkpoints }));
  const folder = join(fixture.directory, 'killed');
  const run = ['reproduce', ...fixture.options, '--catalogue', catalogue, '--batch', '1', '--output', folder];
  const partial = join(folder, 'evaluations', `${second}.json.partial`);
  const killed = await tsos(run, {
    during(child) {
      const timer = setInterval(() => {
        if (existsSync(partial) && statSync(partial).size > 0) child.kill('SIGKILL');
      }, 5);
      child.once('close', () => clearInterval(timer));
    },
  });
  assert.equal(killed.code, 'SIGKILL', killed.stderr);
  const resumed = await tsos([...run, '--resume', '--json']);
  assert.match(resumed.stderr, new RegExp(`${first}: was measured before`));
  assert.match(resumed.stderr, /evaluated 12\/12/);
  const refused = await tsos(run);
  assertOneSentence(refused, 2, new RegExp(`${first}\\.json: is the result of an earlier run; .*--force`));
  const again = await parsedBySchema<Report>('reproduce', resumed.stdout);
  const wanted = report.checkpoints.filter(({ name }) => name === first || name === second);
  assert.deepEqual(again.checkpoints.map(withoutTime), wanted.map(withoutTime));
});

test('the folder of a run with other options is not added to', async () => {
  const { fixture, folder } = await fullRun();
  const outcome = await tsos([
    'reproduce',
    ...fixture.options,
    '--output',
    folder,
    '--resume',
    '--limit',
    '2',
  ]);
  assertOneSentence(outcome, 2, /is of a run with other limit/);
});

test('a limit makes figures incomparable, which is said first and is no failure', async () => {
  const { fixture } = await fullRun();
  const name = 'stand_in_transformer_magnitude_pruning';
  await withDirectory(async (directory) => {
    const catalogue = join(directory, 'one.json');
    const target = fixture.targets.find((each) => each.name === name)!;
    const absent = Array.from({ length: 3 }, (_, i) => ({ ...target, name: `absent${i}` }));
    // A figure that no four sentences reach.
    await writeFile(catalogue, JSON.stringify({ checkpoints: [{ ...target, figure: 100 }, ...absent] }));
    const output = join(directory, 'out');
    const run = ['reproduce', ...fixture.options, '--catalogue', catalogue, '--output', output];
    const { code, stdout, stderr } = await tsos([...run, '--limit', '3']);
    assert.equal(code, 0, stderr);
    assert.match(
      stdout,
      /^Partial: BLEU was measured on the first 3 sentences only, so it cannot be compared/,
    );
    assert.match(stdout, new RegExp(`^${name} .* agrees \\(BLEU partial\\) `, 'm'));
    assert.match(stdout, /^Transformer: 3 checkpoints are not there\.$/m);
    assert.match(stderr, /^tsos: 3 of 4 checkpoints are not there; report\.json names them$/m);
    assert.doesNotMatch(stderr, /absent1/);
    const [, , above] = (await readFile(join(output, 'report.md'), 'utf8')).split('\n');
    assert.match(above, /^\*\*Partial: BLEU/);
    const json = await readFile(join(output, 'report.json'), 'utf8');
    const { checkpoints } = await parsedBySchema<Report>('reproduce', json);
    const { partial, difference, within, measured } = checkpoints[0].quality;
    assert.deepEqual([partial, difference, within], [true, null, null]);
    assert.ok(measured !== null && measured < 99);

    const many = await tsos([...run, '--shard', '0/5']);
    assertOneSentence(many, 2, /--shard 0\/5: there are only 4 checkpoints for so many parts/);
  });
});

test('merging measures nothing, and agreeing figures exit with 0', async () => {
  const { fixture, folder, report } = await fullRun();
  await withDirectory(async (directory) => {
    const catalogue = join(directory, 'catalogue.json');
    const checkpoints = fixture.targets.flatMap((target, i) => {
      const { measured } = report.checkpoints[i].quality;
      return measured === null ? [] : [{ ...target, figure: measured }];
    });
    await writeFile(catalogue, JSON.stringify({ checkpoints }));
    const output = join(directory, 'merged');
    const merge = ['reproduce', '--catalogue', catalogue, '--merge', folder, '--output', output];
    const same = await tsos([...merge, '--json']);
    assert.equal(same.code, 0, same.stderr);
    const { summary } = await parsedBySchema<Report>('reproduce', same.stdout);
    assert.deepEqual(summary, { measured: 9, differing: 0, failed: 0, missing: 0, pending: 0 });

    // Within the tolerance of top-1 by default, beyond that of the option.
    const last = checkpoints.length - 1;
    checkpoints[last] = { ...checkpoints[last], figure: checkpoints[last].figure + 0.0009 };
    await writeFile(catalogue, JSON.stringify({ checkpoints }));
    assert.equal((await tsos(merge)).code, 0);
    assert.equal((await tsos([...merge, '--tolerance', 'top-1=0.05'])).code, 1);
  });
});

test('shards measure disjoint checkpoints, which merge into one report; without sentences and pictures it is of sparsity', async () => {
  const { options, targets } = await prepared();
  await withDirectory(async (directory) => {
    const shard = (i: number) => join(directory, `shard${i}`);
    const sizes: number[] = [];
    for (const i of [0, 1]) {
      const run = ['reproduce', ...options.slice(0, 4), '--model', 'rn50'];
      const { code, stdout, stderr } = await tsos([
        ...run,
        '--shard',
        `${i}/2`,
        '--output',
        shard(i),
        '--json',
      ]);
      assert.equal(code, 0, stderr);
      const { summary } = await parsedBySchema<Report>('reproduce', stdout);
      assert.deepEqual(summary, { measured: 2, differing: 0, failed: 0, missing: 0, pending: 2 });
      sizes.push(summary.measured);
    }
    const merged = await tsos([
      ...['reproduce', ...options.slice(0, 2), '--merge', shard(0), '--merge', shard(1)],
      ...['--output', join(directory, 'all')],
    ]);
    assert.equal(merged.code, 0, merged.stderr);
    assert.match(merged.stdout, /^stand_in_rn50_l0_regularization .* agrees \(no top-1\) /m);
    const transformers = targets.filter(({ model }) => model === 'transformer').length;
    assert.match(
      merged.stdout,
      new RegExp(`^Transformer: ${transformers} checkpoints are not measured yet\\.$`, 'm'),
    );
  });
});

test('what is named, or wanted with --fetch, is downloaded where it is not there', async () => {
  const name = 'magnitude_pruning_0.5_100000_400000_10000_0.1_0.1';
  const tar = await checkpointTar(name);
  const catalogue = JSON.stringify({ checkpoints: [{ ...publishedCheckpoint(name), ...TAR_WEIGHTS }] });
  const nothing = { status: 404, headers: { 'Content-Length': 0 } };
  for (const wanted of [[name], ['*_0.5_*'], ['--sparsity', '0.5', '--fetch']]) {
    await withDirectory((directory) =>
      withServer(
        (asked) => (asked.path.endsWith('.tar') ? fileReply(asked, tar) : nothing),
        async (from, asked) => {
          await writeFile(join(directory, 'catalogue.json'), catalogue);
          const env = { TSOS_CACHE: join(directory, 'cache'), TSOS_MIRROR: from };
          const options = ['--catalogue', join(directory, 'catalogue.json')];
          const run = ['reproduce', ...wanted, ...options, '--output', join(directory, 'out')];
          const { code, stdout, stderr } = await tsos(run, { env });
          assert.equal(code, 0, stderr);
          assert.match(stdout, new RegExp(`^${name} .* 50\\.0000 +50\\.0000`, 'm'));
          assert.match(stderr, /test-full\.tgz: there is no such file there \(404\)/);
          assert.deepEqual(
            asked.map(({ path }) => path),
            ['/wmt14/test-full.tgz', `/sparse_transformer/${name}.tar`],
          );
        },
      ),
    );
  }
});

test('what cannot be measured is told in a sentence', async () => {
  await withDirectory(async (directory) => {
    const run = ['reproduce', '--checkpoints', directory, '--output', join(directory, 'out')];
    assertOneSentence(await tsos([...run, '--model', 'rn50']), 2, /none of the 21 checkpoints is there/);
    assertOneSentence(await tsos([...run, '--tolerance', 'bleu']), 2, /"bleu" is no tolerance/);
    const source = join(directory, 'a.en');
    assertOneSentence(await tsos([...run, '--source', source]), 3, /a\.en: there is no such file/);
    await writeFile(source, 'A dog.\n');
    assertOneSentence(await tsos([...run, '--source', source]), 2, /--newstest.* or --reference/);
    assertOneSentence(await tsos([...run, '--merge', directory]), 2, /no results of "tsos reproduce"/);
    const catalogue = join(directory, 'catalogue.json');
    await writeFile(catalogue, '{"checkpoints": [{"name": "../escape"}]}');
    assertOneSentence(
      await tsos([...run, '--catalogue', catalogue]),
      3,
      /checkpoints\[0\]\.name is "\.\.\/escape"; it must be a name/,
    );
  });
});

function isMeasured({ status }: Report['checkpoints'][number]): boolean {
  return status === 'measured';
}

function withoutTime({ run, ...row }: Report['checkpoints'][number]) {
  return { ...row, run: { ...run, seconds: 0 } };
}
