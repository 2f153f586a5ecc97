/** Exits with 0 where a hardware adapter opens. What it found or missed is told on stderr. */
import { openGpu } from '../../graph/open-gpu.ts';

try {
  const gpu = await openGpu({ allowSoftware: false });
  process.stderr.write(`tsos: hardware adapter ${gpu.describe()}\n`);
  gpu.dispose();
} catch (error) {
  process.stderr.write(`tsos: no hardware adapter: ${(error as Error).message}\n`);
  process.exitCode = 1;
}
