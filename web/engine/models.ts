import {
  type Checkpoint,
  checkpointSparsity,
  classifyPictures,
  type Gpu,
  loadResNet50,
  loadTransformer,
  loadVocabulary,
  type ModelKind,
  modelKind,
  mostProbable,
  openCheckpoint,
  openGpu,
  openPictures,
  type ResNet50,
  type Transformer,
  translateLines,
  UsageError,
  type Vocabulary,
} from '../../src/browser.ts';
import type {
  CheckpointReport,
  ClassifiedPicture,
  GivenFile,
  LoadedModel,
  TranslatedText,
} from './protocol.ts';
import { SAMPLE_CHECKPOINTS, SAMPLE_VOCABULARY } from './samples.ts';

/** Classes that are told of a picture. */
const CLASSES = 5;

/** The device of the page, and what is loaded onto it. */
export class Models {
  #gpu: Promise<Gpu> | undefined;
  #transformer: { readonly model: Transformer; readonly vocabulary: Vocabulary } | undefined;
  #resnet: ResNet50 | undefined;
  /** What was looked at last, and may be loaded. */
  #inspected: Checkpoint | undefined;

  /** Opened once; a device that did not open is asked for anew. */
  gpu(): Promise<Gpu> {
    this.#gpu ??= openGpu({ allowSoftware: true }).catch((error) => {
      this.#gpu = undefined;
      throw error;
    });
    return this.#gpu;
  }

  /** @param given the vocabulary of the checkpoint inspected last; the samples are loaded without one */
  async loadTransformer(given: File | undefined, tell: (share: number) => void): Promise<LoadedModel> {
    const vocabulary = await loadVocabulary(given ?? SAMPLE_VOCABULARY);
    const [model, loaded] = await this.#load('transformer', given !== undefined, loadTransformer, tell);
    if (vocabulary.size !== model.vocabularySize) {
      model.dispose();
      throw new UsageError(
        `${given?.name ?? 'The vocabulary'} has ${vocabulary.size} entries and the model ${model.vocabularySize}: give the one it was trained with.`,
      );
    }
    this.#transformer?.model.dispose();
    this.#transformer = { model, vocabulary };
    return loaded;
  }

  async translate(
    { text, beam }: { readonly text: string; readonly beam: number },
    tell: (lines: readonly string[]) => void,
    signal: AbortSignal,
  ): Promise<TranslatedText> {
    if (this.#transformer === undefined) throw new UsageError('No Transformer is loaded yet.');
    const { model, vocabulary } = this.#transformer;
    const lines = text.split('\n');
    const partial = lines.map(() => '');
    const started = performance.now();
    const translations = await translateLines(model, vocabulary, lines, {
      beam,
      signal,
      onPartial: (grown) => {
        for (const [line, text] of grown) partial[line] = text;
        tell(partial);
      },
    });
    return {
      lines: translations.map(({ translation }) => translation),
      tokens: translations.reduce((sum, { ids }) => sum + ids.length, 0),
      seconds: (performance.now() - started) / 1000,
    };
  }

  async loadResNet(which: 'sample' | 'inspected', tell: (share: number) => void): Promise<LoadedModel> {
    const [model, loaded] = await this.#load('rn50', which === 'inspected', loadResNet50, tell);
    this.#resnet?.dispose();
    this.#resnet = model;
    return loaded;
  }

  async classify(picture: Blob): Promise<ClassifiedPicture> {
    if (this.#resnet === undefined) throw new UsageError('No ResNet is loaded yet.');
    const pictures = await openPictures([picture], { unlabelled: true });
    const started = performance.now();
    // This is a worker already: another would only be waited for.
    for await (const [classified] of classifyPictures(this.#resnet, pictures, { workers: 0 })) {
      if ('reason' in classified) throw new UsageError(classified.reason);
      const seconds = (performance.now() - started) / 1000;
      return { classes: mostProbable(classified.logits, CLASSES), seconds };
    }
    throw new UsageError('No picture was given.');
  }

  /** @param input files of a visitor's, or which sample to look at */
  async inspect(input: readonly GivenFile[] | ModelKind): Promise<CheckpointReport> {
    const opened = await openCheckpoint(
      typeof input === 'string' ? SAMPLE_CHECKPOINTS[input] : filesOf(input),
    );
    try {
      const sparsity = await checkpointSparsity(opened);
      const { path } = opened;
      const report = {
        ...sparsity,
        name: lastPart(path),
        kind: modelKind(opened),
        variables: opened.names().length,
      };
      await this.#inspected?.close();
      this.#inspected = opened;
      return report;
    } catch (error) {
      await opened.close();
      throw error;
    }
  }

  async #load<Model extends Transformer | ResNet50>(
    kind: ModelKind,
    isInspected: boolean,
    load: (
      gpu: Gpu,
      checkpoint: Checkpoint,
      options: { onProgress: (done: number, total: number) => void },
    ) => Promise<Model>,
    tell: (share: number) => void,
  ): Promise<[Model, LoadedModel]> {
    const gpu = await this.gpu();
    const started = performance.now();
    const checkpoint = isInspected ? this.#inspected! : await openCheckpoint(SAMPLE_CHECKPOINTS[kind]);
    try {
      const model = await load(gpu, checkpoint, { onProgress: (done, total) => tell(done / total) });
      const { nonzero, total } = model.weights;
      const loaded = {
        name: lastPart(checkpoint.path),
        technique: model.config.technique,
        sparsity: 1 - nonzero / total,
        weights: total,
        bytes: model.byteLength,
        seconds: (performance.now() - started) / 1000,
      };
      return [model, loaded];
    } finally {
      if (!isInspected) await checkpoint.close();
    }
  }
}

/** A single file is what it is; several are those of a checkpoint. */
function filesOf(given: readonly GivenFile[]): File | File[] {
  const files = given.map(({ path, file }) =>
    // Not every browser keeps it on the way to a worker, and a dropped folder has none.
    Object.defineProperty(file, 'webkitRelativePath', { value: path }),
  );
  return files.length === 1 ? files[0] : files;
}

function lastPart(path: string): string {
  return path.split('/').at(-1) || path;
}
