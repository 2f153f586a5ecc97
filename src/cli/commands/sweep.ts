import { Command } from '@commander-js/extra-typings';
import { printable } from '../../base/printable.ts';
import type { RunResult } from '../../study/run-result.ts';
import { planStudy } from '../../study/study-folder.ts';
import { type Sweep, sweep } from '../../study/sweep.ts';
import { shard } from '../arguments/values.ts';
import { describeEvaluated, describeProgress } from '../report/training-report.ts';
import { withDevice } from '../session/device-session.ts';
import { interruptible } from '../terminal/interrupt.ts';
import { note, printJson, printText } from '../terminal/print.ts';
import { showProgress } from '../terminal/progress.ts';
import { formatTable } from '../terminal/table.ts';

export const sweepCommand = new Command('sweep')
  .argument('<study>', 'A file of JSON that says what is trained and compared')
  .requiredOption('--output <dir>', 'Folder for runs, results and tables; what is in it is gone on with')
  .option('--shard <i/n>', 'Only part i of n of the runs, i from 0', shard)
  .option('--json', 'Print one JSON object');

sweepCommand.action(async (file, { output, shard, json }) => {
  // What is wrong with any run is found before the adapter is opened.
  const { study } = await planStudy(file, output);
  const unit = study.model === 'transformer' ? 'tokens' : 'pictures';
  await interruptible(async (signal, advise) => {
    advise('finished runs and checkpoints are kept, run the same again to go on');
    const done = await withDevice(async (gpu) => {
      note(`training on ${gpu.describe()}`);
      let progress = showProgress('trained');
      using _shown = { [Symbol.dispose]: () => progress[Symbol.dispose]() };
      return await sweep(gpu, file, output, {
        shard,
        signal,
        onRun({ name }, position, count) {
          progress[Symbol.dispose]();
          progress = showProgress('trained');
          note(`${name}: run ${position + 1} of ${count}`);
        },
        onStep: (each) => progress.update(each.step, each.steps, describeProgress(each, unit)),
        onResult: (result) => note(`${result.name}: ${describe(result)}`),
      });
    });
    if (json) await printJson({ output, ...done });
    else await printText(asText(output, done));
  });
});

function describe({ diverged, measurements: [first] }: RunResult): string {
  if (first === undefined) return `${diverged}`;
  const { sparsity, evaluation } = first;
  return `${(100 * sparsity).toFixed(2)} % sparse, ${describeEvaluated(evaluation)}`;
}

function asText(output: string, { results, tables }: Sweep): string {
  const rows = results.flatMap(({ name, measurements }) => {
    if (measurements.length === 0) return [[name, '', 'diverged']];
    return measurements.map(({ logAlphaThreshold, sparsity, evaluation }) => [
      logAlphaThreshold === null ? name : `${name}, threshold ${logAlphaThreshold}`,
      (100 * sparsity).toFixed(2),
      describeEvaluated(evaluation),
    ]);
  });
  const table = formatTable(
    [{ heading: 'run' }, { heading: 'sparsity %', align: 'right' }, { heading: 'quality' }],
    rows,
  );
  return `${table}\n${printable(output)} has ${tables.join(', ')}\n`;
}
