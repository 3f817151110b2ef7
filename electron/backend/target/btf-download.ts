import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { Fail } from '../../../shared/contract/failure.ts';
import { runCommand } from '../ssh/command.ts';
import type { Target } from '../ssh/command.ts';

/** Everything about a kernel that skblens decides by, as bytes: what is downloaded once and cached. */
export interface KernelFiles {
  /** BTF by name: `vmlinux`, then each module; a `NAME.inline` is split BTF on top of NAME. */
  readonly btf: ReadonlyMap<string, Uint8Array>;
  /** Null where the target would not let it be read (lockdown, no root, no tracefs). */
  readonly traceable: string | null;
  readonly symbols: string | null;
  readonly blacklist: string | null;
}

/** Which kernel this is, without reading much: the key of the cache. */
export interface KernelIdentity {
  /** Hex digits of a hash over build id, BTF names and sizes, and what may be read there. */
  readonly key: string;
  /** Names and sizes of /sys/kernel/btf, in the order in which they are downloaded: vmlinux first. */
  readonly files: readonly { readonly name: string; readonly size: number }[];
}

/**
 * The build id is in the ELF notes of the kernel; module BTF belongs to the modules that are loaded, so names
 * and sizes stand in the key too; and a locked-down kernel hides lists that another host with the same kernel gives.
 */
const IDENTITY_SCRIPT = `
export LC_ALL=C
echo "notes=$(od -An -v -tx1 </sys/kernel/notes 2>/dev/null | tr -d ' \\n')"
ls -ln /sys/kernel/btf 2>/dev/null | sed -n 's/^-.*[[:space:]]\\([0-9][0-9]*\\) [A-Z][a-z][a-z] .*[[:space:]]\\([^[:space:]]*\\)$/btf=\\1 \\2/p'
echo "may=$(head -c 1 /sys/kernel/tracing/available_filter_functions 2>/dev/null | wc -c) $(id -u)"
`;

/** They become words of a shell command: no option, no path. */
const MODULE_NAME = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,79}$/;
const MAX_BYTES = 512 << 20;

/** Asks the target which kernel it runs. Throws `btf-missing` if it has no BTF at all. */
export async function identifyKernel(target: Target): Promise<KernelIdentity> {
  const result = await runCommand(target, IDENTITY_SCRIPT, 'kernel identity', {
    seconds: 30,
    bytes: 1 << 20,
  });
  return readIdentity(result.stdout.toString('latin1'), target.connection.config.alias);
}

/** What IDENTITY_SCRIPT prints, as an identity. Throws `btf-missing`. */
export function readIdentity(text: string, host: string): KernelIdentity {
  const files = [...text.matchAll(/^btf=(\d{1,10}) (\S+)$/gm)]
    .map(([, size, name]) => ({ name: name ?? '', size: Number(size) }))
    .filter(({ name }) => MODULE_NAME.test(name))
    .sort(
      (a, b) => Number(b.name === 'vmlinux') - Number(a.name === 'vmlinux') || (a.name < b.name ? -1 : 1),
    );
  if (files[0]?.name !== 'vmlinux') throw new Fail('btf-missing', { host });
  const key = createHash('sha256').update(text).digest('hex').slice(0, 40);
  return { key, files };
}

/**
 * Fetches the BTF of the kernel and all its modules in one command, and the three lists in another at the same time, compressed by the
 * target's gzip where it has one. The BTF files come one behind the other; where each ends is known from
 * its size, and a total that does not fit (a module came or went meanwhile) is `btf-download-damaged`.
 */
export async function downloadKernel(
  target: Target,
  identity: KernelIdentity,
  onProgress: (done: number, total: number) => void,
): Promise<KernelFiles> {
  const host = target.connection.config.alias;
  const total = identity.files.reduce((sum, { size }) => sum + size, 0);
  if (total > MAX_BYTES)
    throw new Fail('btf-download-damaged', { host, message: `${total} bytes of BTF are too many` });
  const [btf, text] = await Promise.all([
    fetchTypes(target, identity, total, onProgress),
    fetchLists(target).catch(async (error: unknown) => {
      // A server that allows one session a connection (MaxSessions 1): one after the other, then.
      if (error instanceof Fail && error.failure.code === 'channel-refused') return null;
      throw error;
    }),
  ]);
  const lists = text ?? (await fetchLists(target));
  const list = (name: string): string | null => {
    const begin = lists.indexOf(`${MARK}${name}\n`);
    if (begin < 0) return null;
    const from = begin + MARK.length + name.length + 1;
    const end = lists.indexOf(MARK, from);
    return lists.slice(from, end < 0 ? undefined : end);
  };
  return {
    btf,
    traceable: list('/sys/kernel/tracing/available_filter_functions'),
    blacklist: list('/sys/kernel/debug/kprobes/blacklist'),
    symbols: list('/proc/kallsyms'),
  };
}

async function fetchTypes(
  target: Target,
  { files }: KernelIdentity,
  total: number,
  onProgress: (done: number, total: number) => void,
): Promise<ReadonlyMap<string, Uint8Array>> {
  const names = files.map(({ name }) => name).join(' ');
  const packed = await fetchPacked(target, `cd /sys/kernel/btf && cat ${names}`, 'btf', (bytes) =>
    onProgress(bytes, total),
  );
  if (packed.length !== total)
    throw new Fail('btf-download-damaged', {
      host: target.connection.config.alias,
      message: `${packed.length} bytes came, ${total} were announced`,
    });
  onProgress(total, total);
  const btf = new Map<string, Uint8Array>();
  let at = 0;
  for (const { name, size } of files) {
    btf.set(name, new Uint8Array(packed.subarray(at, at + size)));
    at += size;
  }
  return btf;
}

const MARK = '#skblens ';

async function fetchLists(target: Target): Promise<string> {
  const lists = await fetchPacked(
    target,
    `for file in /sys/kernel/tracing/available_filter_functions /sys/kernel/debug/kprobes/blacklist /proc/kallsyms; do
  if head -c 1 "$file" >/dev/null 2>&1; then echo "${MARK}$file"; cat "$file"; fi
done`,
    'lists of functions',
    () => undefined,
  );
  return lists.toString('latin1');
}

/** Runs `script` and gives its output, sent through `gzip -1` if the target has it: a fifth of the time on a slow link. */
async function fetchPacked(
  target: Target,
  script: string,
  purpose: string,
  onProgress: (bytes: number) => void,
): Promise<Buffer> {
  const host = target.connection.config.alias;
  const whole = `export LC_ALL=C
if command -v gzip >/dev/null 2>&1; then { ${script}
} | gzip -1 -c; else { ${script}
}; fi`;
  const { stdout, status, stderr } = await runCommand(target, whole, purpose, {
    seconds: 300,
    bytes: MAX_BYTES,
    onProgress,
  });
  if (status !== 0)
    throw new Fail('command-failed', { command: script.split('\n', 1)[0] ?? '', host, status }, stderr);
  if (stdout[0] !== 0x1f || stdout[1] !== 0x8b) return stdout;
  try {
    return await promisify(gunzip)(stdout, { maxOutputLength: MAX_BYTES });
  } catch (error) {
    throw new Fail('btf-download-damaged', { host, message: (error as Error).message });
  }
}
