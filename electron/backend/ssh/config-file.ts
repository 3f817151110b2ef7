import { open } from 'node:fs/promises';
import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { Fail } from '../../../shared/contract/failure.ts';
import { glob } from './config-glob.ts';
import { LineError, parseLine } from './config-line.ts';
import type { Directive } from './config-line.ts';
import { isSecure } from './config-permissions.ts';

/** A config file as read: its lines in order, an Include with the files that it names. */
export interface ConfigFile {
  readonly file: string;
  readonly lines: readonly ConfigLine[];
}

export type ConfigLine =
  | { readonly kind: 'directive'; readonly directive: Directive }
  | { readonly kind: 'include'; readonly directive: Directive; readonly files: readonly ConfigFile[] };

export const SYSTEM_CONFIG_FILE = '/etc/ssh/ssh_config';

/** READCONF_MAX_DEPTH of OpenSSH's readconf.c. */
const MAX_DEPTH = 16;
/** Files read for one config: a file that includes itself twice would be read 65,536 times. */
const MAX_FILES = 1000;
/** Bytes of one file. */
const MAX_BYTES = 4 << 20;

export function defaultConfigFile(): string {
  return join(homedir(), '.ssh', 'config');
}

/**
 * The config files that ssh reads, in its order: the one of -F alone ("none": none), or the user's
 * and the machine's. One that was named must be there. Throws `ssh-config-unreadable`, which names
 * file and line.
 */
export async function readConfigFiles(named: string | null): Promise<ConfigFile[]> {
  const budget = { files: 0 };
  if (named !== null) {
    if (named.toLowerCase() === 'none') return [];
    return [await readConfigFile(named, { user: true, checked: false, depth: 0, budget })];
  }
  const read: ConfigFile[] = [];
  for (const [file, user] of [
    [defaultConfigFile(), true],
    [SYSTEM_CONFIG_FILE, false],
  ] as const) {
    const found = await readConfigFile(file, { user, checked: user, depth: 0, budget }).catch(ifMissing);
    if (found) read.push(found);
  }
  return read;
}

export function unreadable(at: { file: string; line: number }, message: string): Fail {
  return new Fail('ssh-config-unreadable', { file: at.file, message: `line ${at.line}: ${message}` });
}

/** What -o gives, as lines before those of all files; ssh calls their file so, too. Throws `ssh-config-unreadable`. */
export function commandLineConfig(options: readonly string[]): ConfigFile {
  const at = { file: 'command-line', line: 0 };
  const lines = options.flatMap((text): ConfigLine[] => {
    const directive = read(() => parseLine(text, at.file, at.line), at);
    return directive === null ? [] : [{ kind: 'directive', directive }];
  });
  return { file: at.file, lines };
}

interface Reading {
  /** A user's file: relative includes lie in ~/.ssh, and not in /etc/ssh. */
  readonly user: boolean;
  /** Only the user and root may be able to write to it. */
  readonly checked: boolean;
  readonly depth: number;
  readonly budget: { files: number };
}

async function readConfigFile(file: string, reading: Reading): Promise<ConfigFile> {
  if (reading.depth > MAX_DEPTH)
    throw new Fail('ssh-config-unreadable', {
      file,
      message: `files include each other more than ${MAX_DEPTH} deep`,
    });
  if (++reading.budget.files > MAX_FILES)
    throw new Fail('ssh-config-unreadable', { file, message: `more than ${MAX_FILES} files are included` });
  const text = await readText(file, reading.checked);
  const lines: ConfigLine[] = [];
  for (const [index, content] of text.split('\n').entries()) {
    const at = { file, line: index + 1 };
    const directive = read(() => parseLine(content, file, at.line), at);
    if (directive === null) continue;
    if (directive.keyword !== 'include') lines.push({ kind: 'directive', directive });
    else lines.push({ kind: 'include', directive, files: await readIncluded(directive, reading) });
  }
  return { file, lines };
}

async function readIncluded(directive: Directive, reading: Reading): Promise<ConfigFile[]> {
  const files: ConfigFile[] = [];
  for (const word of directive.words) {
    if (word === '') throw unreadable(directive, 'keyword Include empty argument');
    if (word.startsWith('~') && !reading.user) throw unreadable(directive, `bad include path ${word}`);
    const base = reading.user ? join(homedir(), '.ssh') : '/etc/ssh';
    const pattern = word.startsWith('~')
      ? word.replace(/^~(?=\/|$)/, homedir())
      : isAbsolute(word)
        ? word
        : join(base, word);
    if (!isAbsolute(pattern)) throw unreadable(directive, `homes of other users are not looked up: ${word}`);
    for (const file of await glob(pattern)) {
      const found = await readConfigFile(file, { ...reading, checked: true, depth: reading.depth + 1 }).catch(
        ifMissing,
      );
      if (found) files.push(found);
    }
  }
  return files;
}

async function readText(file: string, checked: boolean): Promise<string> {
  try {
    const handle = await open(file, 'r');
    try {
      const stats = await handle.stat();
      const { size } = stats;
      if (checked && !(await isSecure(stats)))
        throw new Error('bad owner or permissions: others may write to it (chmod go-w)');
      if (size > MAX_BYTES) throw new Error(`it has ${size} bytes, more than ${MAX_BYTES}`);
      return await handle.readFile('utf8');
    } finally {
      await handle.close();
    }
  } catch (error) {
    const failure = new Fail('ssh-config-unreadable', { file, message: (error as Error).message });
    failure.cause = error;
    throw failure;
  }
}

function ifMissing(error: unknown): null {
  const cause = error instanceof Fail ? (error.cause as NodeJS.ErrnoException | undefined) : undefined;
  if (cause?.code === 'ENOENT') return null;
  throw error;
}

function read<T>(parse: () => T, at: { file: string; line: number }): T {
  try {
    return parse();
  } catch (error) {
    if (error instanceof LineError) throw unreadable(at, error.message);
    throw error;
  }
}
