// What someone who installed the package might write; compiled and run by .ci/run.
import { openGpu } from 'tsos';

const gpu = await openGpu();
console.log(`tsos runs on ${gpu.describe()}`);
await gpu.close();
