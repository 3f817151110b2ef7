import { getCiphers } from 'node:crypto';
import { matchesPattern, matchesPatternList } from './patterns.ts';

/** The names of one kind of algorithm: what is offered unless a config says otherwise, and all that ssh2 speaks. */
export interface AlgorithmNames {
  readonly offered: readonly string[];
  readonly spoken: readonly string[];
}

/** ssh2 1.17's order; no SHA-1. */
const KEX_OFFERED = [
  'curve25519-sha256',
  'curve25519-sha256@libssh.org',
  'ecdh-sha2-nistp256',
  'ecdh-sha2-nistp384',
  'ecdh-sha2-nistp521',
  'diffie-hellman-group-exchange-sha256',
  'diffie-hellman-group14-sha256',
  'diffie-hellman-group15-sha512',
  'diffie-hellman-group16-sha512',
  'diffie-hellman-group17-sha512',
  'diffie-hellman-group18-sha512',
];
const HOST_KEY_OFFERED = [
  'ssh-ed25519',
  'ecdsa-sha2-nistp256',
  'ecdsa-sha2-nistp384',
  'ecdsa-sha2-nistp521',
  'rsa-sha2-512',
  'rsa-sha2-256',
];
const CIPHERS_OFFERED = [
  'aes128-gcm@openssh.com',
  'aes256-gcm@openssh.com',
  'aes128-ctr',
  'aes192-ctr',
  'aes256-ctr',
];
const MACS_OFFERED = [
  'hmac-sha2-256-etm@openssh.com',
  'hmac-sha2-512-etm@openssh.com',
  'hmac-sha2-256',
  'hmac-sha2-512',
];
/** Ciphers that are spoken only if the runtime has them: Electron's BoringSSL lacks some, and naming one then throws. */
const CIPHERS_BY_RUNTIME: Readonly<Record<string, string>> = {
  'chacha20-poly1305@openssh.com': 'chacha20',
  'aes256-cbc': 'aes-256-cbc',
  'aes192-cbc': 'aes-192-cbc',
  'aes128-cbc': 'aes-128-cbc',
  '3des-cbc': 'des-ede3-cbc',
};

/** What is spoken beyond the offer is spoken only where a config names it: SHA-1, CBC, what is old. */
export const ALGORITHMS = {
  kex: {
    offered: KEX_OFFERED,
    spoken: [
      ...KEX_OFFERED,
      'diffie-hellman-group-exchange-sha1',
      'diffie-hellman-group14-sha1',
      'diffie-hellman-group1-sha1',
    ],
  },
  hostKey: { offered: HOST_KEY_OFFERED, spoken: [...HOST_KEY_OFFERED, 'ssh-rsa'] },
  /** How our own keys may sign: never with SHA-1. */
  publicKey: { offered: HOST_KEY_OFFERED, spoken: HOST_KEY_OFFERED },
  cipher: {
    offered: CIPHERS_OFFERED,
    spoken: [
      ...CIPHERS_OFFERED,
      ...Object.entries(CIPHERS_BY_RUNTIME)
        .filter(([, name]) => getCiphers().includes(name))
        .map(([name]) => name),
    ],
  },
  mac: {
    offered: MACS_OFFERED,
    spoken: [...MACS_OFFERED, 'hmac-sha1-etm@openssh.com', 'hmac-sha1', 'hmac-md5'],
  },
} as const satisfies Record<string, AlgorithmNames>;

/**
 * A list of Ciphers, MACs, KexAlgorithms or HostKeyAlgorithms as kex_assemble_names of OpenSSH reads
 * it: `+` appends to the offer, `-` removes from it, `^` puts at its head, and names may be patterns.
 * Names that are not spoken are dropped; what is left may be empty.
 */
export function assembleAlgorithms(text: string, { offered, spoken }: AlgorithmNames): string[] {
  const list = /^[+^-]/.test(text) ? text.slice(1) : text;
  const names = list.split(',');
  if (text.startsWith('-')) return offered.filter((name) => !matchesPatternList(name, list));
  const wanted = text.startsWith('+')
    ? [...offered, ...names]
    : text.startsWith('^')
      ? [...names, ...offered]
      : names;
  const found = new Set<string>();
  for (const pattern of wanted) for (const name of spoken) if (matchesPattern(name, pattern)) found.add(name);
  return [...found];
}
