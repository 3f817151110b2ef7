import { createHash, randomUUID } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { deserialize, serialize } from 'node:v8';
import { gunzip, gzip } from 'node:zlib';
import { z } from 'zod';
import type { KernelFiles } from './btf-download.ts';

const KERNEL = '.kernel.gz';
const LISTING = '.functions.gz';
const HOST = '.host.gz';
const TEMPORARY = '.tmp';
const VERSION = 1;
/** Milliseconds after which a file that is still being written belongs to a process that died. */
const ABANDONED = 3_600_000;

/** What a cache file holds once it is unpacked: checked, because a disk is as hostile as a wire. */
const stored = z.object({
  version: z.literal(VERSION),
  btf: z.array(z.tuple([z.string(), z.instanceof(Uint8Array)])),
  traceable: z.string().nullable(),
  symbols: z.string().nullable(),
  blacklist: z.string().nullable(),
});

/** Which kernel a host ran when it was last asked, and with which tools: enough to answer for it without it. */
const hostRecord = z.object({
  version: z.literal(VERSION),
  key: z.string(),
  /** When it said so, milliseconds since 1970. */
  when: z.number(),
  release: z.string(),
  machine: z.string(),
  bpftrace: z.object({ version: z.string(), major: z.number(), minor: z.number() }).nullable(),
  /** The line of `ls` for the program that `bpftrace` is the version of; null if that was not looked at. */
  bpftraceFile: z.string().nullable(),
});
export type HostRecord = Omit<z.infer<typeof hostRecord>, 'version'>;

/**
 * Kernels on disk, one gzipped file each, named by identity; beside them lists of their functions as text, and what
 * each host ran. Each file begins with the SHA-256 of what follows; one that does not fit is removed and made
 * again. The least recently used go when all are over the limit.
 */
export class KernelCache {
  readonly #directory: string;
  readonly #limit: number;

  constructor(directory: string, limitBytes = 512 << 20) {
    this.#directory = directory;
    this.#limit = limitBytes;
  }

  /** Null if it is not there, or damaged. */
  async get(key: string): Promise<KernelFiles | null> {
    return this.#read(this.#file(key, KERNEL), (bytes) => {
      const { btf, traceable, symbols, blacklist } = stored.parse(deserialize(bytes));
      return { btf: new Map(btf), traceable, symbols, blacklist };
    });
  }

  /** Written whole or not at all; a cache that cannot be written is no failure. */
  async put(key: string, files: KernelFiles): Promise<void> {
    const whole = serialize({ version: VERSION, ...files, btf: [...files.btf] });
    await this.#write(this.#file(key, KERNEL), whole);
  }

  /** The text that was put under a key: a list of functions; null as with `get`. */
  async getListing(key: string): Promise<string | null> {
    return this.#read(this.#file(key, LISTING), (bytes) => bytes.toString('utf8'));
  }

  async putListing(key: string, text: string): Promise<void> {
    await this.#write(this.#file(key, LISTING), Buffer.from(text));
  }

  /** What the host of that name ran when it was last asked; null as with `get`. */
  async getHost(name: string): Promise<HostRecord | null> {
    return this.#read(this.#file(hashed(name), HOST), (bytes) =>
      hostRecord.parse(JSON.parse(bytes.toString('utf8'))),
    );
  }

  async putHost(name: string, record: HostRecord): Promise<void> {
    await this.#write(
      this.#file(hashed(name), HOST),
      Buffer.from(JSON.stringify({ ...record, version: VERSION })),
    );
  }

  async #read<Value>(file: string, parse: (bytes: Buffer) => Value): Promise<Value | null> {
    try {
      const bytes = await readFile(file);
      const body = bytes.subarray(32);
      if (!createHash('sha256').update(body).digest().equals(bytes.subarray(0, 32)))
        throw new Error('damaged');
      const value = parse(await promisify(gunzip)(body, { maxOutputLength: 1 << 30 }));
      const now = new Date();
      await utimes(file, now, now).catch(() => undefined);
      return value;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT')
        await rm(file, { force: true }).catch(() => undefined);
      return null;
    }
  }

  async #write(file: string, whole: Buffer): Promise<void> {
    const temporary = `${file}.${randomUUID()}${TEMPORARY}`;
    try {
      await mkdir(this.#directory, { recursive: true, mode: 0o700 });
      const body = await promisify(gzip)(whole, { level: 1 });
      const digest = createHash('sha256').update(body).digest();
      await writeFile(temporary, Buffer.concat([digest, body]), { mode: 0o600 });
      await rename(temporary, file);
      await this.#trim();
    } catch {
      await rm(temporary, { force: true }).catch(() => undefined);
    }
  }

  async #trim(): Promise<void> {
    const entries: { file: string; size: number; mtimeMs: number }[] = [];
    for (const name of await readdir(this.#directory)) {
      const file = join(this.#directory, name);
      const found = await stat(file).catch(() => null);
      if (found === null) continue;
      const { size, mtimeMs } = found;
      if ([KERNEL, LISTING, HOST].some((suffix) => name.endsWith(suffix)))
        entries.push({ file, size, mtimeMs });
      else if (name.endsWith(TEMPORARY) && Date.now() - mtimeMs > ABANDONED) await rm(file, { force: true });
    }
    let total = entries.reduce((sum, { size }) => sum + size, 0);
    for (const { file, size } of entries.sort((a, b) => a.mtimeMs - b.mtimeMs).slice(0, -1)) {
      if (total <= this.#limit) return;
      await rm(file, { force: true });
      total -= size;
    }
  }

  /** Keys are hex digits of our own making. */
  #file(key: string, suffix: string): string {
    return join(this.#directory, `${key.replace(/[^0-9a-f]/g, '')}${suffix}`);
  }
}

function hashed(name: string): string {
  return createHash('sha256').update(name).digest('hex').slice(0, 40);
}
