import type { Family } from '../family.ts';
import { gzip, tar } from './archives.ts';
import { bundle, safetensors, v1 } from './checkpoints.ts';
import { jpeg } from './pictures.ts';
import { example, tfrecord } from './records.ts';
import { journals, parts, reproductions, tuning } from './states.ts';
import { csv, hparams, lines, smtx, vocabulary } from './texts.ts';

/** All that reads files of strangers, of earlier runs or from bad disks. */
export const FAMILIES: readonly Family[] = [
  bundle,
  v1,
  safetensors,
  tar,
  gzip,
  tfrecord,
  example,
  jpeg,
  vocabulary,
  smtx,
  csv,
  hparams,
  lines,
  parts,
  reproductions,
  journals,
  tuning,
];
