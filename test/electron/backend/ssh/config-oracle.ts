import { spawnSync } from 'node:child_process';
import { homedir, hostname, userInfo } from 'node:os';
import { createHash } from 'node:crypto';
import { expect } from 'vitest';
import { ALGORITHMS } from '../../../../electron/backend/ssh/algorithms.ts';
import { HOST_DEFAULTS, resolveHost } from '../../../../electron/backend/ssh/config.ts';
import type { HostConfig } from '../../../../electron/backend/ssh/config.ts';
import { failureOf } from '../../../../shared/contract/failure.ts';
import type { Failure } from '../../../../shared/contract/failure.ts';

/** What `ssh -G` makes of a host; null where ssh refuses the config. */
export interface SshAnswer {
  one(option: string): string | null;
  all(option: string): string[];
}

export function askSsh(file: string, destination: string, extra: readonly string[] = []): SshAnswer | string {
  const run = spawnSync('ssh', ['-G', '-F', file, ...extra, '--', destination], {
    encoding: 'utf8',
    input: '',
  });
  if (run.status !== 0) return run.stderr;
  const lines = run.stdout.split('\n');
  const all = (option: string): string[] =>
    lines.filter((line) => line.startsWith(`${option} `)).map((line) => line.slice(option.length + 1));
  return { all, one: (option) => all(option)[0] ?? null };
}

export async function askUs(file: string, destination: string): Promise<HostConfig | Failure> {
  return resolveHost(destination, { configFile: file, identityFiles: [], port: null }).catch(
    (error: unknown) => {
      const failure = failureOf(error);
      expect(failure.code, failure.detail ?? '').not.toBe('internal-error');
      return failure;
    },
  );
}

/** Compares option by option; null where ssh would refuse and so do we, what was compared otherwise. */
export async function compareWithSsh(file: string, destination: string, depth = 0): Promise<number> {
  const theirs = askSsh(file, destination);
  const ours = await askUs(file, destination);
  if (typeof theirs === 'string' || 'code' in ours) {
    const refusals = { ssh: typeof theirs === 'string', skblens: 'code' in ours };
    expect(refusals, `${JSON.stringify(theirs)} ${JSON.stringify(ours)}`).toEqual({
      ssh: true,
      skblens: true,
    });
    if ('code' in ours) expect(ours.code).toMatch(/^(?:ssh-config-unreadable|host-invalid)$/);
    return 0;
  }
  const told = tellLikeSsh(ours, theirs);
  for (const [option, value] of Object.entries(told))
    expect({ [option]: value }).toEqual({ [option]: theirs.one(option) });
  expect(ours.identityFiles).toEqual(
    ours.identitiesNamed
      ? theirs
          .all('identityfile')
          .filter((path) => path !== 'none')
          .map((path) => expandLikeSsh(path, ours))
      : ['id_rsa', 'id_ecdsa', 'id_ed25519'].map((name) => `${homedir()}/.ssh/${name}`),
  );
  const agent = theirs.one('identityagent');
  if (agent !== null && !['SSH_AUTH_SOCK', 'none'].includes(agent) && !agent.startsWith('$'))
    expect(ours.agent).toBe(agent);
  else expect(ours.agent).toBe(agent === 'none' ? null : (process.env['SSH_AUTH_SOCK'] ?? null));
  const spoken = (option: string, names: readonly string[]): string[] =>
    (theirs.one(option) ?? '').split(',').filter((name) => names.includes(name));
  for (const [list, option, names] of [
    [ours.algorithms.cipher, 'ciphers', ALGORITHMS.cipher.spoken],
    [ours.algorithms.mac, 'macs', ALGORITHMS.mac.spoken],
    [ours.algorithms.kex, 'kexalgorithms', ALGORITHMS.kex.spoken],
    [ours.algorithms.hostKey, 'hostkeyalgorithms', ALGORITHMS.hostKey.spoken],
    [ours.publicKeyAlgorithms, 'pubkeyacceptedalgorithms', ALGORITHMS.publicKey.spoken],
  ] as const)
    if (list !== null) expect(list).toEqual(spoken(option, names));
  await compareRoutes(file, ours, theirs, depth);
  return Object.keys(told).length;
}

function tellLikeSsh(ours: HostConfig, theirs: SshAnswer): Record<string, string | null> {
  const yes = (value: boolean): string => (value ? 'yes' : 'no');
  const or = (name: 'serverAliveIntervalSeconds' | 'serverAliveCountMax', ssh: string): string =>
    ours[name] === HOST_DEFAULTS[name] && theirs.one(name.toLowerCase().replace('seconds', '')) === ssh
      ? ssh
      : String(ours[name]);
  const strict = { yes: 'true', no: 'false', ask: 'ask', 'accept-new': 'accept-new' };
  const told: Record<string, string | null> = {
    hostname: ours.hostName,
    user: ours.user,
    port: String(ours.port),
    addressfamily: { 0: 'any', 4: 'inet', 6: 'inet6' }[ours.addressFamily],
    batchmode: yes(ours.batchMode),
    hashknownhosts: yes(ours.hashKnownHosts),
    identitiesonly: yes(ours.identitiesOnly),
    kbdinteractiveauthentication: yes(ours.kbdInteractiveAuthentication),
    passwordauthentication: yes(ours.passwordAuthentication),
    stricthostkeychecking: strict[ours.strictHostKeyChecking],
    globalknownhostsfile: ours.globalKnownHostsFiles.join(' ') || 'none',
    userknownhostsfile: ours.userKnownHostsFiles.join(' ') || 'none',
    hostkeyalias: ours.hostKeyAlias,
    bindaddress: ours.bindAddress,
    requiredrsasize: String(ours.requiredRsaBits),
    preferredauthentications: ours.preferredAuthentications?.join(',') ?? null,
    serveralivecountmax: or('serverAliveCountMax', '3'),
  };
  if (!['none', '0'].includes(theirs.one('connecttimeout') ?? ''))
    told['connecttimeout'] = String(ours.connectTimeoutSeconds);
  if (!ours.batchMode) told['serveraliveinterval'] = or('serverAliveIntervalSeconds', '0');
  return told;
}

async function compareRoutes(
  file: string,
  ours: HostConfig,
  theirs: SshAnswer,
  depth: number,
): Promise<void> {
  const { route } = ours;
  const command = theirs.one('proxycommand');
  const jump = theirs.one('proxyjump');
  const kind = jump !== null ? 'jump' : command !== null ? 'command' : 'direct';
  expect({ kind: route.kind, jump, command }).toEqual({ kind, jump, command });
  if (route.kind === 'command') expect(route.command).toBe(expandLikeSsh(command ?? '', ours, 'hnpr'));
  if (route.kind !== 'jump' || depth > 8) return;
  // What ssh does with a chain: it goes to its last host by the rest of it.
  const text = expandLikeSsh(jump ?? '', ours, 'hnpr');
  const last = text.slice(text.lastIndexOf(',') + 1);
  const hop = askSsh(file, last.replace(/^(?=.*:\d+$)/, 'ssh://'));
  if (typeof hop === 'string') return expect.fail(hop);
  const { via } = route;
  expect([via.hostName, via.user, String(via.port)]).toEqual([
    hop.one('hostname'),
    hop.one('user'),
    hop.one('port'),
  ]);
  if (text.includes(',')) expect(via.route.kind).toBe('jump');
  else await compareWithSsh(file, last.replace(/^(?=.*:\d+$)/, 'ssh://'), depth + 1);
}

/** ssh_config(5) TOKENS once more, told apart from the implementation: `-G` prints some options unexpanded. */
export function expandLikeSsh(text: string, to: HostConfig, letters = 'CLdhiklnpru'): string {
  const local = hostname();
  const tokens: Record<string, string> = {
    C: createHash('sha1').update(`${local}${to.hostName}${to.port}${to.user}`).digest('hex'),
    L: local.split('.')[0] ?? '',
    d: homedir(),
    h: to.hostName,
    i: String(userInfo().uid),
    k: to.hostKeyAlias ?? to.alias,
    l: local,
    n: to.alias,
    p: String(to.port),
    r: to.user,
    u: userInfo().username,
  };
  return text
    .replace(letters === 'hnpr' ? /(?!)/ : /^~(?:\/|$)/, `${homedir()}/`)
    .replace(letters === 'hnpr' ? /(?!)/ : /\$\{(\w+)\}/g, (_all, name: string) => process.env[name] ?? '')
    .replace(/%(.)/g, (whole, letter: string) =>
      letter === '%' ? '%' : letters.includes(letter) ? (tokens[letter] ?? whole) : whole,
    );
}
