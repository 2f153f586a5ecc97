import type { CommandUnknownOpts } from '@commander-js/extra-typings';

/** A command: what it does, in a line, and how it is loaded, so that reading a file loads nothing of the GPU. */
interface CommandEntry {
  readonly does: string;
  load(): Promise<CommandUnknownOpts>;
}

/** All commands, in the order in which help lists them. */
export const COMMANDS: Readonly<Record<string, CommandEntry>> = {
  list: {
    does: 'List the checkpoints that were published with the paper',
    load: async () => (await import('./commands/list.ts')).listCommand,
  },
  fetch: {
    does: 'Download published checkpoints; what was interrupted is gone on with',
    load: async () => (await import('./commands/fetch.ts')).fetchCommand,
  },
  inspect: {
    does: 'List the variables of a checkpoint',
    load: async () => (await import('./commands/inspect.ts')).inspectCommand,
  },
  sparsity: {
    does: 'Measure the weight sparsity of a checkpoint',
    load: async () => (await import('./commands/sparsity.ts')).sparsityCommand,
  },
  prune: {
    does: 'Prune a dense checkpoint at once',
    load: async () => (await import('./commands/prune.ts')).pruneCommand,
  },
  convert: {
    does: 'Write a checkpoint in another format',
    load: async () => (await import('./commands/convert.ts')).convertCommand,
  },
  translate: {
    does: 'Translate sentences with a Transformer',
    load: async () => (await import('./commands/translate.ts')).translateCommand,
  },
  evaluate: {
    does: 'Measure the top-1 accuracy of a ResNet on ImageNet',
    load: async () => (await import('./commands/evaluate.ts')).evaluateCommand,
  },
  merge: {
    does: 'Add up the parts of an evaluation',
    load: async () => (await import('./commands/merge.ts')).mergeCommand,
  },
  classify: {
    does: 'Name what is in pictures with a ResNet',
    load: async () => (await import('./commands/classify.ts')).classifyCommand,
  },
  bleu: {
    does: "Measure BLEU, as the paper's script or as sacreBLEU does",
    load: async () => (await import('./commands/bleu.ts')).bleuCommand,
  },
  train: {
    does: 'Train a Transformer or a ResNet, dense or sparse; what was interrupted is gone on with',
    load: async () => (await import('./commands/train.ts')).trainCommand,
  },
  curves: {
    does: 'Draw what trainings measured on their way',
    load: async () => (await import('./commands/curves.ts')).curvesCommand,
  },
  sweep: {
    does: 'Train and measure a grid of runs, for a study of sparsity of your own',
    load: async () => (await import('./commands/sweep.ts')).sweepCommand,
  },
  vocabulary: {
    does: "Build a vocabulary of subwords from texts, by Tensor2Tensor's rule",
    load: async () => (await import('./commands/vocabulary.ts')).vocabularyCommand,
  },
  results: {
    does: "Query and draw the paper's published results",
    load: async () => (await import('./commands/results.ts')).resultsCommand,
  },
  reproduce: {
    does: 'Measure published checkpoints again, and report how the figures compare',
    load: async () => (await import('./commands/reproduce.ts')).reproduceCommand,
  },
  tune: {
    does: 'Measure which kernels are fastest on this adapter, and keep it for later runs',
    load: async () => (await import('./commands/tune.ts')).tuneCommand,
  },
  demo: {
    does: 'Translate a few sentences and classify a picture, with embedded models or a given one',
    load: async () => (await import('./commands/demo.ts')).demoCommand,
  },
  exec: {
    does: 'Run a command where it finds a GPU or the software adapter',
    load: async () => (await import('./commands/exec.ts')).execCommand,
  },
};
