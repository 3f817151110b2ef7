import { parseArgs, type ParseArgsConfig } from 'node:util';
import { DEFAULT_CASE, faultCase, DEFAULT_COUNT } from './cases.ts';
import { LabFailure } from './failure.ts';
import { GUEST_NAMES, toGuestName, type GuestName } from './guest-names.ts';
import { DEFAULT_MACHINE } from './machine.ts';

/** Where the demo target reads its recording, below the repository. */
const DEMO_RECORDING = 'electron/backend/demo/recording.jsonl.gz';

/** What the command line asks for. */
export type LabCommand =
  | { readonly kind: 'help' }
  | {
      readonly kind: 'up';
      readonly names: readonly GuestName[];
      readonly processors: number;
      readonly memoryMegabytes: number;
      readonly rebuild: boolean;
    }
  | { readonly kind: 'build'; readonly names: readonly GuestName[]; readonly rebuild: boolean }
  | { readonly kind: 'down'; readonly names: readonly GuestName[] }
  | { readonly kind: 'ssh'; readonly alias: string; readonly words: readonly string[] }
  | { readonly kind: 'status' }
  | { readonly kind: 'ssh-config'; readonly pathOnly: boolean }
  | {
      readonly kind: 'break';
      readonly name: GuestName;
      readonly faultCase: string;
      readonly count: number;
      readonly intervalMilliseconds: number;
    }
  | { readonly kind: 'fix'; readonly name: GuestName }
  | { readonly kind: 'record'; readonly name: GuestName; readonly file: string }
  | { readonly kind: 'cases' };

export const USAGE = `Real Linux targets in QEMU: ${GUEST_NAMES.join(', ')}.

  lab up NAME... [--smp N] [--memory MB] [--rebuild]
                                build the image if the cache has none, boot, wait for ssh
  lab build NAME... [--rebuild] build the image only
  lab down [NAME...]            end guests (all, when none is named)
  lab status                    what runs, on which port, from which image
  lab ssh NAME [COMMAND...]     ssh to a guest; NAME-sudo, NAME-nopasswd, NAME-nobody, NAME-tcsh, … are its logins
  lab ssh-config [--path]       the ssh config of the guests (or where it is): for ssh -F and skblens -F
  lab break NAME [--case CASE] [--count N] [--interval MS]
                                send N bad packets inside the guest (case ${DEFAULT_CASE}, ${DEFAULT_COUNT} packets, 200 ms)
  lab fix NAME                  remove all that break set up
  lab cases                     the cases of break
  lab record [NAME] [--file F]  make the demo's recording on a guest (bookworm)
`;

/** Reads the words after `lab`. Throws `usage` for anything that is not understood. */
export function parseLabArguments(words: readonly string[]): LabCommand {
  const [verb, ...rest] = words;
  switch (verb) {
    case undefined:
    case 'help':
    case '--help':
    case '-h':
      return { kind: 'help' };
    case 'up': {
      const { values, positionals } = parse(rest, {
        smp: { type: 'string' },
        memory: { type: 'string' },
        rebuild: { type: 'boolean' },
      });
      return {
        kind: 'up',
        names: someNames(verb, positionals),
        processors: wholeNumber('--smp', values['smp'], DEFAULT_MACHINE.processors, 1, 16),
        memoryMegabytes: wholeNumber(
          '--memory',
          values['memory'],
          DEFAULT_MACHINE.memoryMegabytes,
          512,
          65_536,
        ),
        rebuild: values['rebuild'] === true,
      };
    }
    case 'build': {
      const { values, positionals } = parse(rest, { rebuild: { type: 'boolean' } });
      return { kind: 'build', names: someNames(verb, positionals), rebuild: values['rebuild'] === true };
    }
    case 'down': {
      const { positionals } = parse(rest, {});
      return { kind: 'down', names: positionals.length > 0 ? positionals.map(toGuestName) : GUEST_NAMES };
    }
    case 'ssh': {
      const [alias, ...command] = rest;
      if (alias === undefined) throw new LabFailure('usage', 'lab ssh needs a NAME.');
      toGuestName(alias.split('-')[0] ?? '');
      return { kind: 'ssh', alias, words: command };
    }
    case 'status':
    case 'cases':
      noNames(verb, parse(rest, {}).positionals);
      return { kind: verb };
    case 'ssh-config': {
      const { values, positionals } = parse(rest, { path: { type: 'boolean' } });
      noNames(verb, positionals);
      return { kind: 'ssh-config', pathOnly: values['path'] === true };
    }
    case 'break': {
      const { values, positionals } = parse(rest, {
        case: { type: 'string' },
        count: { type: 'string' },
        interval: { type: 'string' },
      });
      const wanted = values['case'];
      return {
        kind: 'break',
        name: oneName(verb, positionals),
        faultCase: faultCase(typeof wanted === 'string' ? wanted : DEFAULT_CASE).name,
        count: wholeNumber('--count', values['count'], DEFAULT_COUNT, 1, 1_000_000),
        intervalMilliseconds: wholeNumber('--interval', values['interval'], 200, 0, 60_000),
      };
    }
    case 'fix':
      return { kind: 'fix', name: oneName(verb, parse(rest, {}).positionals) };
    case 'record': {
      const { values, positionals } = parse(rest, { file: { type: 'string' } });
      const name = positionals.length === 0 ? 'bookworm' : oneName(verb, positionals);
      return { kind: 'record', name, file: String(values['file'] ?? DEMO_RECORDING) };
    }
    default:
      throw new LabFailure('usage', `lab has no command "${verb}".`, 'npm run lab -- help');
  }
}

type Options = NonNullable<ParseArgsConfig['options']>;
type Values = Record<string, string | boolean | undefined>;

function parse(words: readonly string[], options: Options): { values: Values; positionals: string[] } {
  try {
    const parsed = parseArgs({ args: [...words], options, allowPositionals: true, strict: true });
    return { values: parsed.values as Values, positionals: parsed.positionals };
  } catch (error) {
    throw new LabFailure(
      'usage',
      error instanceof Error ? error.message : String(error),
      'npm run lab -- help',
    );
  }
}

function someNames(verb: string, words: readonly string[]): GuestName[] {
  if (words.length > 0) return [...new Set(words.map(toGuestName))];
  throw new LabFailure(
    'usage',
    `lab ${verb} needs at least one NAME.`,
    `Choose among ${GUEST_NAMES.join(', ')}.`,
  );
}

function oneName(verb: string, words: readonly string[]): GuestName {
  const [only, ...more] = words;
  if (only !== undefined && more.length === 0) return toGuestName(only);
  throw new LabFailure('usage', `lab ${verb} needs exactly one NAME, not ${words.length}.`);
}

function noNames(verb: string, words: readonly string[]): void {
  if (words.length === 0) return;
  throw new LabFailure('usage', `lab ${verb} takes no NAME, but was given "${words.join(' ')}".`);
}

function wholeNumber(
  option: string,
  text: string | boolean | undefined,
  otherwise: number,
  least: number,
  most: number,
): number {
  if (text === undefined) return otherwise;
  const value = typeof text === 'string' && /^\d+$/.test(text) ? Number(text) : NaN;
  if (value >= least && value <= most) return value;
  throw new LabFailure(
    'usage',
    `${option} is "${text}"; it must be a whole number from ${least} to ${most}.`,
  );
}
