import { safeStorage } from 'electron';
import { mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { isSecretRequest } from '../shared/contract/secret-messages.ts';
import type { KeychainState, SecretCall, SecretReply } from '../shared/contract/secret-messages.ts';

const VERSION = 1;
const MOST_ENTRIES = 200;
const MOST_KEY = 4096;
const MOST_SECRET = 1024;
const MAX_BYTES = 4 << 20;
/** What Chromium's os_crypt writes before text that it encrypts, on Linux, with a password that is in its source. */
const PLAIN_PREFIX = 'v10';

/** Key to encrypted text in base64, those written last at the end. */
type Entries = Map<string, string>;

/**
 * Keeps secrets in one file, encrypted by the keychain of this machine: Electron's safeStorage, which only
 * main may use. Where that would be plain text nothing is kept. A file or an entry that cannot be read is
 * dropped. The keychain is touched only when a secret is, never when the application starts.
 */
export class SecretKeeper {
  readonly #file: () => string;
  #entries: Promise<Entries> | null = null;
  #last: Promise<unknown> = Promise.resolve();

  constructor(file: () => string) {
    this.#file = file;
  }

  /** The answer to a message of the backend, null if it was none about secrets; one after the other. */
  answer(message: unknown): Promise<SecretReply> | null {
    if (!isSecretRequest(message)) return null;
    const { id, call } = message;
    const answered = this.#last
      .then(() => this.#do(call))
      .then(
        (value): SecretReply => ({ kind: 'secret-reply', id, error: null, value }),
        (error: unknown): SecretReply => ({
          kind: 'secret-reply',
          id,
          error: error instanceof Error ? error.message : 'the keychain failed',
          value: null,
        }),
      );
    this.#last = answered;
    return answered;
  }

  async #do(call: SecretCall): Promise<unknown> {
    this.#entries ??= readEntries(this.#file());
    const entries = await this.#entries;
    switch (call.what) {
      case 'available':
        return keychainState();
      case 'count':
        return entries.size;
      case 'read':
        return this.#read(entries, call.key);
      case 'write':
        return this.#write(entries, call.key, call.secret);
      case 'forget':
        return entries.delete(call.key) ? this.#save(entries) : null;
      case 'forget-all':
        await rm(this.#file(), { force: true });
        entries.clear();
        return null;
    }
  }

  async #read(entries: Entries, key: string): Promise<string | null> {
    const kept = entries.get(key);
    if (kept === undefined || (await keychainState()).kind === 'refused') return null;
    try {
      const { result, shouldReEncrypt } = await safeStorage.decryptStringAsync(Buffer.from(kept, 'base64'));
      if (shouldReEncrypt) await this.#write(entries, key, result);
      return result;
    } catch {
      entries.delete(key);
      await this.#save(entries);
      return null;
    }
  }

  async #write(entries: Entries, key: string, secret: string): Promise<null> {
    if (key.length > MOST_KEY || secret.length > MOST_SECRET)
      throw new Error(`more than ${MOST_SECRET} characters are not kept`);
    const state = await keychainState();
    if (state.kind === 'refused') throw new Error(state.why);
    const encrypted = await encrypt(secret);
    entries.delete(key);
    entries.set(key, encrypted.toString('base64'));
    for (const oldest of entries.keys()) {
      if (entries.size <= MOST_ENTRIES) break;
      entries.delete(oldest);
    }
    return this.#save(entries);
  }

  /** Whole or not at all. */
  async #save(entries: Entries): Promise<null> {
    const file = this.#file();
    const temporary = `${file}.${process.pid}.tmp`;
    try {
      await mkdir(dirname(file), { recursive: true, mode: 0o700 });
      await rm(temporary, { force: true });
      const text = JSON.stringify({ version: VERSION, entries: [...entries] }, null, 2);
      await writeFile(temporary, `${text}\n`, { mode: 0o600, flag: 'wx' });
      await rename(temporary, file);
    } catch (error) {
      await rm(temporary, { force: true }).catch(() => undefined);
      throw error;
    }
    return null;
  }
}

/** A trial, too: on Linux a keyring that is chosen but does not run leaves Chromium with its built-in password. */
async function keychainState(): Promise<KeychainState> {
  try {
    if (process.platform === 'linux') {
      const backend = safeStorage.getSelectedStorageBackend();
      if (backend === 'basic_text' || backend === 'unknown')
        return { kind: 'refused', why: `there is no keyring here (safeStorage: ${backend})` };
    }
    if (!(await safeStorage.isAsyncEncryptionAvailable()))
      return { kind: 'refused', why: 'the keychain of this machine is not available' };
    await encrypt('trial');
    return { kind: 'keychain' };
  } catch (error) {
    return { kind: 'refused', why: error instanceof Error ? error.message : 'the keychain failed' };
  }
}

async function encrypt(text: string): Promise<Buffer> {
  const encrypted = await safeStorage.encryptStringAsync(text);
  if (process.platform === 'linux' && encrypted.toString('latin1', 0, PLAIN_PREFIX.length) === PLAIN_PREFIX)
    throw new Error('the keyring does not answer, and without it this would be plain text');
  return encrypted;
}

async function readEntries(file: string): Promise<Entries> {
  try {
    if ((await stat(file)).size > MAX_BYTES) return new Map();
    const kept = JSON.parse(await readFile(file, 'utf8')) as { version?: unknown; entries?: unknown } | null;
    if (kept?.version !== VERSION || !Array.isArray(kept.entries)) return new Map();
    return new Map(kept.entries.filter(isEntry).slice(-MOST_ENTRIES));
  } catch {
    return new Map();
  }
}

function isEntry(entry: unknown): entry is [string, string] {
  return (
    Array.isArray(entry) && entry.length === 2 && entry.every((part: unknown) => typeof part === 'string')
  );
}
