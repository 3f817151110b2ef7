import { Fail, assertNever } from '../../shared/contract/failure.ts';
import { openDemoTarget } from '../backend/demo/target.ts';
import type { BackendDeps } from '../backend/index.ts';
import { parseCommandLine, specFor, USAGE, usage } from './commands/arguments.ts';
import type { CommandLine } from './commands/arguments.ts';
import { btfCommand } from './commands/btf-diff.ts';
import { cacheDirectory, profileDirectory, VERSION } from './commands/client.ts';
import { demoCommand, demoTarget, RECORDING } from './commands/demo.ts';
import { inspectCommand } from './commands/inspect.ts';
import { createOutput } from './commands/output.ts';
import type { Output } from './commands/output.ts';
import { probeHost } from './commands/probe.ts';
import { runProfileCommand } from './commands/run-profile.ts';
import { serveCommand } from './commands/serve.ts';
import { functionsCommand, structCommand } from './commands/kernel.ts';
import { surveyCommand } from './commands/survey.ts';

const COMMANDS = [
  'survey',
  'functions',
  'struct',
  'btf',
  'probe',
  'inspect',
  'run',
  'demo',
  'serve',
  'help',
] as const;
type Command = (typeof COMMANDS)[number];

/** What was wrong with the command line itself. */
const USAGE_CODES: ReadonlySet<string> = new Set(['usage', 'filter-invalid', 'function-name-invalid']);

/** The program: `argv` without node and script. Gives the exit status; the first Ctrl-C ends gently, the second at once. */
export async function main(argv: readonly string[]): Promise<number> {
  const stopper = new AbortController();
  const interrupted = (): void => {
    if (stopper.signal.aborted) process.exit(130);
    stopper.abort();
  };
  process.on('SIGINT', interrupted);
  process.on('SIGTERM', interrupted);
  let broken: NodeJS.ErrnoException | null = null;
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    broken ??= error;
    stopper.abort();
  });
  // Whoever read our output went away (`| head`), which is no failure; a full disk is.
  const status = async (otherwise: number): Promise<number> => {
    await new Promise<void>((resolve) => process.stdout.write('', () => resolve()));
    if (broken === null) return otherwise;
    if (broken.code === 'EPIPE') return 0;
    process.stderr.write(`skblens: the output cannot be written: ${broken.message}\n`);
    return 1;
  };
  let output = createOutput(argv.includes('--json'), process);
  try {
    const line = parseCommandLine(argv);
    output = createOutput(line.json, process);
    return await status(await dispatch(line, output, stopper.signal));
  } catch (error) {
    if (broken === null) output.failure(error);
    return await status(error instanceof Fail && USAGE_CODES.has(error.failure.code) ? 2 : 1);
  } finally {
    process.off('SIGINT', interrupted);
    process.off('SIGTERM', interrupted);
  }
}

async function dispatch(line: CommandLine, output: Output, signal: AbortSignal): Promise<number> {
  const command: Command | undefined = line.help ? 'help' : COMMANDS.find((one) => one === line.command);
  if (command === undefined) throw usage(`there is no command "${line.command}"`);
  if ((command === 'demo' || command === 'serve') && line.positionals.length > 0)
    throw usage(`${command} takes no arguments`);
  const demo =
    command === 'demo' ? await openDemoTarget(RECORDING) : command === 'serve' ? await demoTarget() : null;
  const deps: BackendDeps = {
    version: VERSION,
    shell: 'browser',
    profileDirectory: profileDirectory(),
    cacheDirectory: cacheDirectory(),
    ssh: line.ssh,
    demo,
  };
  try {
    return await run(command, line, output, deps, signal);
  } finally {
    await demo?.close();
  }
}

async function run(
  command: Command,
  line: CommandLine,
  output: Output,
  deps: BackendDeps,
  signal: AbortSignal,
): Promise<number> {
  switch (command) {
    case 'help':
      output.text(USAGE);
      return 0;
    case 'survey':
      return surveyCommand(line, output, deps, signal);
    case 'functions':
      return functionsCommand(line, output, deps, signal);
    case 'struct':
      return structCommand(line, output, deps, signal);
    case 'btf':
      return btfCommand(line, output, deps, signal);
    case 'probe': {
      const [host, functionName, ...more] = line.positionals;
      if (host === undefined || functionName === undefined || more.length > 0)
        throw usage('probe takes a HOST and a FUNCTION');
      const spec = specFor(functionName, line);
      const { seenVerdicts } = await probeHost({ line, output, deps, spec, host, signal });
      return line.expectVerdict !== null && !seenVerdicts.has(line.expectVerdict) ? 3 : 0;
    }
    case 'inspect':
      return inspectCommand(line, output, signal);
    case 'run':
      return runProfileCommand(line, output, deps, signal);
    case 'demo':
      return demoCommand(line, output, deps, signal);
    case 'serve':
      return serveCommand(line, output, deps, signal);
    default:
      return assertNever(command);
  }
}
