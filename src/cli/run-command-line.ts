import { stripVTControlCharacters } from 'node:util';
import {
  type ArgsDef,
  type CommandDef,
  defineCommand,
  renderUsage,
  runCommand,
  type SubCommandsDef,
} from 'citty';
import { TsosError } from '../base/errors.ts';
import { closest } from '../io/checkpoint/suggest.ts';
import { ArgumentError, checkArguments } from './arguments.ts';
import { beQuiet, complain, print } from './report/print.ts';
import { packageVersion } from './version.ts';

/** Loaded when named, so that reading a file loads nothing of the GPU. */
const COMMANDS: SubCommandsDef = {
  list: async () => (await import('./commands/list.ts')).listCommand,
  fetch: async () => (await import('./commands/fetch.ts')).fetchCommand,
  inspect: async () => (await import('./commands/inspect.ts')).inspectCommand,
  sparsity: async () => (await import('./commands/sparsity.ts')).sparsityCommand,
  prune: async () => (await import('./commands/prune.ts')).pruneCommand,
  convert: async () => (await import('./commands/convert.ts')).convertCommand,
  translate: async () => (await import('./commands/translate.ts')).translateCommand,
  evaluate: async () => (await import('./commands/evaluate.ts')).evaluateCommand,
  merge: async () => (await import('./commands/merge.ts')).mergeCommand,
  classify: async () => (await import('./commands/classify.ts')).classifyCommand,
  bleu: async () => (await import('./commands/bleu.ts')).bleuCommand,
  results: async () => (await import('./commands/results.ts')).resultsCommand,
  reproduce: async () => (await import('./commands/reproduce.ts')).reproduceCommand,
  tune: async () => (await import('./commands/tune.ts')).tuneCommand,
  demo: async () => (await import('./commands/demo.ts')).demoCommand,
  exec: async () => (await import('./commands/exec-command.ts')).execCommand,
};

/** What every command takes. */
const COMMON_ARGUMENTS: ArgsDef = {
  quiet: { type: 'boolean', description: 'Tell nothing but results and errors' },
};
const QUIET = '--quiet';

const tsos = defineCommand({
  meta: {
    name: 'tsos',
    description: 'Reads the checkpoints of "The State of Sparsity" and runs its sparse models',
  },
  args: COMMON_ARGUMENTS,
  subCommands: COMMANDS,
});

const HELP = ['--help', '-h'];

/** Runs a command and tells its error, if it has one, in a sentence on stderr. @returns the exit code. */
export async function runCommandLine(rawArgs: readonly string[]): Promise<number> {
  try {
    return await run(rawArgs);
  } catch (error) {
    return report(error);
  }
}

async function run([name, ...rawArgs]: readonly string[]): Promise<number> {
  if (name === undefined || HELP.includes(name)) return printed(await usage(tsos));
  // Many programs have a command of this name.
  if (name === 'help') return run([...rawArgs.slice(0, 1), '--help']);
  if (name === '--version') return printed(`${await packageVersion()}\n`);
  if (name === QUIET) {
    beQuiet();
    return run(rawArgs);
  }
  const command = await findCommand(name);
  // What follows "exec" belongs to another command.
  const own = name === 'exec' ? rawArgs.slice(0, 1) : rawArgs;
  if (own.some((arg) => HELP.includes(arg))) return printed(await usage(command, tsos));
  if (name !== 'exec') {
    checkArguments(rawArgs, command.args as ArgsDef);
    if (optionsOf(rawArgs).includes(QUIET)) beQuiet();
  }
  const { result } = await runCommand(command, { rawArgs });
  return typeof result === 'number' ? result : 0;
}

/** The arguments before `--`, behind which all are positional. */
function optionsOf(rawArgs: readonly string[]): readonly string[] {
  const end = rawArgs.indexOf('--');
  return end < 0 ? rawArgs : rawArgs.slice(0, end);
}

async function printed(text: string): Promise<number> {
  await print(text);
  return 0;
}

async function findCommand(name: string): Promise<CommandDef> {
  if (Object.hasOwn(COMMANDS, name)) {
    const command = await (COMMANDS[name] as () => Promise<CommandDef>)();
    return name === 'exec'
      ? command
      : { ...command, args: { ...(command.args as ArgsDef), ...COMMON_ARGUMENTS } };
  }
  const kind = name.startsWith('-') ? 'option' : 'command';
  const [near] = closest(name, Object.keys(COMMANDS), 1);
  throw new ArgumentError(
    `there is no ${kind} ${name}${near === undefined ? '' : `; did you mean ${near}?`}`,
  );
}

async function usage(command: CommandDef, parent?: CommandDef): Promise<string> {
  const text = `${await renderUsage(command, parent)}\n`.replace(/ +$/gm, '');
  return process.stdout.isTTY && !process.env.NO_COLOR ? text : stripVTControlCharacters(text);
}

/** Tells an error in one sentence. @returns the exit code. */
function report(error: unknown): number {
  if (process.env.TSOS_DEBUG) console.error(error);
  const known = error instanceof TsosError ? error : asArgumentError(error);
  if (known === undefined) {
    complain(`unexpected ${String(error)}; TSOS_DEBUG=1 in the environment shows where`);
    return 1;
  }
  const hint = known instanceof ArgumentError ? ' ("tsos --help" lists what there is)' : '';
  complain(`${known.message}${hint}`);
  return known.exitCode;
}

/** What citty says about arguments it cannot read. */
function asArgumentError(error: unknown): ArgumentError | undefined {
  const { name, message } = error as Error;
  return name === 'CLIError'
    ? new ArgumentError(stripVTControlCharacters(message).replace(/\.$/, ''))
    : undefined;
}
