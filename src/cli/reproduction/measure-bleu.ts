import { join } from 'node:path';
import { checkpointInputs } from '../../io/checkpoint/checkpoint-inputs.ts';
import { makeFolder } from '../../io/files/make-folder.ts';
import { bleu } from '../../metrics/bleu/bleu.ts';
import { translateToFile } from '../../models/transformer/translate-file.ts';
import type { TranslateLinesOptions } from '../../models/transformer/translate-lines.ts';
import type { Quality, Task } from '../../results/reproduction/checkpoint-result.ts';
import { describeModel } from '../report/translation-report.ts';
import { withTransformer } from '../session/transformer-session.ts';
import { note } from '../terminal/print.ts';
import { showProgress } from '../terminal/progress.ts';
import { environmentOf, type Measuring } from './measuring.ts';

/** The paper's BLEU: its own script, on references that Moses tokenised. */
const METHOD = 'moses-compound';

/** What Transformers are measured on, and how. */
export interface TranslationTask {
  readonly lines: readonly string[];
  readonly references: readonly string[];
  /** All files of it. */
  readonly files: readonly string[];
  /** The file with the subwords. */
  readonly vocabulary: string;
  readonly search: Pick<TranslateLinesOptions, 'batch' | 'extraLength' | 'legacyLength'>;
  /** All of this, and the hashes of the files. */
  readonly identity: Task;
}

/** Translates, keeping what is done, and scores. */
export async function measureBleu(measuring: Measuring, task: TranslationTask): Promise<Quality> {
  const { target, path, sha256, folder, resume, signal } = measuring;
  const { lines, references, search, identity } = task;
  const output = join(folder, 'decodes', `${target.name}.de`);
  await makeFolder(join(folder, 'decodes'));
  const request = {
    checkpoint: path,
    vocabulary: task.vocabulary,
    technique: target.technique,
    logAlphaThreshold: target.logAlphaThreshold,
    signal,
  };
  return withTransformer({ ...request, heads: undefined, format: undefined }, async (session) => {
    const { gpu, model, vocabulary } = session;
    note(`${target.name}: ${describeModel(model)}, on ${gpu.describe()}`);
    using shown = showProgress('translated');
    const started = performance.now();
    const translations = await translateToFile(model, vocabulary, lines, {
      ...search,
      output,
      inputs: [...(await checkpointInputs(path)), ...task.files],
      resume,
      signal,
      hashes: { checkpoint: sha256, vocabulary: String(identity.vocabulary) },
      onBatch({ progress }) {
        const { sentencesDone, sentences, tokensPerSecond } = progress;
        shown.update(sentencesDone, sentences, `sentences, ${tokensPerSecond.toFixed(1)} tokens/s`);
      },
    });
    const hypotheses = translations.map(({ translation }) => translation);
    const result = bleu(hypotheses, [references], { method: METHOD });
    return {
      metric: 'BLEU',
      value: result.score,
      count: lines.length,
      details: { method: METHOD, signature: result.signature, brevityPenalty: result.brevityPenalty },
      task: identity,
      layers: { sparse: model.weights.sparseLayers, dense: model.weights.denseLayers },
      environment: await environmentOf(gpu),
      seconds: (performance.now() - started) / 1000,
    };
  });
}
