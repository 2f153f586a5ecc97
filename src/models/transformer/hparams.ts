import { DataError } from '../../base/errors.ts';
import { either, fields, nullable, optional, shaped, text, whole } from '../../base/json-shape.ts';

/** Of the hyper-parameters that Tensor2Tensor leaves beside a checkpoint, those that the checkpoint does not tell. */
export interface Hparams {
  /** undefined: not said. */
  readonly heads: number | undefined;
}

/**
 * Parses an `hparams.json`. Python writes `NaN` and `Infinity` into it, which are no JSON.
 * @param file what errors call it.
 * @throws {DataError} where it is no JSON, or its number of heads is none.
 */
export function parseHparams(json: string, file: string): Hparams {
  const values = parsePythonJson(json, file);
  if (typeof values !== 'object' || values === null || Array.isArray(values)) return { heads: undefined };
  const { num_heads: heads } = shaped(values, HPARAMS, 'file of hyper-parameters', file);
  return { heads: heads == null ? undefined : Number(heads) };
}

/** Name of the file, where Tensor2Tensor looks for it too. */
export const HPARAMS_FILE = 'hparams.json';

/** An `hparams.json` that says what the shapes of a checkpoint do not. */
export function formatHparams(heads: number): string {
  return `${JSON.stringify({ num_heads: heads })}\n`;
}

const HPARAMS = fields({
  // Some tools write all values as text.
  num_heads: optional(
    nullable(either(text('a whole number from 1', /^\s*0*[1-9]\d{0,8}\s*$/), whole({ least: 1 }))),
  ),
});

function parsePythonJson(text: string, file: string): unknown {
  const json = text.replace(/"(?:[^"\\]|\\[\s\S])*"|-?(?:NaN|Infinity)/g, (token) =>
    token.startsWith('"') ? token : 'null',
  );
  try {
    return JSON.parse(json);
  } catch (error) {
    const reason = `is not JSON: ${(error as Error).message}; mend or remove it, or give the heads`;
    throw new DataError(reason, { file }, { cause: error });
  }
}
