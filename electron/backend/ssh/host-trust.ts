import type { HostKeyQuestion } from '../../../shared/contract/api.ts';
import { Fail, assertNever } from '../../../shared/contract/failure.ts';
import { ALGORITHMS } from './algorithms.ts';
import type { HostConfig } from './config.ts';
import {
  appendKnownHost,
  fingerprint,
  judgeHostKey,
  keyType,
  knownKeyTypes,
  lookupName,
  readKnownHosts,
  readRevokedKeys,
} from './known-hosts.ts';
import type { HostKeyVerdict, KnownHost } from './known-hosts.ts';

/** What is known of a host's keys, read once for an attempt to connect. */
export class HostTrust {
  readonly #config: HostConfig;
  readonly #entries: readonly KnownHost[];
  /** With a HostKeyAlias the port does not count, as in ssh. */
  readonly #host: string;
  readonly #port: number;

  private constructor(config: HostConfig, entries: readonly KnownHost[]) {
    this.#config = config;
    this.#entries = entries;
    this.#host = config.hostKeyAlias ?? config.hostName;
    this.#port = config.hostKeyAlias === null ? config.port : 22;
  }

  /** Throws `file-unreadable` for a RevokedHostKeys that cannot be read; a known_hosts that is not there is empty. */
  static async load(config: HostConfig): Promise<HostTrust> {
    const revoked = config.revokedHostKeys === null ? [] : await readRevokedKeys(config.revokedHostKeys);
    const known = await readKnownHosts([...config.userKnownHostsFiles, ...config.globalKnownHostsFiles]);
    return new HostTrust(config, [...revoked, ...known]);
  }

  /**
   * Host key algorithms to ask the server for: types on file first, for a known host that is offered another
   * type first would present a key that looks changed. Not where the config gives the whole order.
   */
  algorithms(): string[] {
    const { hostKey, hostKeyOrdered } = this.#config.algorithms;
    const names = hostKey ?? ALGORITHMS.hostKey.offered;
    if (hostKeyOrdered) return [...names];
    const types = knownKeyTypes(this.#entries, this.#host, this.#port);
    const isKnown = (name: string): boolean => types.includes(name.startsWith('rsa-sha2') ? 'ssh-rsa' : name);
    return [...names.filter(isKnown), ...names.filter((name) => !isKnown(name))];
  }

  judge(key: Buffer): HostKeyVerdict {
    return judgeHostKey(this.#entries, this.#host, this.#port, key);
  }

  /** What a person is asked about an unknown key. */
  question(key: Buffer): HostKeyQuestion {
    return { ...this.#values(key), file: this.#config.userKnownHostsFiles[0] ?? '' };
  }

  /** Why a key is not trusted. */
  refusal(key: Buffer, verdict: Exclude<HostKeyVerdict, { kind: 'known' }>): Fail {
    const values = this.#values(key);
    switch (verdict.kind) {
      case 'unknown': {
        const { authority } = verdict;
        const detail =
          authority === null
            ? null
            : `${authority.file} line ${authority.line} trusts a certificate authority for this host; the ssh2 library cannot check host certificates, so the key itself must be known.`;
        return new Fail('host-key-unknown', values, detail);
      }
      case 'revoked':
        return new Fail('host-key-revoked', { ...values, file: verdict.file, line: verdict.line });
      case 'changed':
        return new Fail('host-key-changed', {
          ...values,
          file: verdict.file,
          line: verdict.line,
          known: verdict.known,
          lookup: lookupName(this.#host, this.#port),
        });
      default:
        return assertNever(verdict);
    }
  }

  /** Saves a key in the first known_hosts of the user; nowhere if the config names none. Throws `file-unwritable`. */
  async save(key: Buffer): Promise<void> {
    const [file] = this.#config.userKnownHostsFiles;
    if (file === undefined) return;
    await appendKnownHost(file, this.#host, this.#port, key, this.#config.hashKnownHosts).catch(
      (error: unknown) => {
        throw new Fail('file-unwritable', { file, message: (error as Error).message });
      },
    );
  }

  #values(key: Buffer): { host: string; type: string; fingerprint: string } {
    return {
      host: lookupName(this.#host, this.#port),
      type: keyType(key),
      fingerprint: fingerprint(key),
    };
  }
}
