import { Command } from '@commander-js/extra-typings';
import { openCheckpoint } from '../../io/checkpoint/checkpoint.ts';
import type { Checkpoint, TensorInfo } from '../../io/checkpoint/checkpoint-types.ts';
import { verifyCheckpoint } from '../../io/checkpoint/verify-checkpoint.ts';
import { CHECKPOINT } from '../arguments/checkpoint-options.ts';
import { FROM, OFFLINE } from '../arguments/fetch-options.ts';
import { checkpointFor } from '../session/published.ts';
import { note, printJson, printText } from '../terminal/print.ts';
import { showProgress } from '../terminal/progress.ts';
import { formatTable } from '../terminal/table.ts';

export const inspectCommand = new Command('inspect')
  .addArgument(CHECKPOINT)
  .addOption(FROM)
  .addOption(OFFLINE)
  .option('--verify', 'Read everything and compare all checksums')
  .option('--json', 'Print one JSON object');

inspectCommand.action(async (given, args) => {
  const checkpoint = await openCheckpoint(await checkpointFor(given, args));
  try {
    const variables = checkpoint.names().map((name) => checkpoint.info(name));
    const verified = args.verify ? await verify(checkpoint) : undefined;
    if (args.json) await printJson(described(checkpoint.path, variables, verified));
    else await printText(asTable(variables));
  } finally {
    await checkpoint.close();
  }
});

async function verify(checkpoint: Checkpoint): Promise<number> {
  using progress = showProgress('verified');
  const { verified, without } = await verifyCheckpoint(checkpoint, (done, total) =>
    progress.update(done, total, 'variables'),
  );
  if (verified > 0 || without === 0) note(`all checksums of ${verified} variables are right`);
  if (without > 0) note(`${without} variables have no checksum, so whether they are right is not known`);
  return verified;
}

function described(path: string, variables: readonly TensorInfo[], verified: number | undefined) {
  return {
    path,
    variables: variables.map(({ name, dtype, shape, byteLength }) => ({
      name,
      dtype,
      shape,
      bytes: byteLength,
    })),
    totals: totals(variables),
    verified: verified !== undefined && verified === variables.length,
    verifiedVariables: verified ?? 0,
  };
}

function asTable(variables: readonly TensorInfo[]): string {
  const table = formatTable(
    [{ heading: 'name' }, { heading: 'dtype' }, { heading: 'shape' }, { heading: 'bytes', align: 'right' }],
    variables.map(({ name, dtype, shape, byteLength }) => [name, dtype, `[${shape.join(', ')}]`, byteLength]),
  );
  const { variables: count, elements, bytes } = totals(variables);
  return `${table}${count} variables, ${elements} elements, ${bytes} bytes\n`;
}

function totals(variables: readonly TensorInfo[]): { variables: number; elements: number; bytes: number } {
  return {
    variables: variables.length,
    elements: variables.reduce((sum, { shape }) => sum + shape.reduce((count, size) => count * size, 1), 0),
    bytes: variables.reduce((sum, { byteLength }) => sum + byteLength, 0),
  };
}
