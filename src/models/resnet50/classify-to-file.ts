import { either, fields, listOf, nullable, real, type Shape, text, whole } from '../../base/json-shape.ts';
import { fileStatesDigest } from '../../io/files/file-states.ts';
import { writeJournalled } from '../../io/files/journalled-file.ts';
import type { PictureSource } from '../../io/pictures/picture-source.ts';
import { mostProbable } from '../../metrics/classification.ts';
import {
  type ClassifiedPicture,
  type ClassifyOptions,
  classifyPictures,
  requireSkipBad,
  type UnusablePicture,
} from './classify.ts';
import { UNUSABLE_PICTURE } from './evaluation-part.ts';
import type { ResNet50 } from './model.ts';

/** A class, what softmax gives it, and its name where one is known. */
export interface NamedClass {
  readonly class: number;
  readonly name: string | null;
  readonly probability: number;
}

/** The most probable classes of a picture, best first; or why there are none. */
export type Classification =
  | { readonly file: string; readonly record: number; readonly classes: readonly NamedClass[] }
  | UnusablePicture;

/** How classes are told. */
export interface NamingOptions {
  /** How many of the most probable ones. */
  readonly top: number;
  /** Names of all classes. */
  readonly names?: readonly string[] | undefined;
}

/** How `classifyToFile` classifies, and where to. */
export interface ClassifyToFileOptions extends Omit<ClassifyOptions, 'skip'>, NamingOptions {
  /** The file to write, one JSON object a line. Until it is whole, finished batches are kept in `<output>.partial`. */
  readonly output: string;
  /**
   * Take up what an interrupted run has left in `<output>.partial`, leave a finished output of the same run as it is, and keep
   * in `<output>.done` what tells it. Without it what was left is overwritten.
   */
  readonly resume?: boolean | undefined;
  /** SHA-256 of the checkpoint. */
  readonly checkpoint: string;
  /** See `pictureSetDigest`; of the names of the classes too. */
  readonly data: string;
  /** Files that the run reads beside the pictures, which the output must not replace. */
  readonly inputs?: readonly (string | undefined)[] | undefined;
  /** Whether an output that is there may be replaced. Default true. */
  readonly replace?: boolean | undefined;
  /** Called before the first batch, and waited for. */
  readonly onStart?: ((start: ClassificationStart) => void | Promise<void>) | undefined;
  /** Called with each batch that is done and kept, and waited for. */
  readonly onBatch?: ((batch: readonly Classification[]) => void | Promise<void>) | undefined;
}

export interface ClassificationStart {
  /** What an earlier run has left. */
  readonly resumed: readonly Classification[];
  /** Batches of an earlier run that are not taken up. */
  readonly discarded: number;
  /** Bytes of what an earlier run has left that are damaged; what they stood for is done again. */
  readonly damagedBytes: number;
  /** Whether the same run has finished the output before, which is then left as it is. */
  readonly isFinished: boolean;
}

/** The most probable classes of each picture, batch by batch. Throws as `classifyPictures`. */
export async function* nameClasses(
  model: ResNet50,
  source: PictureSource,
  options: ClassifyOptions & NamingOptions,
): AsyncGenerator<Classification[], void> {
  for await (const batch of classifyPictures(model, source, options)) {
    yield batch.map((each) => ('reason' in each ? each : named(each, options)));
  }
}

/**
 * Classifies into a file, which appears whole or not at all. Every finished batch is kept, so that a run that was interrupted,
 * or that stopped at a picture it cannot use, can be resumed; the result is the same.
 * @throws {UsageError} where the file cannot be written, or where the run to resume had other inputs or options.
 */
export async function classifyToFile(
  model: ResNet50,
  source: PictureSource,
  options: ClassifyToFileOptions,
): Promise<void> {
  const { output, resume = false, replace, checkpoint, data, onStart, onBatch, ...classification } = options;
  const header = {
    checkpoint,
    technique: model.config.technique,
    threshold: model.config.threshold?.value ?? null,
    valuePrecision: model.config.valuePrecision,
    imageSize: model.config.imageSize,
    data,
    top: options.top,
    modificationTimes: await fileStatesDigest(source.files),
  };
  const inputs = [...source.files, ...(options.inputs ?? [])];
  await writeJournalled(output, { header, record: BATCH, resume, replace, inputs }, async (journal) => {
    const done = journal.records.flat();
    requireSkipBad(options.skipBad, done.filter((each) => 'reason' in each).length, journal.path);
    const { discarded, damagedBytes, isFinished } = journal;
    await onStart?.({ resumed: [...done], discarded, damagedBytes, isFinished });
    if (isFinished) return { text: '', result: undefined };
    const skip = done.length;
    for await (const batch of nameClasses(model, source, { ...classification, skip })) {
      await journal.append(batch);
      done.push(...batch);
      await onBatch?.(batch);
    }
    return { text: done.map((each) => `${JSON.stringify(each)}\n`).join(''), result: undefined };
  });
}

function named({ file, record, logits }: ClassifiedPicture, { top, names }: NamingOptions): Classification {
  const classes = mostProbable(logits, top).map(({ class: index, probability }) => ({
    class: index,
    name: names?.[index] ?? null,
    probability,
  }));
  return { file, record, classes };
}

/** A record of the journal. */
const BATCH = listOf(
  either(
    UNUSABLE_PICTURE,
    fields({
      file: text(),
      record: whole(),
      classes: listOf(fields({ class: whole(), name: nullable(text()), probability: real({ least: 0 }) })),
    }),
  ),
  { least: 1 },
) satisfies Shape<readonly Classification[]>;
