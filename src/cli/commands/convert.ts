import { basename, join } from 'node:path';
import { Command, Option } from '@commander-js/extra-typings';
import { UsageError } from '../../base/errors.ts';
import { printable } from '../../base/printable.ts';
import { openCheckpoint } from '../../io/checkpoint/checkpoint.ts';
import { checkpointInputs } from '../../io/checkpoint/checkpoint-inputs.ts';
import type { Checkpoint } from '../../io/checkpoint/checkpoint-types.ts';
import { isOfCheckpoint } from '../../io/checkpoint/locate.ts';
import {
  divideTensors,
  type Exported,
  isBundleTensor,
  type OnTensor,
  readTensors,
} from '../../io/exchange/export.ts';
import { writeNpz } from '../../io/exchange/write-npz.ts';
import { writeSafetensors } from '../../io/exchange/write-safetensors.ts';
import { writeSmtx } from '../../io/exchange/write-smtx.ts';
import {
  type DirectoryOptions,
  requireDirectory,
  writeDirectoryAtomic,
} from '../../io/files/atomic-directory.ts';
import { requireOutput } from '../../io/files/output.ts';
import type { OutputPlace } from '../../io/files/output-place.ts';
import { appliedCheckpoint, withoutSlots, zeroedCheckpoint } from '../../layers/applied-checkpoint.ts';
import { resolveLogAlphaThreshold, resolveTechnique } from '../../layers/resolve-technique.ts';
import { readPattern, sparsifiedMatrices } from '../../layers/sparsity-patterns.ts';
import { exportMetadata } from '../../models/export-metadata.ts';
import { writeCopy } from '../../models/write-copy.ts';
import {
  CHECKPOINT,
  LOG_ALPHA_THRESHOLD,
  TECHNIQUE,
  type WeightOptions,
} from '../arguments/checkpoint-options.ts';
import { FROM, OFFLINE } from '../arguments/fetch-options.ts';
import { packageVersion } from '../report/package-version.ts';
import { noteUnusedThreshold } from '../report/threshold-note.ts';
import { checkpointFor } from '../session/published.ts';
import { interruptible } from '../terminal/interrupt.ts';
import { note, printJson, printText } from '../terminal/print.ts';
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
  .option(
    '--apply-masks',
    'Write the weights that are computed with, and nothing of the technique beside them',
  )
  .addOption(
    new Option(
      '--zero-dropped',
      'Write 0 for weights that are dropped, so that the file compresses',
    ).conflicts('applyMasks'),
  )
  .option('--drop-slots', 'Leave out what only the optimizer needs')
  .addOption(TECHNIQUE)
  .addOption(LOG_ALPHA_THRESHOLD)
  .option('--json', 'Print one JSON object');

convertCommand.action(async (given, args) => {
  const path = await checkpointFor(given, args);
  const inputs = await checkpointInputs(path);
  const directory = { inputs, replaceable: args.force ? isOwnFile : undefined };
  const isFile = args.to === 'safetensors' || args.to === 'npz';
  const place = isFile
    ? await requireOutput(args.output, { inputs, replace: args.force ?? false })
    : await requireDirectory(args.output, directory);
  if (args.to === 'smtx' && (args.applyMasks || args.zeroDropped || args.dropSlots)) {
    throw new UsageError(
      '--apply-masks, --zero-dropped and --drop-slots are for tensors; smtx gets patterns alone',
    );
  }
  const usesThreshold =
    args.to === 'smtx' || args.to === 'safetensors' || args.applyMasks || args.zeroDropped;
  if (!usesThreshold && args.logAlphaThreshold !== undefined) {
    note(`--log-alpha-threshold is for patterns, masks and metadata; ${args.to} has none, so it is ignored`);
  }
  const checkpoint = await openCheckpoint(path);
  try {
    using progress = showProgress('written');
    const { written, leftOut } = await interruptible((signal) => {
      const onTensor: OnTensor = (done, total) => {
        signal.throwIfAborted();
        progress.update(done, total, args.to === 'smtx' ? 'patterns' : 'tensors');
      };
      return WRITERS[args.to](selected(checkpoint, args), args.output, onTensor, { ...args, directory });
    });
    const names = leftOut.map(({ name, dtype }) => `${name} (${dtype})`);
    if (names.length > 0) note(`${args.to} cannot hold, and lacks: ${names.join(', ')}`);
    const result = { path: checkpoint.path, to: args.to, output: args.output, written };
    const summary = { ...result, leftOut: leftOut.map(({ name, dtype }) => ({ name, dtype })) };
    const sentence = `${args.output} has ${written} ${args.to === 'smtx' ? 'patterns' : 'tensors'}`;
    // Where the file itself goes to standard output, nothing may follow it there.
    if (isStandardOutput(place)) note(args.json ? JSON.stringify(summary) : sentence);
    else if (args.json) await printJson(summary);
    else
      await printText(`${printable(sentence)}
`);
  } finally {
    await checkpoint.close();
  }
});

function isStandardOutput(place: OutputPlace | string): boolean {
  return typeof place === 'object' && place.kind === 'stream' && place.descriptor === 1;
}

/** What an earlier run may have written into a directory. */
function isOwnFile(name: string): boolean {
  return (isOfCheckpoint(name) && !name.endsWith('.safetensors')) || name.endsWith('.smtx');
}

interface ConvertOptions extends WeightOptions {
  readonly applyMasks?: true | undefined;
  readonly zeroDropped?: true | undefined;
  readonly dropSlots?: true | undefined;
}

/** The tensors to write. */
function selected(checkpoint: Checkpoint, options: ConvertOptions): Checkpoint {
  const kept = options.dropSlots ? withoutSlots(checkpoint) : checkpoint;
  if (!options.applyMasks && !options.zeroDropped) return kept;
  const technique = resolveTechnique(checkpoint, options.technique);
  noteUnusedThreshold(technique, options.logAlphaThreshold);
  if (technique === 'dense') {
    note(
      `the checkpoint is dense, so there ${options.applyMasks ? 'are no masks to apply' : 'is nothing dropped'}`,
    );
  }
  const threshold = resolveLogAlphaThreshold(checkpoint, options.logAlphaThreshold);
  const change = options.applyMasks ? appliedCheckpoint : zeroedCheckpoint;
  return change(kept, technique, threshold.value);
}

type Writer = (
  checkpoint: Checkpoint,
  output: string,
  onTensor: OnTensor,
  options: ConvertOptions & { readonly directory: DirectoryOptions },
) => Promise<Exported>;

const WRITERS: Record<'safetensors' | 'npz' | 'bundle' | 'smtx', Writer> = {
  async safetensors(checkpoint, output, onTensor, options) {
    const metadata = await exportMetadata(checkpoint, options);
    const { technique } = metadata;
    if (!options.applyMasks && technique) noteUnusedThreshold(technique, options.logAlphaThreshold);
    return writeSafetensors(output, checkpoint, onTensor, {
      producer: `tsos ${await packageVersion()}`,
      source: basename(checkpoint.path),
      ...metadata,
    });
  },
  npz: (checkpoint, output, onTensor) => writeNpz(output, checkpoint, onTensor),
  async bundle(checkpoint, output, onTensor, { directory }) {
    const { held, leftOut } = divideTensors(checkpoint, isBundleTensor);
    const names = held.map(({ name }) => name);
    await writeCopy(checkpoint, output, readTensors(checkpoint, onTensor, names), directory);
    return { written: held.length, leftOut };
  },
  async smtx(checkpoint, output, onTensor, requested) {
    const technique = resolveTechnique(checkpoint, requested.technique);
    noteUnusedThreshold(technique, requested.logAlphaThreshold);
    const threshold = resolveLogAlphaThreshold(checkpoint, requested.logAlphaThreshold).value;
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
