import { Command } from '@commander-js/extra-typings';
import { writeFileAtomic } from '../../io/files/atomic-file.ts';
import { requireOutput } from '../../io/files/output.ts';
import {
  formatEvaluationPart,
  mergeEvaluations,
  readEvaluationPart,
} from '../../models/resnet50/evaluation-part.ts';
import { inputFile } from '../arguments/values.ts';
import { describeEvaluation, evaluationReport } from '../report/evaluation-report.ts';
import { printJson, printText } from '../terminal/print.ts';

export const mergeCommand = new Command('merge')
  .argument('<parts...>', 'Results of tsos evaluate --shard, or of tsos merge')
  .option('--output <file>', 'Write the sum, which can be merged again')
  .option('--json', 'Print one JSON object with everything about the result');

mergeCommand.action(async (files, args) => {
  if (args.output !== undefined) await requireOutput(args.output, { inputs: files });
  const merged = mergeEvaluations(await Promise.all(files.map(inputFile).map(readEvaluationPart)));
  if (args.output !== undefined) {
    await writeFileAtomic(args.output, formatEvaluationPart(merged));
  }
  if (args.json) await printJson(await evaluationReport(merged));
  else await printText(describeEvaluation(merged, args.output ?? files.join(', ')));
});
