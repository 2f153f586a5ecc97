/** Opens a device and exits as the command line would: 0, or the error's exit code with its name and message on stderr. */
import { TsosError } from '../../src/base/errors.ts';
import { openGpu } from '../../src/graph/open-gpu.ts';

try {
  const gpu = await openGpu();
  gpu.dispose();
} catch (error) {
  if (!(error instanceof TsosError)) throw error;
  process.stderr.write(`${error.name}: ${error.message}\n`);
  process.exitCode = error.exitCode;
}
