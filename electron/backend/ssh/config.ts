import { userInfo } from 'node:os';
import { Fail } from '../../../shared/contract/failure.ts';
import { ALGORITHMS, assembleAlgorithms } from './algorithms.ts';
import type { AlgorithmNames } from './algorithms.ts';
import { commandLineConfig, readConfigFiles, unreadable } from './config-file.ts';
import type { ConfigFile } from './config-file.ts';
import { commandText, parseFlag, parsePort, parseTime } from './config-keywords.ts';
import type { Directive } from './config-line.ts';
import { Settings, applyConfig } from './config-match.ts';
import { TokenError, expandHostName, expandPath, expandProxy } from './config-tokens.ts';
import type { TokenValues } from './config-tokens.ts';
import { isHostName, isShellSafe, isUserName, parseDestination } from './destination.ts';
import { HOST_DEFAULTS } from './host-config.ts';
import type { HostAlgorithms, HostConfig, HostRoute } from './host-config.ts';

export { HOST_DEFAULTS };
export type { HostConfig };

/** Options of the command line that win over the config file, as in ssh. */
export interface SshOverrides {
  /** -F: use this file only, "none" for no file; null: ~/.ssh/config and the machine's. */
  readonly configFile: string | null;
  /** -i, in order. */
  readonly identityFiles: readonly string[];
  /** -p. */
  readonly port: number | null;
  /** -J, as ProxyJump takes it; null or absent: as the config says. */
  readonly proxyJump?: string | null;
  /** -l. */
  readonly user?: string | null;
  /** -o, in order: lines of a config that come before those of the files, for the host itself and no jump host. */
  readonly options?: readonly string[];
}

/** Options that change where the connection goes or how it is trusted, and that are not implemented. */
const UNSUPPORTED: Readonly<Record<string, string>> = {
  bindinterface: 'give BindAddress',
  canonicalizehostname: 'names are not canonicalised',
  certificatefile: 'the ssh2 library cannot use certificates',
  knownhostscommand: 'it runs a program to fetch host keys',
  pkcs11provider: 'PKCS#11 tokens work through an agent only',
  proxyusefdpass: 'the command would have to pass a file descriptor',
  refuseconnection: 'the config refuses this connection',
};

/** Files that ssh tries where none is named, in its order, without those that ssh2 cannot read. */
const DEFAULT_IDENTITIES = ['~/.ssh/id_rsa', '~/.ssh/id_ecdsa', '~/.ssh/id_ed25519'];
/** Jump hosts behind each other. */
const MAX_HOPS = 16;

/**
 * Resolves a HOST as ssh would, its jump hosts with it. Throws `host-invalid`, `ssh-config-unreadable`
 * (what ssh would refuse to read), `ssh-config-unsupported` (what cannot be honoured, with option, file
 * and line), `algorithms-unsupported` and `jump-loop`.
 */
export async function resolveHost(destination: string, overrides: SshOverrides): Promise<HostConfig> {
  return resolveWith(await readConfigFiles(overrides.configFile), destination, overrides);
}

/** The same with the files read before. */
export function resolveWith(
  files: readonly ConfigFile[],
  destination: string,
  overrides: SshOverrides,
): HostConfig {
  return resolve(files, destination, overrides, []);
}

function resolve(
  read: readonly ConfigFile[],
  destination: string,
  overrides: SshOverrides,
  behind: readonly string[],
): HostConfig {
  const { host, user: typedUser, port: typedPort } = parseDestination(destination);
  const typed = { host, user: overrides.user ?? typedUser, port: typedPort };
  const files = [commandLineConfig(overrides.options ?? []), ...read];
  const settings = new Settings();
  applyConfig(files, { typed: typed.host, host: typed.host, user: typed.user, final: false }, settings);
  const hostLine = settings.line('hostname');
  const named =
    hostLine === null ? typed.host : at(hostLine, () => expandHostName(hostLine.words[0] ?? '', typed.host));
  const hostName = /^[\d.]+$|:/.test(named) ? named : named.toLowerCase();
  if (settings.wantsFinal)
    applyConfig(files, { typed: typed.host, host: hostName, user: typed.user, final: true }, settings);
  refuseUnsupported(settings, typed.host);

  const user = typed.user ?? settings.word('user') ?? userInfo().username;
  if (!isHostName(hostName)) throw invalid(hostLine, `HostName "${hostName}" contains invalid characters`);
  if (!isUserName(user)) throw invalid(settings.line('user'), `User "${user}" contains invalid characters`);
  const port = overrides.port ?? typed.port ?? parsePort(settings.word('port') ?? '22') ?? 22;
  const proxy = settings.line('proxy');
  const jump = overrides.proxyJump ?? (proxy?.keyword === 'proxyjump' ? jumpText(proxy) : '');
  const values: TokenValues = {
    hostName,
    alias: typed.host,
    port,
    user,
    keyAlias: settings.word('hostkeyalias') ?? typed.host,
    jump: isNone(jump) ? '' : jump,
  };
  const path = (line: Directive, word: string): string => at(line, () => expandPath(word, values));
  const identities = settings.all('identityfile');
  const identityFiles = [
    ...overrides.identityFiles.map((file) => overridden(() => expandPath(file, values), file)),
    ...identities.map((line) => path(line, line.words[0] ?? '')).filter((file) => !isNone(file)),
  ];
  const identitiesNamed = overrides.identityFiles.length + identities.length > 0;
  return {
    alias: typed.host,
    hostName,
    port,
    user,
    identityFiles: identitiesNamed
      ? [...new Set(identityFiles)]
      : DEFAULT_IDENTITIES.map((file) => expandPath(file, values)),
    identitiesNamed,
    identitiesOnly: flag(settings, 'identitiesonly', false),
    agent: agentSocket(settings.line('identityagent'), path),
    userKnownHostsFiles: knownHostsFiles(settings.line('userknownhostsfile'), path) ?? [
      expandPath('~/.ssh/known_hosts', values),
      expandPath('~/.ssh/known_hosts2', values),
    ],
    globalKnownHostsFiles: knownHostsFiles(settings.line('globalknownhostsfile'), (_line, word) => word) ?? [
      '/etc/ssh/ssh_known_hosts',
      '/etc/ssh/ssh_known_hosts2',
    ],
    hostKeyAlias: settings.word('hostkeyalias'),
    strictHostKeyChecking: strictness(settings.word('stricthostkeychecking')),
    connectTimeoutSeconds:
      atLeast(1, parseTime(settings.word('connecttimeout') ?? '0')) ?? HOST_DEFAULTS.connectTimeoutSeconds,
    serverAliveIntervalSeconds:
      atLeast(0, parseTime(settings.word('serveraliveinterval') ?? 'none')) ??
      HOST_DEFAULTS.serverAliveIntervalSeconds,
    serverAliveCountMax: Number(settings.word('serveralivecountmax') ?? HOST_DEFAULTS.serverAliveCountMax),
    route: routeOf(read, settings, overrides, values, behind),
    addressFamily: addressFamily(settings.word('addressfamily')),
    bindAddress: settings.word('bindaddress'),
    algorithms: algorithmsOf(settings, typed.host),
    preferredAuthentications: settings.word('preferredauthentications')?.split(',') ?? null,
    pubkeyAuthentication: !/^(?:no|false)$/i.test(settings.word('pubkeyauthentication') ?? 'yes'),
    publicKeyAlgorithms: assembleAlgorithms(
      settings.word('pubkeyacceptedalgorithms') ?? '+',
      ALGORITHMS.publicKey,
    ),
    requiredRsaBits: Math.max(
      HOST_DEFAULTS.requiredRsaBits,
      Number(settings.word('requiredrsasize') ?? HOST_DEFAULTS.requiredRsaBits),
    ),
    passwordAuthentication: flag(settings, 'passwordauthentication', true),
    kbdInteractiveAuthentication: flag(settings, 'kbdinteractiveauthentication', true),
    batchMode: flag(settings, 'batchmode', false),
    hashKnownHosts: flag(settings, 'hashknownhosts', false),
    revokedHostKeys: optionalPath(settings.line('revokedhostkeys'), path),
  };
}

/** ProxyJump and ProxyCommand: the first of them wins, and `-J` over both. */
function routeOf(
  files: readonly ConfigFile[],
  settings: Settings,
  overrides: SshOverrides,
  values: TokenValues,
  behind: readonly string[],
): HostRoute {
  const line = settings.line('proxy');
  const given = overrides.proxyJump ?? null;
  if (given === null && line === null) return { kind: 'direct' };
  if (given === null && line !== null && line.keyword === 'proxycommand') {
    const text = commandText(line);
    if (isNone(text)) return { kind: 'direct' };
    if (text === '-') throw unsupported(line, values.alias, 'standard input is no way to a host here');
    return { kind: 'command', command: at(line, () => proxyCommand(text, values)) };
  }
  const expand = (): string => expandProxy(given ?? (line === null ? '' : jumpText(line)), values);
  const text = line === null || given !== null ? overridden(expand, given ?? '') : at(line, expand);
  if (isNone(text)) return { kind: 'direct' };
  const comma = text.lastIndexOf(',');
  const last = text.slice(comma + 1);
  const before = comma < 0 ? null : text.slice(0, comma);
  const way = [...behind, values.alias];
  const hop = parseDestination(last);
  const loop = way.length > MAX_HOPS || (before === null && given === null && way.includes(hop.host));
  if (loop)
    throw new Fail('jump-loop', {
      file: line?.file ?? '-J',
      line: line?.line ?? 0,
      host: hop.host,
      way: [...way, hop.host].join(' -> '),
    });
  // What is left of a chain is the way to its last host, whose own ProxyJump does not count then.
  const { configFile } = overrides;
  return {
    kind: 'jump',
    via: resolve(files, last, { configFile, identityFiles: [], port: null, proxyJump: before }, way),
  };
}

/** Its tokens stand in what a shell reads: a name that is more than a name is refused (CVE-2023-51385). */
function proxyCommand(text: string, values: TokenValues): string {
  for (const [token, value] of [
    ['h', values.hostName],
    ['n', values.alias],
    ['r', values.user],
  ] as const)
    if (text.includes(`%${token}`) && !isShellSafe(value))
      throw new TokenError(`"${value}" cannot stand for %${token} in a ProxyCommand`);
  return expandProxy(text, values);
}

/** Without a comment, as parse_jump of readconf.c takes it. */
function jumpText(line: Directive): string {
  return commandText(line).replace(/#.*$/s, '').trimEnd();
}

function refuseUnsupported(settings: Settings, host: string): void {
  for (const [name, why] of Object.entries(UNSUPPORTED)) {
    const line = settings.line(name);
    const value = line?.words[0]?.toLowerCase();
    if (line && (name === 'refuseconnection' || !['none', 'no', 'false'].includes(value ?? '')))
      throw unsupported(line, host, why);
  }
}

function unsupported(line: Directive, host: string, why: string): Fail {
  return new Fail('ssh-config-unsupported', {
    file: line.file,
    line: line.line,
    option: line.name,
    host,
    why,
  });
}

function algorithmsOf(settings: Settings, host: string): HostAlgorithms {
  const assemble = (name: string, names: AlgorithmNames): readonly string[] | null => {
    const line = settings.line(name);
    if (line === null) return null;
    const found = assembleAlgorithms(line.words[0] ?? '', names);
    if (found.length > 0) return found;
    throw new Fail('algorithms-unsupported', {
      file: line.file,
      line: line.line,
      option: line.name,
      host,
      names: line.words[0] ?? '',
      known: names.spoken.join(', '),
    });
  };
  return {
    kex: assemble('kexalgorithms', ALGORITHMS.kex),
    hostKey: assemble('hostkeyalgorithms', ALGORITHMS.hostKey),
    cipher: assemble('ciphers', ALGORITHMS.cipher),
    mac: assemble('macs', ALGORITHMS.mac),
    hostKeyOrdered: /^[^+-]/.test(settings.word('hostkeyalgorithms') ?? ''),
  };
}

type ExpandPath = (line: Directive, word: string) => string;

/** `none`, `SSH_AUTH_SOCK`, `$VARIABLE`, or a path. */
function agentSocket(line: Directive | null, path: ExpandPath): string | null {
  const word = line?.words[0] ?? 'SSH_AUTH_SOCK';
  if (isNone(word)) return null;
  if (word === 'SSH_AUTH_SOCK') return process.env['SSH_AUTH_SOCK'] ?? null;
  const variable = /^\$([A-Za-z_]\w*)$/.exec(word)?.[1];
  if (variable !== undefined) return process.env[variable] ?? null;
  return line === null ? null : path(line, word);
}

function knownHostsFiles(line: Directive | null, path: ExpandPath): string[] | null {
  return line?.words.filter((word) => !isNone(word)).map((word) => path(line, word)) ?? null;
}

function optionalPath(line: Directive | null, path: ExpandPath): string | null {
  const word = line?.words[0] ?? 'none';
  return line === null || isNone(word) ? null : path(line, word);
}

function isNone(word: string): boolean {
  return word.toLowerCase() === 'none';
}

function flag(settings: Settings, name: string, otherwise: boolean): boolean {
  return parseFlag(settings.word(name) ?? '') ?? otherwise;
}

function atLeast(least: number, seconds: number | null): number | null {
  return seconds !== null && seconds >= least ? seconds : null;
}

function addressFamily(word: string | null): HostConfig['addressFamily'] {
  return word?.toLowerCase() === 'inet' ? 4 : word?.toLowerCase() === 'inet6' ? 6 : 0;
}

function strictness(word: string | null): HostConfig['strictHostKeyChecking'] {
  switch (word?.toLowerCase()) {
    case 'yes':
    case 'true':
      return 'yes';
    case 'no':
    case 'false':
    case 'off':
      return 'no';
    case 'accept-new':
      return 'accept-new';
    default:
      return 'ask';
  }
}

/** Names the line of a value that cannot be expanded. */
function at<T>(line: Directive, expand: () => T): T {
  try {
    return expand();
  } catch (error) {
    if (error instanceof TokenError) throw unreadable(line, error.message);
    throw error;
  }
}

function overridden(expand: () => string, text: string): string {
  try {
    return expand();
  } catch (error) {
    if (error instanceof TokenError) throw new Fail('usage', { message: `${text}: ${error.message}` });
    throw error;
  }
}

function invalid(line: Directive | null, message: string): Fail {
  return line === null ? new Fail('host-invalid', { host: message }) : unreadable(line, message);
}
