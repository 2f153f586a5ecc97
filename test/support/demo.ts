import { fileURLToPath } from 'node:url';

/** The small checkpoint that comes with the repository, 70 % of its weights pruned. */
export const DEMO_CHECKPOINT = inDemo('magnitude_pruning.tar.gz');
export const DEMO_VOCABULARY = inDemo('vocab.300.subwords');
/** A ResNet-50 of few channels, pruned too, and a picture for it. */
export const DEMO_RESNET = inDemo('extended_threshold.tar.gz');
export const DEMO_PICTURE = inDemo('picture.jpg');

function inDemo(file: string): string {
  return fileURLToPath(new URL(`../../demo/${file}`, import.meta.url));
}
