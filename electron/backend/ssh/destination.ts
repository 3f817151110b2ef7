import { Fail } from '../../../shared/contract/failure.ts';

export interface Destination {
  readonly host: string;
  readonly user: string | null;
  readonly port: number | null;
}

/**
 * What a host may be called, as valid_hostname of OpenSSH's ssh.c has it: nothing that a shell or an
 * option parser could take for something else (CVE-2023-51385).
 */
// eslint-disable-next-line no-control-regex
const HOST_NAME = /^(?!-)[^\s\x00-\x20\x7f'"`$;&|<>(){}\\]+$/;
/** valid_ruser of the same: a backslash (DOMAIN\user) may not be the last character. */
// eslint-disable-next-line no-control-regex
const USER_NAME = /^(?!-)(?!.*\\$)[^\s\x00-\x20\x7f'"`$;&|<>(){}]+$/;
/** What may stand in a ProxyCommand, which a shell reads. */
const SHELL_SAFE = /^[A-Za-z0-9_.:%@+,=/-]+$/;

export function isHostName(text: string): boolean {
  return HOST_NAME.test(text);
}

export function isUserName(text: string): boolean {
  return USER_NAME.test(text);
}

export function isShellSafe(text: string): boolean {
  return SHELL_SAFE.test(text);
}

/** Splits `user@host:port`, `[v6]:port`, `ssh://user@host:port` or an alias. Throws `host-invalid`. */
export function parseDestination(text: string): Destination {
  const bare = text.trim();
  const rest = /^ssh:\/\//i.test(bare) ? bare.slice(6).replace(/\/$/, '') : bare;
  const at = rest.lastIndexOf('@');
  const user = at >= 0 ? rest.slice(0, at) : null;
  const address = rest.slice(at + 1);
  const [host, portText] = splitPort(address);
  const port = portText === null ? null : Number(portText);
  const valid =
    isHostName(host) &&
    (user === null || isUserName(user)) &&
    (port === null || (port >= 1 && port <= 65_535));
  if (!valid) throw new Fail('host-invalid', { host: text });
  return { host, user, port };
}

function splitPort(address: string): [host: string, port: string | null] {
  const bracketed = /^\[([^\][]+)\](?::(\d+))?$/.exec(address);
  if (bracketed) return [bracketed[1] ?? '', bracketed[2] ?? null];
  if (/[[\]]/.test(address)) return ['', null];
  const colons = address.split(':').length - 1;
  if (colons > 1) return [address, null];
  const plain = /^([^:]+)(?::(\d+))?$/.exec(address);
  return [plain?.[1] ?? '', plain?.[2] ?? null];
}
