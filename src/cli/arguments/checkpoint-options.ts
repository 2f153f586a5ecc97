import { Argument, Option } from '@commander-js/extra-typings';
import { TECHNIQUES, type Technique } from '../../base/technique.ts';
import { number, wholeNumber } from './values.ts';

export const CHECKPOINT = new Argument(
  '<checkpoint>',
  'A published name, a prefix, an .index file, a directory, a .tar, .tar.gz or .safetensors',
);

/** Of commands that read weights. */
export const TECHNIQUE = new Option(
  '--technique <name>',
  'How it was made sparse; by default what its variables say',
).choices(TECHNIQUES);

/** Of commands that read weights. */
export const LOG_ALPHA_THRESHOLD = new Option(
  '--log-alpha-threshold <number>',
  'Variational dropout drops weights with a larger log-alpha; by default from a published directory name, else 3',
).argParser(number);

/** Of commands that show pictures to a network. */
export const IMAGE_SIZE = new Option(
  '--image-size <n>',
  'Side of the pictures the network is given, in pixels; by default what it was trained on, else 224',
).argParser(wholeNumber(4));

/** What the command line says of weights that are to be read. */
export interface WeightOptions {
  readonly technique?: Technique | undefined;
  readonly logAlphaThreshold?: number | undefined;
}

/** Of commands that load a model. */
export const FORMAT = new Option(
  '--format <format>',
  'Compute with all matrices so, instead of each by its density',
).choices(['sparse', 'dense'] as const);

/** Of commands that load a model. */
export const VALUE_PRECISION = new Option(
  '--value-precision <precision>',
  'Hold weights in 32 bits (default), or in 16 and lose up to 1/2048 of each',
).choices(['f32', 'f16'] as const);
