import { type ArgsDef, defineCommand } from 'citty';
import { writeFileAtomic } from '../../io/files/atomic-file.ts';
import { mergeEvaluations, readEvaluationPart } from '../../models/resnet50/evaluation-part.ts';
import { ANY_NUMBER } from '../arguments.ts';
import { describeEvaluation, evaluationJson } from '../report/evaluation-report.ts';
import { print } from '../report/print.ts';

const ARGUMENTS = {
  parts: {
    type: 'positional',
    required: true,
    valueHint: ANY_NUMBER,
    description: 'Results of tsos evaluate --shard, or of tsos merge',
  },
  output: { type: 'string', valueHint: 'file', description: 'Write the sum, which can be merged again' },
  json: { type: 'boolean', description: 'Print one JSON object with everything about the result' },
} as const satisfies ArgsDef;

export const mergeCommand = defineCommand({
  meta: { name: 'merge', description: 'Add up the parts of an evaluation' },
  args: ARGUMENTS,
  async run({ args }) {
    const files = args._;
    const merged = mergeEvaluations(await Promise.all(files.map(readEvaluationPart)));
    if (args.output !== undefined) {
      await writeFileAtomic(args.output, `${JSON.stringify(merged, null, 2)}\n`);
    }
    await print(
      args.json ? await evaluationJson(merged) : describeEvaluation(merged, args.output ?? files.join(', ')),
    );
  },
});
