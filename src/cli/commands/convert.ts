import { join } from 'node:path';
import { Command, Option } from '@commander-js/extra-typings';
import { openCheckpoint } from '../../io/checkpoint/checkpoint.ts';
import { trainingStep, writeCheckpointDirectory } from '../../io/checkpoint/checkpoint-directory.ts';
import { checkpointInputs } from '../../io/checkpoint/checkpoint-inputs.ts';
import type { Checkpoint } from '../../io/checkpoint/checkpoint-types.ts';
import { isCheckpointFile } from '../../io/checkpoint/locate.ts';
import { type Exported, type OnTensor, readTensors } from '../../io/exchange/export.ts';
import { writeNpz } from '../../io/exchange/write-npz.ts';
import { writeSafetensors } from '../../io/exchange/write-safetensors.ts';
import { writeSmtx } from '../../io/exchange/write-smtx.ts';
import {
  type DirectoryOptions,
  requireDirectory,
  writeDirectoryAtomic,
} from '../../io/files/atomic-directory.ts';
import { requireOutput } from '../../io/files/output.ts';
import { resolveLogAlphaThreshold, resolveTechnique } from '../../layers/resolve-technique.ts';
import { readPattern, sparsifiedMatrices } from '../../layers/sparsity-patterns.ts';
import {
  CHECKPOINT,
  LOG_ALPHA_THRESHOLD,
  TECHNIQUE,
  type WeightOptions,
} from '../arguments/checkpoint-options.ts';
import { FROM, OFFLINE } from '../arguments/fetch-options.ts';
import { noteUnusedThreshold } from '../report/threshold-note.ts';
import { checkpointFor } from '../session/published.ts';
import { interruptible } from '../terminal/interrupt.ts';
import { note, print, printable } from '../terminal/print.ts';
import { showProgress } from '../terminal/progress.ts';

export const convertCommand = new Command('convert')
  .addArgument(CHECKPOINT)
  .addOption(FROM)
  .addOption(OFFLINE)
  .addOption(
    new Option(
      '--to <format>',
      'All tensors (safetensors, npz, a V2 checkpoint), or patterns of sparse matrices (smtx)',
    )
      .choices(['safetensors', 'npz', 'bundle', 'smtx'] as const)
      .makeOptionMandatory(),
  )
  .requiredOption('--output <path>', 'New file, or new directory for bundle and smtx')
  .option('--force', 'Replace what an earlier run wrote there')
  .addOption(TECHNIQUE)
  .addOption(LOG_ALPHA_THRESHOLD)
  .option('--json', 'Print one JSON object');

convertCommand.action(async (given, args) => {
  const path = await checkpointFor(given, args);
  const inputs = await checkpointInputs(path);
  const directory = { inputs, replaceable: args.force ? isOwnFile : undefined };
  const isFile = args.to === 'safetensors' || args.to === 'npz';
  if (isFile) await requireOutput(args.output, { inputs, replace: args.force ?? false });
  else await requireDirectory(args.output, directory);
  if (args.to !== 'smtx' && args.logAlphaThreshold !== undefined) {
    note(`--log-alpha-threshold is for smtx; ${args.to} gets all tensors as they are, so it is ignored`);
  }
  const checkpoint = await openCheckpoint(path);
  try {
    using progress = showProgress('written');
    const { written, leftOut } = await interruptible((signal) => {
      const onTensor: OnTensor = (done, total) => {
        signal.throwIfAborted();
        progress.update(done, total, args.to === 'smtx' ? 'patterns' : 'tensors');
      };
      return WRITERS[args.to](checkpoint, args.output, onTensor, { ...args, directory });
    });
    const names = leftOut.map(({ name, dtype }) => `${printable(name)} (${dtype})`);
    if (names.length > 0) note(`${args.to} cannot hold, and lacks: ${names.join(', ')}`);
    const result = { path: checkpoint.path, to: args.to, output: args.output, written };
    await print(
      args.json
        ? `${JSON.stringify({ ...result, leftOut: leftOut.map(({ name, dtype }) => ({ name, dtype })) })}\n`
        : `${args.output} has ${written} ${args.to === 'smtx' ? 'patterns' : 'tensors'}\n`,
    );
  } finally {
    await checkpoint.close();
  }
});

/** What an earlier run may have written into a directory. */
function isOwnFile(name: string): boolean {
  return isCheckpointFile(name) || name.endsWith('.smtx');
}

type Writer = (
  checkpoint: Checkpoint,
  output: string,
  onTensor: OnTensor,
  options: WeightOptions & { readonly directory: DirectoryOptions },
) => Promise<Exported>;

const WRITERS: Record<'safetensors' | 'npz' | 'bundle' | 'smtx', Writer> = {
  safetensors: (checkpoint, output, onTensor) => writeSafetensors(output, checkpoint, onTensor),
  npz: (checkpoint, output, onTensor) => writeNpz(output, checkpoint, onTensor),
  async bundle(checkpoint, output, onTensor, { directory }) {
    const step = await trainingStep(checkpoint);
    await writeCheckpointDirectory(output, readTensors(checkpoint, onTensor), step, directory);
    return { written: checkpoint.names().length, leftOut: [] };
  },
  async smtx(checkpoint, output, onTensor, requested) {
    const technique = resolveTechnique(checkpoint, requested.technique);
    noteUnusedThreshold(technique, requested.logAlphaThreshold);
    const threshold = resolveLogAlphaThreshold(checkpoint.path, requested.logAlphaThreshold).value;
    const matrices = sparsifiedMatrices(checkpoint, technique);
    const write = async (directory: string) => {
      for (const [i, matrix] of matrices.entries()) {
        const pattern = await readPattern(checkpoint, matrix, technique, threshold);
        await writeSmtx(join(directory, `${matrix.name}.smtx`), pattern);
        onTensor(i + 1, matrices.length);
      }
    };
    await writeDirectoryAtomic(output, write, requested.directory);
    return { written: matrices.length, leftOut: [] };
  },
};
