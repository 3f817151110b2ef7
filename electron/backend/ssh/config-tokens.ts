import { createHash } from 'node:crypto';
import { homedir, hostname, userInfo } from 'node:os';

/** What the tokens of ssh_config(5) stand for, for one host. */
export interface TokenValues {
  /** %h */
  readonly hostName: string;
  /** %n: as it was typed. */
  readonly alias: string;
  /** %p */
  readonly port: number;
  /** %r */
  readonly user: string;
  /** %k: HostKeyAlias, or what was typed. */
  readonly keyAlias: string;
  /** %j: the ProxyJump, or nothing. */
  readonly jump: string;
}

/** A token or variable that stands for nothing. */
export class TokenError extends Error {}

/** HostName: `%%` and `%h`, which is what was typed. Throws TokenError. */
export function expandHostName(text: string, typed: string): string {
  return expandPercent(text, { '%': '%', h: typed });
}

/** ProxyCommand and ProxyJump: `%%`, `%h`, `%n`, `%p`, `%r`. Throws TokenError. */
export function expandProxy(text: string, values: TokenValues): string {
  const { h, n, p, r } = allTokens(values);
  return expandPercent(text, { '%': '%', h, n, p, r });
}

/** A path: a leading `~`, `${VARIABLE}`, and every token that a path may hold. Throws TokenError. */
export function expandPath(text: string, values: TokenValues): string {
  if (/^~[^/]/.test(text)) throw new TokenError(`homes of other users are not looked up: ${text}`);
  const path = text.replace(/^~(?:\/|$)/, () => `${homedir()}/`);
  const withVariables = path.replace(/\$\{([^}]*)\}/g, (_whole, name: string) => {
    const value = process.env[name];
    if (value === undefined) throw new TokenError(`the environment variable ${name} has no value`);
    // Its own percent signs are no tokens.
    return value.replaceAll('%', '%%');
  });
  return expandPercent(withVariables, allTokens(values));
}

type Tokens = Readonly<Record<string, string>>;

function allTokens(values: TokenValues): Tokens & Record<'h' | 'n' | 'p' | 'r', string> {
  const local = hostname();
  const port = String(values.port);
  const { uid, username } = userInfo();
  const parts = local + values.hostName + port + values.user + values.jump;
  return {
    '%': '%',
    C: createHash('sha1').update(parts).digest('hex'),
    L: local.replace(/\..*$/s, ''),
    d: homedir(),
    h: values.hostName,
    i: String(uid),
    j: values.jump,
    k: values.keyAlias,
    l: local,
    n: values.alias,
    p: port,
    r: values.user,
    u: username,
  };
}

function expandPercent(text: string, tokens: Tokens): string {
  return text.replace(/%(.?)/gs, (whole, letter: string) => {
    const value = Object.hasOwn(tokens, letter) ? tokens[letter] : undefined;
    if (value === undefined) throw new TokenError(`unknown token ${whole}`);
    return value;
  });
}
