import { DataError } from '../base/errors.ts';
import { either, fields, nullable, optional, shaped, text, whole } from '../base/json-shape.ts';
import type { Checkpoint } from '../io/checkpoint/checkpoint-types.ts';

/** What shapes of variables do not tell of a model; undefined: not said. */
export interface Hparams {
  /** Attention heads of a Transformer. */
  readonly heads: number | undefined;
  /** Side of the pictures that a residual network was trained on, in pixels. */
  readonly imageSize: number | undefined;
}

/** Where {@link Hparams} stand. */
export type HparamsSource = 'metadata' | 'hparams.json';

/** Name of the file, where Tensor2Tensor looks for it too. */
export const HPARAMS_FILE = 'hparams.json';

/**
 * Finds what a checkpoint's metadata say, as our safetensors have them, and an `hparams.json` beside it, which Tensor2Tensor
 * leaves there. The metadata count more.
 * @throws {DataError} where the file is damaged.
 */
export async function statedHparams(checkpoint: Checkpoint): Promise<Hparams & { source: HparamsSource }> {
  const kept = { heads: inMetadata(checkpoint, HEADS), imageSize: inMetadata(checkpoint, IMAGE_SIZE) };
  if (kept.heads !== undefined || kept.imageSize !== undefined) return { ...kept, source: 'metadata' };
  const found = await checkpoint.readBeside?.(HPARAMS_FILE);
  const nothing = { heads: undefined, imageSize: undefined };
  const stated = found ? parseHparams(new TextDecoder().decode(found.bytes), found.file) : nothing;
  return { ...stated, source: 'hparams.json' };
}

/**
 * Parses an `hparams.json`. Python writes `NaN` and `Infinity` into it, which are no JSON.
 * @param file what errors call it.
 * @throws {DataError} where it is no JSON, or what it states is no whole number.
 */
export function parseHparams(json: string, file: string): Hparams {
  const values = parsePythonJson(json, file);
  if (typeof values !== 'object' || values === null || Array.isArray(values)) {
    return { heads: undefined, imageSize: undefined };
  }
  const stated = shaped(values, HPARAMS, 'file of hyper-parameters', file);
  const of = (name: keyof typeof stated) => (stated[name] == null ? undefined : Number(stated[name]));
  return { heads: of(HEADS), imageSize: of(IMAGE_SIZE) };
}

/** An `hparams.json`; undefined where there is nothing to state. */
export function formatHparams(hparams: Partial<Hparams>): string | undefined {
  const values = hparamsMetadata(hparams);
  if (Object.keys(values).length === 0) return undefined;
  const numbers = Object.entries(values).map(([name, value]) => [name, Number(value)]);
  return `${JSON.stringify(Object.fromEntries(numbers))}\n`;
}

/** The same as metadata of a safetensors file. */
export function hparamsMetadata({ heads, imageSize }: Partial<Hparams>): Record<string, string> {
  return {
    ...(heads === undefined ? {} : { [HEADS]: `${heads}` }),
    ...(imageSize === undefined ? {} : { [IMAGE_SIZE]: `${imageSize}` }),
  };
}

/** Tensor2Tensor's name. */
const HEADS = 'num_heads';
/** The name is that of the option of `tsos train`, in snake case. */
const IMAGE_SIZE = 'image_size';

// Some tools write all values as text.
const COUNT = optional(
  nullable(either(text('a whole number from 1', /^\s*0*[1-9]\d{0,8}\s*$/), whole({ least: 1 }))),
);
const HPARAMS = fields({ [HEADS]: COUNT, [IMAGE_SIZE]: COUNT });

function inMetadata({ metadata }: Checkpoint, name: string): number | undefined {
  const value = Number(metadata?.[name] ?? Number.NaN);
  return Number.isSafeInteger(value) ? value : undefined;
}

function parsePythonJson(text: string, file: string): unknown {
  const json = text.replace(/"(?:[^"\\]|\\[\s\S])*"|-?(?:NaN|Infinity)/g, (token) =>
    token.startsWith('"') ? token : 'null',
  );
  try {
    return JSON.parse(json);
  } catch (error) {
    const reason = `is not JSON: ${(error as Error).message}; mend or remove it, or give by options what it states`;
    throw new DataError(reason, { file }, { cause: error });
  }
}
