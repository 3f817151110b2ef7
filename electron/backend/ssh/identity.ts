import { createPrivateKey, sign } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { Worker } from 'node:worker_threads';
import { Fail } from '../../../shared/contract/failure.ts';
import { blobType, publicBlob, SshStrings } from './public-key.ts';

/** Signs what a server asks for; `hash` is the one of the algorithm, null where the key itself decides. */
export interface Signer {
  readonly type: string;
  readonly blob: Buffer;
  sign(data: Buffer, hash: string | null): Buffer;
}

/** How keys in the format of OpenSSH are read: given by the one file that knows ssh2. */
export interface KeyParser {
  /** The key without a passphrase as PEM; throws with a reason. */
  parse(text: string): string;
  /** Path of a CommonJS module whose `utils.parseKey(text, passphrase)` gives it: it is run in a thread. */
  readonly module: string;
}

/** A private key file, as far as it can be read without a passphrase. */
export interface Identity {
  readonly file: string;
  /** What the server is offered; null when only the passphrase reveals it (encrypted PEM without .pub). */
  readonly blob: Buffer | null;
  /** Ready to sign; null while a passphrase is wanted. */
  readonly signer: Signer | null;
  /** False when only the public half is there, for a key that an agent holds. */
  readonly whole: boolean;
  /** Opens it; `wrong-passphrase`, or throws `identity-unreadable` for a format that cannot be read at all. */
  unlock(passphrase: string): Promise<Signer | 'wrong-passphrase'>;
}

const MAX_KEY_BYTES = 1 << 20;
/** RFC 5656 section 6.2.1: the curve decides; Ed25519 hashes by itself, RSA as the server wants it. */
const HASHES: Readonly<Record<string, string>> = {
  'ecdsa-sha2-nistp256': 'sha256',
  'ecdsa-sha2-nistp384': 'sha384',
  'ecdsa-sha2-nistp521': 'sha512',
};
const OPENSSH = /-----BEGIN OPENSSH PRIVATE KEY-----([\s\S]*?)-----END OPENSSH PRIVATE KEY-----/;

/**
 * Reads a key file: OpenSSH (PROTOCOL.key), PEM and PKCS8, encrypted or not, and PuTTY version 2. Null if
 * there is none. Throws `identity-unreadable`, and `identity-permissions` for one that others may read,
 * as ssh refuses it.
 */
export async function readIdentity(file: string, parser: KeyParser): Promise<Identity | null> {
  let text: string;
  let mode = 0;
  let owner = -1;
  try {
    const facts = await stat(file);
    if (!facts.isFile() || facts.size > MAX_KEY_BYTES) throw new Error('it is no key file');
    mode = facts.mode & 0o777;
    owner = facts.uid;
    text = await readFile(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return agentOnly(file);
    throw unreadable(file, error);
  }
  const identity = await readText(file, text, parser);
  if (process.platform !== 'win32' && owner === process.getuid?.() && (mode & 0o077) !== 0)
    throw new Fail('identity-permissions', { file, mode: `0${mode.toString(8)}` });
  return identity;
}

async function readText(file: string, text: string, parser: KeyParser): Promise<Identity> {
  const envelope = OPENSSH.exec(text);
  if (envelope !== null) {
    const header = opensshHeader(Buffer.from(envelope[1] ?? '', 'base64'));
    if (header === null) throw unreadable(file, new Error('it is damaged'));
    if (header.cipher === 'none') return open(file, () => createPrivateKey(parser.parse(text)));
    if (header.cipher === 'chacha20-poly1305@openssh.com')
      throw unreadable(
        file,
        new Error(`the ssh2 library cannot decrypt ${header.cipher}: use ssh-keygen -p -Z aes256-ctr`),
      );
    if (/^sk-/.test(blobType(header.blob)))
      throw unreadable(file, new Error('it is a security key, which the ssh2 library cannot use'));
    return {
      file,
      blob: header.blob,
      signer: null,
      whole: true,
      unlock: (passphrase) =>
        unlocked(async () => createPrivateKey(await decryptApart(parser.module, text, passphrase))),
    };
  }
  if (/^PuTTY-User-Key-File-/.test(text)) return open(file, () => createPrivateKey(parser.parse(text)));
  if (/-----BEGIN ENCRYPTED PRIVATE KEY-----|^Proc-Type: 4,ENCRYPTED/m.test(text))
    return {
      file,
      blob: await publicHalf(file),
      signer: null,
      whole: true,
      unlock: (passphrase) =>
        unlocked(async () => createPrivateKey({ key: text, format: 'pem', passphrase })),
    };
  return open(file, () => createPrivateKey({ key: text, format: 'pem' }));
}

/** A file that is not there can still be named by its public half, for a key that the agent holds. */
async function agentOnly(file: string): Promise<Identity | null> {
  const blob = await publicHalf(file);
  if (blob === null) return null;
  return {
    file,
    blob,
    signer: null,
    whole: false,
    unlock: () => Promise.reject(unreadable(file, new Error('there is only its public half'))),
  };
}

function open(file: string, read: () => KeyObject): Identity {
  try {
    const signer = signerOf(read());
    return { file, blob: signer.blob, signer, whole: true, unlock: async () => signer };
  } catch (error) {
    throw unreadable(file, error);
  }
}

async function unlocked(read: () => Promise<KeyObject>): Promise<Signer | 'wrong-passphrase'> {
  try {
    return signerOf(await read());
  } catch {
    return 'wrong-passphrase';
  }
}

function signerOf(key: KeyObject): Signer {
  const half = publicBlob(key);
  if (half === null) throw new Error(`SSH has no keys of the kind ${key.asymmetricKeyType ?? 'unknown'}`);
  const own = HASHES[half.type] ?? null;
  return { ...half, sign: (data, hash) => sign(half.type === 'ssh-rsa' ? hash : own, data, key) };
}

/** PROTOCOL.key of OpenSSH: magic, cipher, kdf, its options, number of keys, and the first public key, in clear. */
function opensshHeader(data: Buffer): { cipher: string; blob: Buffer } | null {
  const magic = 'openssh-key-v1\0';
  if (data.toString('latin1', 0, magic.length) !== magic) return null;
  const strings = new SshStrings(data, magic.length);
  const cipher = strings.string()?.toString('latin1');
  strings.string();
  strings.string();
  strings.number();
  const blob = strings.string();
  return cipher === undefined || blob === null ? null : { cipher, blob: Buffer.from(blob) };
}

/** The key beside it in `.pub`, null if there is none. */
async function publicHalf(file: string): Promise<Buffer | null> {
  const text = await readFile(`${file}.pub`, 'utf8').catch(() => '');
  const blob = Buffer.from(text.split(' ')[1] ?? '', 'base64');
  return blobType(blob) !== '' && blobType(blob) === text.split(' ')[0] ? blob : null;
}

function unreadable(file: string, error: unknown): Fail {
  return new Fail('identity-unreadable', { file, message: (error as Error).message });
}

/** bcrypt_pbkdf takes 0.4 s and more of pure computing: not in the thread that serves every connection. */
const DECRYPT = `
const { parentPort, workerData } = require('node:worker_threads');
const parsed = require(workerData.module).utils.parseKey(workerData.text, workerData.passphrase);
const key = Array.isArray(parsed) ? parsed[0] : parsed;
parentPort.postMessage(key instanceof Error ? { error: key.message } : { pem: key.getPrivatePEM() });
`;

function decryptApart(module: string, text: string, passphrase: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(DECRYPT, { eval: true, workerData: { module, text, passphrase } });
    worker.once('message', (message: { pem?: string; error?: string }) => {
      if (message.pem === undefined) reject(new Error(message.error));
      else resolve(message.pem);
    });
    worker.once('error', reject);
    worker.once('exit', () => reject(new Error('the thread ended')));
  });
}
