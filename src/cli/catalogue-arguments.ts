import type { ArgsDef } from 'citty';
import { TECHNIQUES } from '../base/technique.ts';
import type { CheckpointFilter } from '../results/catalogue.ts';
import { parseRange } from '../results/range.ts';
import { techniqueOption } from './arguments.ts';

/** The arguments that choose among the published checkpoints. */
export const CATALOGUE_ARGUMENTS = {
  model: { type: 'enum', options: ['transformer', 'rn50'], description: 'Only those of one model' },
  technique: {
    type: 'string',
    valueHint: 'name',
    description: `Only those of one technique (${TECHNIQUES.filter((name) => name !== 'dense').join(', ')})`,
  },
  sparsity: {
    type: 'string',
    valueHint: 'range',
    description: 'Only those of a sparsity, such as 0.9, or of several, such as 0.8..0.95',
  },
} as const satisfies ArgsDef;

/** @throws {UsageError} where a value cannot be read. */
export function checkpointFilter(args: {
  readonly model?: CheckpointFilter['model'];
  readonly technique?: string | undefined;
  readonly sparsity?: string | undefined;
}): CheckpointFilter {
  return {
    model: args.model,
    technique: techniqueOption(args.technique),
    sparsity: args.sparsity === undefined ? undefined : parseRange(args.sparsity),
  };
}
