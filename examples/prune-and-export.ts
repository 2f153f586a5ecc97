// Prune a dense checkpoint to 90 %, see what a picture is taken for before and after, and write what is left for other tools.
//
//     npm run example -- prune-and-export [checkpoint] [picture.jpg]
//
// Without arguments: the demonstration ResNet, whose weights are random, with its masks left out.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type Checkpoint,
  checkpointSparsity,
  classifyPictures,
  loadResNet50,
  mostProbable,
  openCheckpoint,
  openGpu,
  openPictures,
  pruneCheckpoint,
  readTensors,
  writeCheckpoint,
  writeSafetensors,
} from 'tsos';

const [given, picture = 'demo/pictures/7.jpg'] = process.argv.slice(2);
const folder = await mkdtemp(join(tmpdir(), 'tsos-example-'));
try {
  await using dense = given === undefined ? await demonstration() : await openCheckpoint(given);
  const prefix = join(folder, 'pruned', 'model.ckpt-0');
  await writeCheckpoint(prefix, pruneCheckpoint(dense, { sparsity: 0.9 }));
  await using pruned = await openCheckpoint(prefix);
  console.log(`${(100 * (await checkpointSparsity(pruned)).sparsity).toFixed(2)} % of the weights are zero`);

  await using gpu = await openGpu({ allowSoftware: true });
  for (const checkpoint of [dense, pruned]) {
    using network = await loadResNet50(gpu, checkpoint);
    const pictures = await openPictures([picture], { unlabelled: true });
    for await (const [each] of classifyPictures(network, pictures)) {
      if (!('logits' in each)) throw new Error(each.reason);
      const [best] = mostProbable(each.logits, 1);
      console.log(
        `${network.config.technique}: class ${best.class}, ${(100 * best.probability).toFixed(1)} %`,
      );
    }
  }
  const { written } = await writeSafetensors(join(folder, 'model.safetensors'), pruned);
  console.log(`${written} tensors in a safetensors file`);
} finally {
  await rm(folder, { recursive: true });
}

async function demonstration(): Promise<Checkpoint> {
  await using sparse = await openCheckpoint('demo/resnet18.tar.gz');
  const prefix = join(folder, 'dense', 'model.ckpt-0');
  await writeCheckpoint(prefix, withoutMasks(sparse));
  return openCheckpoint(prefix);
}

async function* withoutMasks(checkpoint: Checkpoint) {
  for await (const tensor of readTensors(checkpoint)) {
    if (!/\/(mask|threshold)$/.test(tensor.name)) yield tensor;
  }
}
