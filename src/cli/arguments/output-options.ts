import { Option } from '@commander-js/extra-typings';

/** For outputs that took long to make. */
export const FORCE = new Option('--force', 'Replace an output that is there');

export const RESUME = new Option(
  '--resume',
  'Go on where an interrupted run with --output stopped; leave what the same run has finished',
);
