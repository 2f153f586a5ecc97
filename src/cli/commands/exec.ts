import { Command } from '@commander-js/extra-typings';
import { exec } from '../adapter/exec.ts';

export const execCommand = new Command('exec')
  .usage('-- <command> [arguments]')
  .argument('[command...]', 'What to run, and its arguments')
  // What follows the command belongs to it.
  .passThroughOptions();

execCommand.action(async (command) => {
  process.exitCode = await exec(command);
});
