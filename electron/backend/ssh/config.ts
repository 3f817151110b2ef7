import { readFile } from 'node:fs/promises';
import { homedir, userInfo } from 'node:os';
import { join } from 'node:path';
import SSHConfig from 'ssh-config';
import { Fail } from '../../../shared/contract/failure.ts';

/** Where a connection goes and how it is secured: what `ssh` makes of a HOST argument. */
export interface HostConfig {
  /** What the user typed, for display and as the default HostKeyAlias. */
  readonly alias: string;
  readonly hostName: string;
  readonly port: number;
  readonly user: string;
  readonly identityFiles: readonly string[];
  /** True when the files were named by the user: then a missing one is a failure, not a guess. */
  readonly identitiesNamed: boolean;
  readonly identitiesOnly: boolean;
  /** Socket of the agent, null for none. */
  readonly agent: string | null;
  readonly userKnownHostsFiles: readonly string[];
  readonly globalKnownHostsFiles: readonly string[];
  readonly hostKeyAlias: string | null;
  readonly strictHostKeyChecking: 'yes' | 'ask' | 'no' | 'accept-new';
  readonly connectTimeoutSeconds: number;
  readonly serverAliveIntervalSeconds: number;
  readonly serverAliveCountMax: number;
  readonly route: HostRoute;
  /** AddressFamily; 0 is any. */
  readonly addressFamily: 0 | 4 | 6;
  /** Address of this machine that a direct connection comes from, null for any. */
  readonly bindAddress: string | null;
  /** Algorithms that the config names, null for those of skblens. */
  readonly algorithms: HostAlgorithms;
  /** Methods in the order in which they are tried, as ssh names them; null for the usual order. */
  readonly preferredAuthentications: readonly string[] | null;
  readonly pubkeyAuthentication: boolean;
  readonly passwordAuthentication: boolean;
  readonly kbdInteractiveAuthentication: boolean;
  readonly numberOfPasswordPrompts: number;
  /** True: nobody may be asked for anything. */
  readonly batchMode: boolean;
  /** True: a saved host name is hashed. */
  readonly hashKnownHosts: boolean;
  /** File of host keys that are refused, null for none. */
  readonly revokedHostKeys: string | null;
}

/** How the TCP stream to sshd comes about. */
export type HostRoute =
  | { readonly kind: 'direct' }
  /** Through the sshd of `via`, which may itself lie behind another. */
  | { readonly kind: 'jump'; readonly via: HostConfig }
  /** Through the stdin and stdout of a command, its tokens expanded. */
  | { readonly kind: 'command'; readonly command: string };

export interface HostAlgorithms {
  readonly kex: readonly string[] | null;
  readonly hostKey: readonly string[] | null;
  readonly cipher: readonly string[] | null;
  readonly mac: readonly string[] | null;
}

/** What holds where a config says nothing: spread it under a HostConfig that is made by hand. */
export const HOST_DEFAULTS = {
  identitiesNamed: false,
  identitiesOnly: false,
  agent: null,
  globalKnownHostsFiles: [],
  hostKeyAlias: null,
  strictHostKeyChecking: 'ask',
  connectTimeoutSeconds: 15,
  serverAliveIntervalSeconds: 5,
  serverAliveCountMax: 2,
  route: { kind: 'direct' },
  addressFamily: 0,
  bindAddress: null,
  algorithms: { kex: null, hostKey: null, cipher: null, mac: null },
  preferredAuthentications: null,
  pubkeyAuthentication: true,
  passwordAuthentication: true,
  kbdInteractiveAuthentication: true,
  numberOfPasswordPrompts: 3,
  batchMode: false,
  hashKnownHosts: false,
  revokedHostKeys: null,
} as const satisfies Partial<HostConfig>;

/** Options of the command line that win over the config file, as in ssh. */
export interface SshOverrides {
  /** -F: use this file only; null: ~/.ssh/config. */
  readonly configFile: string | null;
  /** -i, in order. */
  readonly identityFiles: readonly string[];
  /** -p. */
  readonly port: number | null;
}

/** Options that change where the connection goes or how it is trusted, and that are not implemented. */
const UNSUPPORTED: Readonly<Record<string, string>> = {
  include: 'files that it includes are not read yet',
  canonicalizehostname: 'names are not canonicalised',
  revokedhostkeys: 'revoked keys are read from known_hosts only',
  proxyjump: 'jump hosts are not implemented yet',
  proxycommand: 'proxy commands are not implemented yet',
  knownhostscommand: 'it runs a program to fetch host keys',
  pkcs11provider: 'PKCS#11 tokens work through an agent only',
  certificatefile: 'the ssh2 library cannot use certificates',
};

const HOST_NAME = /^[A-Za-z0-9_.:%-]+$/;
const USER_NAME = /^[^\s'"`$;&|<>(){}\\-][^\s'"`$;&|<>(){}\\]*$/;

export function defaultConfigFile(): string {
  return join(homedir(), '.ssh', 'config');
}

/** Splits `user@host:port`, `[v6]:port`, `ssh://user@host:port` or an alias. Throws `host-invalid`. */
export function parseDestination(text: string): { host: string; user: string | null; port: number | null } {
  const bare = text
    .trim()
    .replace(/^ssh:\/\//, '')
    .replace(/\/$/, '');
  const at = bare.lastIndexOf('@');
  const user = at > 0 ? bare.slice(0, at) : null;
  const rest = bare.slice(at + 1);
  const bracketed = /^\[([^\]]+)\](?::(\d+))?$/.exec(rest);
  const plain = /^([^:]+)(?::(\d+))?$/.exec(rest);
  const colons = rest.split(':').length - 1;
  const [host, portText] = bracketed
    ? [bracketed[1], bracketed[2]]
    : colons > 1
      ? [rest, undefined]
      : [plain?.[1], plain?.[2]];
  const port = portText === undefined ? null : Number(portText);
  if (at === 0 || !host || host.startsWith('-') || !HOST_NAME.test(host))
    throw new Fail('host-invalid', { host: text });
  if ((user !== null && !USER_NAME.test(user)) || (port !== null && (port < 1 || port > 65535)))
    throw new Fail('host-invalid', { host: text });
  return { host, user, port };
}

/** Resolves a HOST as ssh would for the options that HostConfig names; refuses what it cannot honour. */
export async function resolveHost(destination: string, overrides: SshOverrides): Promise<HostConfig> {
  const { host, user, port } = parseDestination(destination);
  const file = overrides.configFile ?? defaultConfigFile();
  const config = await readConfig(file, overrides.configFile !== null);
  const criterion = strangeCriterion(config);
  if (criterion !== null)
    throw new Fail('ssh-config-unsupported', {
      file,
      option: `Match ${criterion}`,
      host,
      why: 'whether the block applies cannot be known',
    });
  const options = compute(config, host);
  for (const [name, why] of Object.entries(UNSUPPORTED)) {
    const value = one(options, name);
    if (value !== null && !['none', 'no'].includes(value.toLowerCase()))
      throw new Fail('ssh-config-unsupported', { file, option: name, host, why });
  }
  const hostName = (one(options, 'hostname') ?? host).replaceAll('%h', host).replaceAll('%%', '%');
  const resolvedUser = user ?? one(options, 'user') ?? userInfo().username;
  const portText = one(options, 'port') ?? '22';
  const resolvedPort = overrides.port ?? port ?? Number(portText);
  if (!Number.isInteger(resolvedPort) || resolvedPort < 1 || resolvedPort > 65_535)
    throw new Fail('ssh-config-unreadable', { file, message: `Port "${portText}" of ${host} is no port` });
  const expand = (path: string): string =>
    expandPath(path, { hostName, host, user: resolvedUser, port: resolvedPort });
  const named = [...overrides.identityFiles, ...many(options, 'identityfile')].filter(
    (path) => path !== 'none',
  );
  const agent = one(options, 'identityagent') ?? 'SSH_AUTH_SOCK';
  return {
    ...HOST_DEFAULTS,
    alias: host,
    hostName,
    port: resolvedPort,
    user: resolvedUser,
    identityFiles: (named.length > 0 ? named : DEFAULT_IDENTITIES).map(expand),
    identitiesNamed: named.length > 0,
    identitiesOnly: yes(one(options, 'identitiesonly')),
    agent:
      agent === 'none'
        ? null
        : agent === 'SSH_AUTH_SOCK'
          ? (process.env['SSH_AUTH_SOCK'] ?? null)
          : expand(agent),
    userKnownHostsFiles: (
      words(options, 'userknownhostsfile') ?? ['~/.ssh/known_hosts', '~/.ssh/known_hosts2']
    ).map(expand),
    globalKnownHostsFiles: (
      words(options, 'globalknownhostsfile') ?? ['/etc/ssh/ssh_known_hosts', '/etc/ssh/ssh_known_hosts2']
    ).map(expand),
    hostKeyAlias: one(options, 'hostkeyalias'),
    strictHostKeyChecking: strictness(one(options, 'stricthostkeychecking')),
    connectTimeoutSeconds: positive(one(options, 'connecttimeout'), 15),
    serverAliveIntervalSeconds: positive(one(options, 'serveraliveinterval'), 5),
    serverAliveCountMax: positive(one(options, 'serveralivecountmax'), 2),
  };
}

/** The concrete aliases of a config file, in its order: what the first screen offers. */
export async function listAliases(configFile: string | null): Promise<string[]> {
  const config = await readConfig(configFile ?? defaultConfigFile(), configFile !== null);
  const aliases = new Set<string>();
  for (const line of config) {
    if (!('config' in line) || line.param.toLowerCase() !== 'host') continue;
    const value = line.value;
    const patterns = Array.isArray(value) ? value.map((part) => part.val) : String(value).split(/\s+/);
    for (const pattern of patterns) if (/^[^*?!]+$/.test(pattern)) aliases.add(pattern);
  }
  return [...aliases];
}

const DEFAULT_IDENTITIES = ['~/.ssh/id_ed25519', '~/.ssh/id_ecdsa', '~/.ssh/id_rsa'];

type Options = Readonly<Record<string, string | readonly string[]>>;

async function readConfig(file: string, mustExist: boolean): Promise<SSHConfig> {
  try {
    return SSHConfig.parse(await readFile(file, 'utf8'));
  } catch (error) {
    if (!mustExist && (error as NodeJS.ErrnoException).code === 'ENOENT') return SSHConfig.parse('');
    throw new Fail('ssh-config-unreadable', { file, message: (error as Error).message });
  }
}

/** A criterion of a Match line that is not evaluated here, or runs a program; null if there is none. */
function strangeCriterion(config: SSHConfig): string | null {
  for (const line of config)
    if ('criteria' in line)
      for (const name of Object.keys(line.criteria))
        if (!/^(?:all|final|host|originalhost|user|localuser)$/i.test(name)) return name;
  return null;
}

/** By lower-case name, the first value of each; `Match exec` runs nothing, by the second argument only. */
function compute(config: SSHConfig, host: string): Options {
  return config.compute({ Host: host }, { ignoreCase: true, matchExec: false });
}

function one(options: Options, name: string): string | null {
  const value = options[name];
  return value === undefined ? null : typeof value === 'string' ? value : (value[0] ?? null);
}

function many(options: Options, name: string): readonly string[] {
  const value = options[name];
  return value === undefined ? [] : typeof value === 'string' ? [value] : value;
}

function words(options: Options, name: string): readonly string[] | null {
  const values = many(options, name);
  return values.length > 0 ? values.filter((value) => value !== 'none') : null;
}

function yes(value: string | null): boolean {
  return value?.toLowerCase() === 'yes';
}

function positive(value: string | null, otherwise: number): number {
  const number = Number(value ?? Number.NaN);
  return Number.isFinite(number) && number > 0 ? number : otherwise;
}

function strictness(value: string | null): HostConfig['strictHostKeyChecking'] {
  switch (value?.toLowerCase()) {
    case 'yes':
      return 'yes';
    case 'no':
    case 'off':
      return 'no';
    case 'accept-new':
      return 'accept-new';
    default:
      return 'ask';
  }
}

/** ssh_config(5) TOKENS, the ones that paths use, and a leading `~/`. */
function expandPath(
  path: string,
  to: { hostName: string; host: string; user: string; port: number },
): string {
  const tokens: Readonly<Record<string, string>> = {
    '%%': '%',
    '%d': homedir(),
    '%h': to.hostName,
    '%n': to.host,
    '%p': String(to.port),
    '%r': to.user,
    '%u': userInfo().username,
  };
  return path
    .replace(/^"(.*)"$/, '$1')
    .replace(/^~(?=\/|$)/, homedir())
    .replace(/%./g, (token) => tokens[token] ?? token);
}
