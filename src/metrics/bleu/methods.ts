import { UsageError } from '../../base/errors.ts';
import { replaceUnicodePunctuation, splitCompounds, tokenizeMoses } from './moses.ts';
import { splitWords, tokenize13a, tokenizeIntl } from './sacrebleu-tokenizers.ts';
import type { SmoothingMethod } from './smoothing.ts';

/** The definitions of BLEU, whose scores must not be compared with each other. */
export const BLEU_METHODS = ['moses-compound', 'moses', 'multi-bleu', '13a', 'intl', 'none'] as const;

/** Which BLEU is measured, see `BleuOptions`. */
export type BleuMethod = (typeof BLEU_METHODS)[number];

export interface Method {
  /** The tool whose figure it is. */
  readonly tool: 'multi-bleu' | 'sacrebleu';
  readonly smoothing: SmoothingMethod;
  /** The tokens of a line that are compared. */
  hypothesis(line: string, lowercase: boolean): string[];
  reference(line: string, lowercase: boolean): string[];
}

/** @throws {UsageError} for a method that there is not. */
export function resolveMethod(name: BleuMethod): Method {
  if (!BLEU_METHODS.includes(name)) {
    throw new UsageError(`there is no BLEU method "${name}"; it can be ${BLEU_METHODS.join(', ')}`);
  }
  return METHODS[name];
}

const METHODS: Readonly<Record<BleuMethod, Method>> = {
  'moses-compound': multiBleu((line) => splitCompounds(tokenizeLikeScript(line)), splitCompounds),
  moses: multiBleu(tokenizeLikeScript, asIs),
  'multi-bleu': multiBleu(asIs, asIs),
  '13a': sacreBleu(tokenize13a),
  intl: sacreBleu(tokenizeIntl),
  none: sacreBleu(splitWords),
};

function multiBleu(hypothesis: (line: string) => string, reference: (line: string) => string): Method {
  const tokens = (text: string, lowercase: boolean) =>
    (lowercase ? lowercaseAscii(text) : text).match(ASCII_WORDS) ?? [];
  return {
    tool: 'multi-bleu',
    smoothing: 'none',
    hypothesis: (line, lowercase) => tokens(hypothesis(line), lowercase),
    reference: (line, lowercase) => tokens(reference(line), lowercase),
  };
}

function sacreBleu(tokenize: (line: string) => string[]): Method {
  const tokens = (line: string, lowercase: boolean) => tokenize(lowercase ? line.toLowerCase() : line);
  return { tool: 'sacrebleu', smoothing: 'exp', hypothesis: tokens, reference: tokens };
}

function tokenizeLikeScript(line: string): string {
  return tokenizeMoses(replaceUnicodePunctuation(line));
}

function asIs(line: string): string {
  return line;
}

/** The script reads bytes: of letters it only knows the case of ASCII ones, of white space only ASCII. */
function lowercaseAscii(text: string): string {
  return text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
}

const ASCII_WORDS = /[^\t-\r ]+/g;
