import type { DispatchExplanation } from '../../graph/device/kernel-choice.ts';
import type { Gpu } from '../../graph/open-gpu.ts';
import { dispatchName } from '../../graph/tuning/kernel-times.ts';
import { tuningDirectory } from '../session/tuning-options.ts';
import { formatList } from '../terminal/table.ts';

/** What is known of an adapter, in a few lines. */
export function describeTuning(gpu: Gpu): string {
  const dispatches = gpu.tuning.explain();
  const known = dispatches.filter(({ why }) => why !== 'default');
  const better = known.filter(({ kernel, milliseconds }) => kernel !== Object.keys(milliseconds)[0]);
  const lines: [string, string][] = [
    ['adapter', gpu.describe()],
    [
      'dispatches',
      `${known.length} of ${dispatches.length} measured; ${better.length} left the default kernel`,
    ],
    ['weights', `${Object.keys(gpu.tuning.explainFormats()).length} classes compared, sparse against dense`],
    ['kept in', tuningDirectory()],
  ];
  const rest = dispatches.filter(({ missing }) => missing.length > 0).length;
  if (rest > 0)
    lines.push(['not yet', `${rest} dispatches, wholly or in part; run this again with a --budget to go on`]);
  return formatList(lines);
}

/** Every choice with its reasons. */
export function explainTuning(gpu: Gpu): string {
  const { tuning } = gpu;
  const dispatches = tuning.explain().map((dispatch) => {
    const { kernel, why, milliseconds, missing, failed } = dispatch;
    const times = Object.entries(milliseconds).sort(([, a], [, b]) => a - b);
    const isFastest = times.length === 0 || times[0][0] === kernel;
    const reason = isFastest ? REASONS[why] : 'the default, next to nothing slower';
    const lines = times.map(
      ([name, time]) =>
        `  ${time.toFixed(3).padStart(10)} ms  ${name}${name === kernel ? `  <- ${reason}` : ''}`,
    );
    const unknown = '-'.padStart(10);
    if (milliseconds[kernel] === undefined) lines.push(`  ${unknown}     ${kernel}  <- ${REASONS[why]}`);
    const rest = missing.filter((name) => name !== kernel).length;
    if (rest > 0) lines.push(`  ${unknown}     ${rest} ${times.length > 0 ? 'more ' : ''}not measured yet`);
    for (const name of failed) lines.push(`  ${unknown}     ${name}  failed`);
    return [dispatchName(dispatch), ...lines, ''].join('\n');
  });
  const formats = Object.entries(tuning.explainFormats()).map(
    ([weight, { sparse, dense }]) =>
      `${weight}: held ${tuning.format(weight)} (${sparse.toFixed(3)} ms sparse, ${dense.toFixed(3)} ms dense)\n`,
  );
  const separator = formats.length > 0 ? '\n' : '';
  return `${dispatches.join('\n')}\n${formats.join('')}${separator}`;
}

const REASONS: Readonly<Record<DispatchExplanation['why'], string>> = {
  measured: 'measured',
  remembered: 'measured earlier',
  default: 'not measured: the default for this class of adapter',
};

/** Every choice with its reasons, for machines. */
export function tuningReport(gpu: Gpu) {
  const { adapter, tuning } = gpu;
  const formats = Object.entries(tuning.explainFormats()).map(([weight, milliseconds]) => ({
    weight,
    format: tuning.format(weight),
    milliseconds,
  }));
  const folder = tuningDirectory();
  return { adapter, folder, dispatches: tuning.explain(), formats };
}
