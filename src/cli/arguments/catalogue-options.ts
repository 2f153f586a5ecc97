import { Option } from '@commander-js/extra-typings';
import { TECHNIQUES } from '../../base/technique.ts';
import { parseRange } from '../../results/range.ts';

// The options that choose among the published checkpoints.

export const PUBLISHED_MODEL = new Option('--model <model>', 'Only those of one model').choices([
  'transformer',
  'rn50',
] as const);

export const PUBLISHED_TECHNIQUE = new Option('--technique <name>', 'Only those of one technique').choices(
  TECHNIQUES.filter((name) => name !== 'dense'),
);

export const PUBLISHED_SPARSITY = new Option(
  '--sparsity <range>',
  'Only those of a sparsity, such as 0.9, or of several, such as 0.8..0.95',
).argParser(parseRange);
