import { Option } from '@commander-js/extra-typings';
import { inputFile } from './values.ts';

// Of commands that take published checkpoints and texts by name.

export const FROM = new Option(
  '--from <url>',
  'Fetch what is published from this mirror instead of where its authors have it',
).env('TSOS_MIRROR');

export const OFFLINE = new Option(
  '--offline',
  'Take by name only what was fetched before, as with TSOS_OFFLINE=1',
);

export const CATALOGUE = new Option(
  '--catalogue <file>',
  'Other checkpoints than the published ones, as "tsos list --json" prints them',
)
  .argParser(inputFile)
  .env('TSOS_CATALOGUE');
