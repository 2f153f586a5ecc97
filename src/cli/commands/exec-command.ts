import { defineCommand } from 'citty';
import { exec } from './exec.ts';

export const execCommand = defineCommand({
  meta: {
    name: 'exec',
    description:
      'Run a command (tsos exec -- <command> [arguments]) where it finds a GPU or the software adapter',
  },
  run: ({ rawArgs }): Promise<number> => exec(rawArgs[0] === '--' ? rawArgs.slice(1) : rawArgs),
});
