import type { ModelKind } from '../../src/browser.ts';

/*
 * The embedded models: the folder demo/ of the repository, which vite puts beside the page. Scripts, this one too, lie in a
 * folder one below that, built or not.
 */

export const SAMPLE_CHECKPOINTS: Readonly<Record<ModelKind, URL>> = {
  transformer: sample('transformer.tar.gz'),
  rn50: sample('resnet18.tar.gz'),
};
export const SAMPLE_VOCABULARY = sample('vocabulary.subwords');

function sample(file: string): URL {
  return new URL(`../${file}`, location.href);
}
