import { DataError } from '../../base/errors.ts';

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
export function parseHparams(text: string, file: string): Hparams {
  const values = parsePythonJson(text, file);
  const heads = isRecord(values) ? (values.num_heads ?? undefined) : undefined;
  if (heads === undefined) return { heads };
  // Some tools write all values as text.
  const number = typeof heads === 'string' && heads.trim() !== '' ? Number(heads) : heads;
  if (typeof number === 'number' && Number.isSafeInteger(number) && number >= 1) return { heads: number };
  const given = JSON.stringify(heads).slice(0, 80);
  throw new DataError(
    `num_heads is ${given}, not a whole number from 1; mend or remove it, or give the heads`,
    {
      file,
    },
  );
}

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

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
