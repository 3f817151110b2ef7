import { createHash, createHmac, randomBytes } from 'node:crypto';
import { mkdir, open, readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Fail } from '../../../shared/contract/failure.ts';
import { matchesPatternList } from './patterns.ts';

/**
 * known_hosts as sshd(8) "SSH_KNOWN_HOSTS FILE FORMAT" describes it, judged as OpenSSH's hostfile.c
 * does: an equal key for the host is known; any other key of the host, of whatever type, makes it
 * changed; none makes it unknown; and a @revoked line with this key wins over everything.
 *
 *     [@marker] names keytype base64-key [comment]
 *     names:  host,*.pattern,!negated,[host]:port   or   |1|base64 salt|base64 HMAC-SHA1(salt, name)
 */
export interface KnownHost {
  readonly file: string;
  readonly line: number;
  readonly marker: 'revoked' | 'cert-authority' | null;
  readonly names: string;
  readonly type: string;
  readonly key: string;
}

export type HostKeyVerdict =
  | { readonly kind: 'known' }
  /** `authority`: the line of a certificate authority for this host, whose certificates ssh2 cannot check. */
  | { readonly kind: 'unknown'; readonly authority: { readonly file: string; readonly line: number } | null }
  | { readonly kind: 'changed'; readonly file: string; readonly line: number; readonly known: string }
  | { readonly kind: 'revoked'; readonly file: string; readonly line: number };

/** The lines of all files in order; a file that is not there is empty, an invalid line is skipped. */
export async function readKnownHosts(files: readonly string[]): Promise<KnownHost[]> {
  const entries: KnownHost[] = [];
  for (const file of files) {
    const text = await readFile(file, 'utf8').catch(() => '');
    for (const [index, line] of text.split('\n').entries()) {
      const entry = parseLine(line, file, index + 1);
      if (entry) entries.push(entry);
    }
  }
  return entries;
}

/** The name a host is filed under: lower case, `[host]:port` unless the port is 22. */
export function lookupName(host: string, port: number): string {
  const name = host.toLowerCase();
  return port === 22 ? name : `[${name}]:${port}`;
}

/** Judges `key` (the SSH wire blob) for `host`; with another port than 22 a plain-name entry counts only if it is equal. */
export function judgeHostKey(
  entries: readonly KnownHost[],
  host: string,
  port: number,
  key: Buffer,
): HostKeyVerdict {
  const name = lookupName(host, port);
  const encoded = key.toString('base64');
  const mine = entries.filter((entry) => matchesName(entry.names, name));
  const plain = port === 22 ? [] : entries.filter((entry) => matchesName(entry.names, lookupName(host, 22)));
  const revoked = [...mine, ...plain].find((entry) => entry.marker === 'revoked' && entry.key === encoded);
  if (revoked) return { kind: 'revoked', file: revoked.file, line: revoked.line };
  const keys = mine.filter((entry) => entry.marker === null);
  if (keys.some((entry) => entry.key === encoded)) return { kind: 'known' };
  const other = keys[0];
  if (other)
    return {
      kind: 'changed',
      file: other.file,
      line: other.line,
      known: `${other.type} ${fingerprint(Buffer.from(other.key, 'base64'))}`,
    };
  if (plain.some((entry) => entry.marker === null && entry.key === encoded)) return { kind: 'known' };
  const authority = [...mine, ...plain].find((entry) => entry.marker === 'cert-authority');
  return { kind: 'unknown', authority: authority ? { file: authority.file, line: authority.line } : null };
}

/**
 * RevokedHostKeys of ssh_config(5): a public key a line, each revoked for every host. Throws
 * `file-unreadable` where ssh, too, would trust no key: the file is not there, or it is no such list.
 */
export async function readRevokedKeys(file: string): Promise<KnownHost[]> {
  const unreadable = (message: string): Fail => new Fail('file-unreadable', { file, message });
  const text = await readFile(file, 'latin1').catch((error: unknown) => {
    throw unreadable((error as Error).message);
  });
  if (text.startsWith('SSHKRL'))
    throw unreadable('RevokedHostKeys as a KRL is not read, a list of public keys is');
  const entries: KnownHost[] = [];
  for (const [index, line] of text.split('\n').entries()) {
    if (/^\s*(?:#|$)/.test(line)) continue;
    const entry = parseLine(`@revoked * ${line}`, file, index + 1);
    if (entry === null) throw unreadable(`line ${index + 1} is no public key`);
    entries.push(entry);
  }
  return entries;
}

/** Key types on file for a host: the server is asked for these first, as ssh does, or a known host would look changed. */
export function knownKeyTypes(entries: readonly KnownHost[], host: string, port: number): string[] {
  const name = lookupName(host, port);
  const types = entries
    .filter((entry) => entry.marker === null && matchesName(entry.names, name))
    .map((entry) => entry.type);
  return [...new Set(types)];
}

/** `SHA256:` and unpadded base64, as ssh and ssh-keygen print it. */
export function fingerprint(key: Buffer): string {
  return `SHA256:${createHash('sha256').update(key).digest('base64').replace(/=+$/, '')}`;
}

/** The type name at the head of an SSH key blob (RFC 4253 section 6.6). */
export function keyType(key: Buffer): string {
  if (key.length < 4) return 'unknown';
  const length = key.readUInt32BE(0);
  return length > 64 || key.length < 4 + length ? 'unknown' : key.toString('latin1', 4, 4 + length);
}

/**
 * Appends a line the way ssh does, in one write: the file is made 0600, a last line that was left open is
 * closed first, and with `hash` (HashKnownHosts) the name is hashed. What could not be written whole is
 * taken back, so that a full disk leaves the file as it was.
 */
export async function appendKnownHost(
  file: string,
  host: string,
  port: number,
  key: Buffer,
  hash = false,
): Promise<void> {
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  const handle = await open(file, 'a+', 0o600);
  try {
    const { size } = await handle.stat();
    const last = Buffer.alloc(1);
    if (size > 0) await handle.read(last, 0, 1, size - 1);
    const name = lookupName(host, port);
    const line = `${hash ? hashName(name) : name} ${keyType(key)} ${key.toString('base64')}\n`;
    const bytes = Buffer.from(size > 0 && last[0] !== 0x0a ? `\n${line}` : line);
    try {
      const { bytesWritten } = await handle.write(bytes);
      if (bytesWritten < bytes.length)
        throw new Error(`only ${bytesWritten} of ${bytes.length} bytes fitted`);
      await handle.datasync().catch(unlessUnsupported);
    } catch (error) {
      const now = await handle.stat();
      if (now.isFile() && now.size > size && now.size <= size + bytes.length) await handle.truncate(size);
      throw error;
    }
  } finally {
    await handle.close();
  }
}

/** Pipes and some network file systems cannot be synced; that is no failure to write. */
function unlessUnsupported(error: unknown): void {
  if (!['EINVAL', 'ENOTSUP', 'ENOSYS'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
}

/** `|1|salt|HMAC-SHA1(salt, name)`, both in base64, as ssh-keygen -H writes it. */
function hashName(name: string): string {
  const salt = randomBytes(20);
  return `|1|${salt.toString('base64')}|${createHmac('sha1', salt).update(name).digest('base64')}`;
}

function parseLine(line: string, file: string, number: number): KnownHost | null {
  const parts = line.trim().split(/\s+/);
  if (parts[0] === undefined || parts[0] === '' || parts[0].startsWith('#')) return null;
  const marker =
    parts[0] === '@revoked' ? 'revoked' : parts[0] === '@cert-authority' ? 'cert-authority' : null;
  if (marker !== null) parts.shift();
  else if (parts[0].startsWith('@')) return null;
  const [names, type, key] = parts;
  if (names === undefined || type === undefined || key === undefined) return null;
  const blob = Buffer.from(key, 'base64');
  if (keyType(blob) !== type) return null;
  return { file, line: number, marker, names, type, key: blob.toString('base64') };
}

function matchesName(names: string, name: string): boolean {
  if (names.startsWith('|')) {
    const [, version, salt, hash] = names.split('|');
    if (version !== '1' || salt === undefined || hash === undefined) return false;
    return createHmac('sha1', Buffer.from(salt, 'base64')).update(name).digest('base64') === hash;
  }
  return matchesPatternList(name, names.toLowerCase());
}
