import { userInfo } from 'node:os';
import { Fail, assertNever } from '../../../shared/contract/failure.ts';
import { unreadable } from './config-file.ts';
import type { ConfigFile, ConfigLine } from './config-file.ts';
import { checkValue, commandText, optionOf } from './config-keywords.ts';
import { LineError, Scanner } from './config-line.ts';
import type { Directive } from './config-line.ts';
import { TokenError, expandHostName } from './config-tokens.ts';
import { matchesPattern, matchesPatternList } from './patterns.ts';

/** What Host and Match lines are compared with. */
export interface MatchTarget {
  /** The host as it was typed. */
  readonly typed: string;
  /** The same, and in the final pass what HostName made of it. */
  readonly host: string;
  /** The user of the command line. */
  readonly user: string | null;
  /** True in the second pass, which `Match final` asks for. */
  readonly final: boolean;
}

/** Options that have gathered their values: the first line of each, all lines of those that add up. */
export class Settings {
  readonly #found = new Map<string, Directive[]>();
  /** A `Match final` was seen: the files are to be read again. */
  wantsFinal = false;

  /** The line that sets an option, null for none. */
  line(name: string): Directive | null {
    return this.#found.get(name)?.[0] ?? null;
  }

  /** The first word of that line. */
  word(name: string): string | null {
    return this.line(name)?.words[0] ?? null;
  }

  all(name: string): readonly Directive[] {
    return this.#found.get(name) ?? [];
  }

  /** Takes a line unless an earlier one holds. False if it holds already. */
  add(name: string, directive: Directive): boolean {
    const slot = SLOTS[name] ?? name;
    const earlier = this.#found.get(slot);
    const open = earlier === undefined || (name === 'proxycommand' && isNoJump(earlier[0]));
    if (open) this.#found.set(slot, [directive]);
    else if (!ADDING.has(name)) return false;
    else if (!earlier.some((one) => one.words[0] === directive.words[0])) earlier.push(directive);
    return true;
  }
}

/** Of these every line counts, of others the first. */
const ADDING: ReadonlySet<string> = new Set(['identityfile', 'certificatefile']);
/** The first of the two wins, whichever it is. */
const SLOTS: Readonly<Record<string, string>> = { proxycommand: 'proxy', proxyjump: 'proxy' };

/** `ProxyJump none` keeps later jump hosts away, and no ProxyCommand. */
function isNoJump(line: Directive | undefined): boolean {
  return line?.keyword === 'proxyjump' && commandText(line).toLowerCase() === 'none';
}

/** Whether lines apply; a Match line when that cannot be known. */
type Active = boolean | { readonly match: Directive; readonly criterion: string };

/**
 * Reads config files in order into `settings`, as read_config_file of OpenSSH's readconf.c does. Never
 * runs the program of a `Match exec`: a line below one that would change the connection is refused
 * with `ssh-config-unsupported`. Throws `ssh-config-unreadable` where ssh would refuse a line.
 */
export function applyConfig(files: readonly ConfigFile[], target: MatchTarget, settings: Settings): void {
  for (const file of files) new Pass(target, settings).read(file.lines, true);
}

class Pass {
  readonly #target: MatchTarget;
  readonly #settings: Settings;

  constructor(target: MatchTarget, settings: Settings) {
    this.#target = target;
    this.#settings = settings;
  }

  /** `outer`: whether the Include line applied; a block inside applies only if it did, too. */
  read(lines: readonly ConfigLine[], outer: Active): void {
    let active = outer;
    for (const line of lines) {
      const { directive } = line;
      try {
        switch (line.kind) {
          case 'include':
            for (const file of line.files) this.read(file.lines, active);
            break;
          case 'directive':
            active = this.#directive(directive, active, outer);
            break;
          default:
            assertNever(line);
        }
      } catch (error) {
        if (error instanceof LineError || error instanceof TokenError)
          throw unreadable(directive, error.message);
        throw error;
      }
    }
  }

  #directive(directive: Directive, active: Active, outer: Active): Active {
    if (directive.keyword === 'host') return matchesHost(directive, this.#target.host) ? outer : false;
    if (directive.keyword === 'match') {
      const matched = this.#matches(directive);
      return outer === false || matched === false ? false : outer === true ? matched : outer;
    }
    const option = optionOf(directive.keyword);
    if (option === null) {
      const ignored = this.#settings.word('ignoreunknown');
      if (ignored !== null && matchesPatternList(directive.keyword, ignored.toLowerCase())) return active;
      throw new LineError(`Bad configuration option: ${directive.name}`);
    }
    checkValue(directive, option.kind);
    if (active === false || option.kind === 'harmless') return active;
    if (option.kind === 'words' && directive.words.length === 0) return active;
    const taken = this.#settings.add(option.name, directive);
    if (taken && active !== true) throw uncertain(active, this.#target.typed);
    return active;
  }

  /** match_cfg_line of readconf.c. */
  #matches(directive: Directive): Active {
    const scanner = new Scanner(directive.rest);
    let result = true;
    let unknown: string | null = null;
    let criteria = 0;
    for (let word = scanner.next(); word !== null && word !== ''; word = scanner.next()) {
      if (word.startsWith('#')) {
        scanner.rest = null;
        break;
      }
      const negated = word.startsWith('!');
      const criterion = (negated ? word.slice(1) : word).toLowerCase();
      if (criterion === 'all') {
        const next = scanner.next();
        if (criteria > 1 || (next !== null && next !== '' && !next.startsWith('#')))
          throw new LineError(`'${criterion}' cannot be combined with other Match attributes`);
        return result && !negated ? decided(unknown, directive) : false;
      }
      criteria++;
      if (criterion === 'final' || criterion === 'canonical') {
        if (criterion === 'final') this.#settings.wantsFinal = true;
        if (this.#target.final === negated) result = false;
        continue;
      }
      const argument = scanner.next();
      if (argument === null || argument === '' || argument.startsWith('#'))
        throw new LineError(`Missing Match criteria for ${criterion}`);
      const holds = this.#holds(criterion, argument);
      if (holds === 'unknown') unknown ??= criterion;
      else if (holds === negated) result = false;
    }
    if (criteria === 0) throw new LineError('One or more attributes required for Match');
    if (scanner.rest) throw new LineError('keyword match extra arguments at end of line');
    return result ? decided(unknown, directive) : false;
  }

  #holds(criterion: string, argument: string): boolean | 'unknown' {
    switch (criterion) {
      case 'host':
        return matchesPatternList(this.#hostName().toLowerCase(), argument.toLowerCase());
      case 'originalhost':
        return matchesPatternList(this.#target.typed.toLowerCase(), argument.toLowerCase());
      case 'user':
        return matchesPatternList(
          this.#target.user ?? this.#settings.word('user') ?? userInfo().username,
          argument,
        );
      case 'localuser':
        return matchesPatternList(userInfo().username, argument);
      case 'tagged':
        return matchesPatternList(this.#settings.word('tag') ?? '', argument);
      case 'exec':
      case 'localnetwork':
      case 'version':
      case 'command':
      case 'sessiontype':
        return 'unknown';
      default:
        throw new LineError(`Unsupported Match attribute ${criterion}`);
    }
  }

  #hostName(): string {
    const { host, final } = this.#target;
    const hostName = final ? null : this.#settings.word('hostname');
    return hostName === null ? host : expandHostName(hostName, host);
  }
}

/** Host patterns: one must match, and none that begins with `!` may. They are exact in case. */
function matchesHost(directive: Directive, host: string): boolean {
  let matched = false;
  for (const word of directive.words) {
    if (word === '') throw new LineError('keyword Host empty argument');
    const negated = word.startsWith('!');
    if (!matchesPattern(host, negated ? word.slice(1) : word)) continue;
    if (negated) return false;
    matched = true;
  }
  return matched;
}

function decided(unknown: string | null, match: Directive): Active {
  return unknown === null ? true : { match, criterion: unknown };
}

function uncertain(active: Exclude<Active, boolean>, host: string): Fail {
  const { match, criterion } = active;
  return new Fail('ssh-config-unsupported', {
    file: match.file,
    line: match.line,
    option: `Match ${criterion}`,
    host,
    why:
      criterion === 'exec'
        ? 'it would run a program to find out whether the block applies'
        : 'whether the block applies cannot be known',
  });
}
