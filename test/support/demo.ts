import { fileURLToPath } from 'node:url';

/** The small checkpoint that comes with the repository, 90 % of its weights pruned. */
export const DEMO_CHECKPOINT = inDemo('transformer.tar.gz');
export const DEMO_VOCABULARY = inDemo('vocabulary.subwords');
/** A ResNet-18 of few channels, pruned too, and a picture for it. */
export const DEMO_RESNET = inDemo('resnet18.tar.gz');
/** Names of its classes. */
export const DEMO_CLASSES = inDemo('classes.txt');
export const DEMO_PICTURE = inDemo('pictures/7.jpg');

/** A file of the folder that comes with the repository. */
export function inDemo(file: string): string {
  return fileURLToPath(new URL(`../../demo/${file}`, import.meta.url));
}
