import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { KernelCache } from '../../../../electron/backend/target/btf-cache.ts';
import { identifyKernel } from '../../../../electron/backend/target/btf-download.ts';
import { keptHostKernel, openHostKernel } from '../../../../electron/backend/target/host-kernel.ts';
import type { HostKernel } from '../../../../electron/backend/target/host-kernel.ts';
import type { FunctionEntry } from '../../../../shared/contract/api.ts';
import { failureOf } from '../../../../shared/contract/failure.ts';
import { BtfWriter } from '../../../shared/btf/writer.ts';
import { scripted } from '../scripted-connection.ts';

let directory = '';
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'skblens-host-kernel-'));
});
afterEach(() => rm(directory, { recursive: true }));

const BTF = ((): Uint8Array => {
  const w = new BtfWriter();
  const int = w.int('int', 4, 1);
  w.composite('struct', 'sk_buff', 4, [{ name: 'len', type: int, bitOffset: 0 }]);
  w.function('ip_rcv', w.prototype(int, [['n', int]]));
  w.function('no_trace', w.prototype(int, []));
  return w.bytes();
})();

const LISTS = `#skblens /sys/kernel/tracing/available_filter_functions
ip_rcv
#skblens /proc/kallsyms
ffffffff81000000 T _stext
ffffffff81001000 T ip_rcv
ffffffff81002000 T no_trace
`;

/** What a target says at a quick look. */
function said({ size = '3', uid = '0', release = '6.12.1' } = {}): string {
  return `uid=${uid}
system=${release} x86_64
bpftrace=/usr/bin/bpftrace
may=1
-rwxr-xr-x 1 0 0 ${size} Aug  1  2024 /usr/bin/bpftrace

/sys/kernel/btf:
total 0
-r--r--r-- 1 0 0 ${BTF.length} Nov 22 23:00 vmlinux
notes
 04 00 00 00
 ab cd
`;
}

interface Far {
  readonly commands: readonly string[];
  answer(stdout: string | Buffer, status?: number): Promise<void>;
}

async function ask<Value>(
  work: (far: ReturnType<typeof scripted>) => Promise<Value>,
  answers: (far: Far) => Promise<void>,
): Promise<{ value: Value; commands: readonly string[] }> {
  const far = scripted();
  const pending = work(far);
  pending.catch(() => undefined);
  const answer = async (stdout: string | Buffer, status = 0): Promise<void> => {
    const channel = await far.started();
    channel.emit(stdout);
    channel.end(status);
  };
  await answers({ commands: far.commands, answer });
  return { value: await pending, commands: far.commands };
}

async function listing(cache: KernelCache, answers: (far: Far) => Promise<void>, program = 'one') {
  return ask(async ({ target }) => {
    const kernel: HostKernel = await openHostKernel(target.connection, target.onCommand, {}, cache);
    return kernel.listing(program);
  }, answers);
}

const first = async ({ answer }: Far): Promise<void> => {
  await answer(said());
  await answer('bpftrace v0.23.2\n');
  await answer(gzipSync(BTF));
  await answer(gzipSync(LISTS));
};

test('first two questions and a download, then one question, and the same list', async () => {
  const cache = new KernelCache(directory);
  const cold = await listing(cache, first);
  const entries = cold.value
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as FunctionEntry);
  expect(entries.map(({ name, attachable }) => [name, attachable])).toEqual([
    ['ip_rcv', 'yes'],
    ['no_trace', 'no'],
  ]);
  expect(cold.commands).toHaveLength(4);

  const cached = await listing(cache, ({ answer }) => answer(said()));
  expect(cached.value).toBe(cold.value);
  expect(cached.commands).toHaveLength(1);
});

test('the key is the one of a session: what one has fetched serves the other', async () => {
  const session = await ask(
    ({ target }) => identifyKernel(target),
    ({ answer }) => answer(`notes=04000000abcd\nbtf=${BTF.length} vmlinux\nmay=1 0\n`),
  );
  const cache = new KernelCache(directory);
  await listing(cache, first);
  expect(await cache.get(session.value.key)).not.toBeNull();
});

test('another file of bpftrace is asked again; another kernel is fetched', async () => {
  const cache = new KernelCache(directory);
  await listing(cache, first);
  const { commands } = await listing(cache, async ({ answer }) => {
    await answer(said({ size: '4' }));
    await answer('bpftrace v0.24.0\n');
  });
  expect(commands[1]).toContain('bpftrace --version');
  const other = await listing(cache, async ({ answer }) => {
    await answer(said({ size: '4' }).replace('ab cd', 'ab ce'));
    await answer(gzipSync(BTF));
    await answer(gzipSync(LISTS));
  });
  expect(other.commands).toHaveLength(3);
});

test('a list that another build has made is made again', async () => {
  const cache = new KernelCache(directory);
  const { value } = await listing(cache, first);
  const file = (await readdir(directory)).find((name) => name.endsWith('.functions.gz'));
  await cache.putListing(file?.split('.')[0] ?? '', 'planted\n');
  expect((await listing(cache, ({ answer }) => answer(said()))).value).toBe('planted\n');
  expect((await listing(cache, ({ answer }) => answer(said()), 'two')).value).toBe(value);
});

test.each([
  ['is not root', said({ uid: '1000' }), 0],
  ['knows no such command', 'not in the recording\n', 127],
  ['tells nothing of its bpftrace', said().replace(/^-rwx.*\n/m, ''), 0],
])('a login that %s is surveyed as ever', async (_what, text, status) => {
  const { commands } = await listing(new KernelCache(directory), async ({ answer }) => {
    await answer(text, status);
    await answer('login=0\nrelease=6.12.1\nmachine=x86_64\nuid=0\nbpftrace=bpftrace v0.23.2\n');
    await answer(`notes=04\nbtf=${BTF.length} vmlinux\nmay=1 0\n`);
    await answer(gzipSync(BTF));
    await answer(gzipSync(LISTS));
  });
  expect(commands[1]).toContain('login=$(id -u)');
});

test('without a connection a host is what it was when last asked; one never asked is not known', async () => {
  const cache = new KernelCache(directory);
  const config = scripted().target.connection.config;
  const unknown = await keptHostKernel(config, cache).catch(failureOf);
  expect(unknown).toMatchObject({ code: 'kernel-not-kept', values: { host: 'scripted' } });
  const { value } = await listing(cache, first);
  const kept = await keptHostKernel(config, cache);
  expect(kept.release).toBe('6.12.1');
  expect(Math.abs(Date.now() - kept.when)).toBeLessThan(600_000);
  expect(await kept.listing('another build')).toBe(value);
  expect((await kept.types()).structs.layouts('sk_buff')).toHaveLength(1);
  await rm(directory, { recursive: true });
  await mkdir(directory);
  expect(await keptHostKernel(config, cache).catch(failureOf)).toMatchObject({ code: 'kernel-not-kept' });
});
