import { join } from 'node:path';
import { DataError } from '../../base/errors.ts';
import { checkpointInputs } from '../../io/checkpoint/checkpoint-inputs.ts';
import { makeFolder } from '../../io/files/make-folder.ts';
import type { OpenedPictures } from '../../io/pictures/open-pictures.ts';
import { evaluateToFile } from '../../models/resnet50/evaluate-to-file.ts';
import { evaluationResult } from '../../models/resnet50/evaluation-part.ts';
import { weightDecayLoss } from '../../models/resnet50/weight-decay.ts';
import type { Quality, Task } from '../../results/reproduction/checkpoint-result.ts';
import { describeResNet } from '../report/describe-resnet.ts';
import { describeRate } from '../report/evaluation-report.ts';
import { withResNet } from '../session/resnet-session.ts';
import { note } from '../terminal/print.ts';
import { showProgress } from '../terminal/progress.ts';
import { environmentOf, type Measuring } from './measuring.ts';

/** What ResNets are measured on, and how. */
export interface ClassificationTask {
  readonly pictures: OpenedPictures;
  /** The file with their classes. */
  readonly labels: string | undefined;
  /** How many of them. */
  readonly total: number;
  readonly limit: number | undefined;
  /** Of pictures; no figure depends on it. */
  readonly batch: number | undefined;
  /** Which pictures. */
  readonly identity: Task;
}

/** Classifies, keeping what is done, and counts. */
export async function measureTop1(measuring: Measuring, task: ClassificationTask): Promise<Quality> {
  const { target, path, sha256, folder, resume, signal } = measuring;
  const { pictures, total, limit, batch, identity } = task;
  const output = join(folder, 'evaluations', `${target.name}.json`);
  await makeFolder(join(folder, 'evaluations'));
  const { technique, logAlphaThreshold } = target;
  const request = { checkpoint: path, technique, logAlphaThreshold, format: undefined, signal };
  return withResNet(request, async ({ gpu, checkpoint, model }) => {
    note(`${target.name}: ${describeResNet(model)}, on ${gpu.describe()}; ${total} pictures`);
    using shown = showProgress('evaluated');
    const part = await evaluateToFile(model, pictures, {
      limit,
      batch,
      output,
      inputs: [...(await checkpointInputs(path)), task.labels],
      resume,
      signal,
      checkpoint: sha256,
      data: String(identity.data),
      weightDecayLoss: await weightDecayLoss(checkpoint, model.config),
      onNote: note,
      onProgress: (progress) => shown.update(progress.seen, total, describeRate(progress)),
    });
    const { pictures: count, top1, top5, loss } = evaluationResult(part);
    if (top1 === null) throw new DataError('no pictures were found to evaluate');
    return {
      metric: 'top-1',
      value: top1,
      count,
      details: { top5, loss },
      task: identity,
      layers: { sparse: model.weights.sparseLayers, dense: model.weights.denseLayers },
      environment: await environmentOf(gpu),
      seconds: part.milliseconds / 1000,
    };
  });
}
