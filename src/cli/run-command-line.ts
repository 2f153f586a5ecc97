import { Command, CommanderError, type CommandUnknownOpts } from '@commander-js/extra-typings';
import { TsosError } from '../base/errors.ts';
import { explainSystemError } from '../io/files/write-failure.ts';
import { ArgumentError } from './arguments/argument-error.ts';
import { COMMANDS } from './command-table.ts';
import { packageVersion } from './report/package-version.ts';
import { beQuiet, complain, printText } from './terminal/print.ts';

/** Runs a command and tells its error, if it has one, in a sentence on stderr. The exit code is left in `process`. */
export async function runCommandLine(rawArgs: readonly string[]): Promise<void> {
  const args = rawArgs.length === 0 ? ['--help'] : withoutHelpCommand(rawArgs);
  const name = firstOperand(args);
  try {
    await run(args, name);
  } catch (error) {
    process.exitCode = report(error, name);
  }
}

/** Many programs have a command "help"; here it is another way to write the option. */
function withoutHelpCommand(args: readonly string[]): readonly string[] {
  const at = args.findIndex((arg) => !arg.startsWith('-'));
  if (args[at] !== 'help') return args;
  return withoutHelpCommand([...args.slice(0, at), ...args.slice(at + 1, at + 2), '--help']);
}

/** No option before the command has a value. */
function firstOperand(args: readonly string[]): string | undefined {
  return args.find((arg) => !arg.startsWith('-'));
}

async function run(args: readonly string[], name: string | undefined): Promise<void> {
  const output: string[] = [];
  const program = await programFor(name, (text) => output.push(text));
  try {
    await program.parseAsync(args, { from: 'user' });
  } catch (error) {
    // So the parser ends after help or the version.
    if (!(error instanceof CommanderError) || error.exitCode !== 0) throw error;
    await printText(output.join(''));
  }
}

/** Of the commands only the named one is loaded. */
async function programFor(name: string | undefined, writeOut: (text: string) => void): Promise<Command> {
  const program = new Command('tsos')
    .description('Reads the checkpoints of "The State of Sparsity" and runs its sparse models')
    .version(await packageVersion(), '--version', 'Print the version')
    .helpOption('-h, --help', 'Print this')
    .addHelpText('after', '\n"tsos <command> --help" lists the arguments and options of a command.')
    .helpCommand(false)
    .enablePositionalOptions()
    .exitOverride()
    .configureOutput({ writeOut, writeErr() {}, outputError() {} })
    .hook('preAction', (_, command) => beforeAction(command));
  withQuiet(program);
  for (const [each, { does, load }] of Object.entries(COMMANDS)) {
    const command = (each === name ? await load() : new Command(each)) as Command;
    program.addCommand(command.description(does).copyInheritedSettings(program));
    if (each === name && name !== 'exec') withQuiet(command);
  }
  // Else help would be given on a command that there is not.
  if (name !== undefined && !Object.hasOwn(COMMANDS, name)) program.helpOption(false);
  return program;
}

/** Before and behind the command; one that was run before in this process has it. */
function withQuiet(command: Command): void {
  if (command.options.some(({ long }) => long === '--quiet')) return;
  command.option('--quiet', 'Tell nothing but results and errors');
}

function beforeAction(command: CommandUnknownOpts): void {
  if (command.optsWithGlobals().quiet === true) beQuiet();
  // What follows "exec" belongs to another command.
  if (command.name() !== 'exec') refuseEmpty(command);
}

/**
 * An empty argument is mostly a variable of a shell script that is not set, and the name of an option where a value should be
 * mostly a value that was forgotten; the parser takes both.
 */
function refuseEmpty(command: CommandUnknownOpts): void {
  for (const [i, value] of command.args.entries()) {
    const { length } = command.registeredArguments;
    const argument = command.registeredArguments[Math.min(i, length - 1)];
    if (value === '') throw new ArgumentError(`<${argument.name()}> is empty; it needs a value`);
  }
  for (const option of command.options) {
    const value = command.getOptionValue(option.attributeName());
    const values = Array.isArray(value) ? value : [value];
    if (values.some((each) => each === '' || command.options.some(({ long }) => long === each))) {
      throw new ArgumentError(`${option.long} needs a value`);
    }
  }
}

/** Tells an error in one sentence. @returns the exit code. */
function report(error: unknown, command: string | undefined): number {
  if (process.env.TSOS_DEBUG) console.error(error);
  const known =
    error instanceof CommanderError ? asArgumentError(error) : (explainSystemError(error) ?? error);
  if (!(known instanceof TsosError)) {
    complain(`unexpected ${String(error)}; TSOS_DEBUG=1 in the environment shows where`);
    return 1;
  }
  const helped = command !== undefined && Object.hasOwn(COMMANDS, command) ? `tsos ${command}` : 'tsos';
  complain(
    known instanceof ArgumentError
      ? `${known.message} ("${helped} --help" lists what there is)`
      : known.message,
  );
  return known.exitCode;
}

/** What the parser says, as the other errors are put. */
function asArgumentError({ message }: CommanderError): ArgumentError {
  return new ArgumentError(
    message
      .replace(/^error: /, '')
      .replace(/\n\(Did you mean (.*)\?\)$/, '; did you mean $1?')
      .replace(/\.$/, ''),
  );
}
