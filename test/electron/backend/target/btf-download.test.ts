import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { downloadKernel, identifyKernel } from '../../../../electron/backend/target/btf-download.ts';
import type { KernelFiles, KernelIdentity } from '../../../../electron/backend/target/btf-download.ts';
import { Fail, failureOf } from '../../../../shared/contract/failure.ts';
import type { Failure } from '../../../../shared/contract/failure.ts';
import { scripted } from '../scripted-connection.ts';

/** What a target answers to one command: bytes for stdout, and an exit status. */
interface Answer {
  readonly stdout: string | Buffer;
  readonly status?: number;
}

async function identify(stdout: string): Promise<KernelIdentity> {
  const connection = scripted();
  const pending = identifyKernel(connection.target);
  const channel = await connection.started();
  channel.emit(stdout);
  channel.end(0);
  return pending;
}

async function download(
  files: KernelIdentity['files'],
  answers: readonly Answer[],
  onProgress: (done: number, total: number) => void = () => undefined,
): Promise<{ readonly result: KernelFiles | Failure; readonly commands: readonly string[] }> {
  const connection = scripted();
  const pending = downloadKernel(connection.target, { key: 'k', files }, onProgress).catch(failureOf);
  for (const { stdout, status = 0 } of answers) {
    const channel = await connection.started();
    channel.emit(stdout);
    channel.end(status);
  }
  return { result: await pending, commands: connection.commands };
}

const TWO = [
  { name: 'vmlinux', size: 4 },
  { name: 'veth', size: 2 },
];
const LISTS = `#skblens /sys/kernel/tracing/available_filter_functions
ip_rcv
veth_xmit [veth]
#skblens /proc/kallsyms
ffff ip_rcv
`;

test('the kernel comes first, then modules by name; what is none is left out', async () => {
  const { files } = await identify(
    'notes=0400\nbtf=20 veth\nbtf=30 vmlinux\nbtf=10 bridge\nbtf=1x odd\nbtf=77 -n\nbtf=5 a;reboot\nbtf=5 ../x\n',
  );
  expect(files).toEqual([
    { name: 'vmlinux', size: 30 },
    { name: 'bridge', size: 10 },
    { name: 'veth', size: 20 },
  ]);
});

test('another build, another module or another right to read is another key', async () => {
  const texts = [
    'notes=01\nbtf=30 vmlinux\nmay=1 0\n',
    'notes=02\nbtf=30 vmlinux\nmay=1 0\n',
    'notes=01\nbtf=30 vmlinux\nbtf=1 veth\nmay=1 0\n',
    'notes=01\nbtf=30 vmlinux\nmay=0 1000\n',
  ];
  const keys = await Promise.all(texts.map(async (text) => (await identify(text)).key));
  expect(new Set(keys).size).toBe(texts.length);
  expect((await identify(texts[0] ?? '')).key).toBe(keys[0]);
  for (const key of keys) expect(key).toMatch(/^[0-9a-f]{40}$/);
});

test.each(['', 'notes=01\nbtf=30 veth\n', 'btf=30 vmlinux2\n'])('no kernel BTF in %j', async (text) => {
  await expect(identify(text)).rejects.toMatchObject({ failure: { code: 'btf-missing' } });
});

test.each([
  ['as it is', (text: string) => Buffer.from(text)],
  ['packed', (text: string) => gzipSync(text)],
])('files are cut by their sizes, %s', async (_how, pack) => {
  const seen: [number, number][] = [];
  const { result, commands } = await download(
    TWO,
    [{ stdout: pack('KERNve') }, { stdout: pack(LISTS) }],
    (done, total) => seen.push([done, total]),
  );
  const files = result as KernelFiles;
  expect([...files.btf].map(([name, bytes]) => [name, Buffer.from(bytes).toString()])).toEqual([
    ['vmlinux', 'KERN'],
    ['veth', 've'],
  ]);
  expect(files.traceable).toBe('ip_rcv\nveth_xmit [veth]\n');
  expect(files.symbols).toBe('ffff ip_rcv\n');
  expect(files.blacklist).toBeNull();
  expect(seen.at(-1)).toEqual([6, 6]);
  expect(commands[0]).toContain('cat vmlinux veth');
});

test.each([
  ['a byte short', [{ stdout: 'KERNv' }]],
  ['a byte long', [{ stdout: 'KERNvet' }]],
  ['nothing', [{ stdout: '' }]],
  ['packed and cut off', [{ stdout: gzipSync('KERNve').subarray(0, -9) }]],
  ['packed and flipped', [{ stdout: gzipSync('KERNve').fill(0xff, 12, 14) }]],
  ['a bomb', [{ stdout: gzipSync(Buffer.alloc((512 << 20) + 1), { level: 1 }) }]],
  ['lists cut off', [{ stdout: 'KERNve' }, { stdout: gzipSync(LISTS).subarray(0, 30) }]],
] satisfies [string, Answer[]][])('%s is damaged', { timeout: 30_000 }, async (_what, answers) => {
  expect((await download(TWO, answers)).result).toMatchObject({
    code: 'btf-download-damaged',
    values: { host: 'scripted' },
  });
});

test('more than the bound is refused before anything is asked for', async () => {
  const { result, commands } = await download([{ name: 'vmlinux', size: 9_999_999_999 }], []);
  expect(result).toMatchObject({ code: 'btf-download-damaged' });
  expect(commands).toEqual([]);
});

test('a command that fails says so', async () => {
  const { result } = await download(TWO, [{ stdout: '', status: 1 }]);
  expect(result).toMatchObject({ code: 'command-failed', values: { status: 1 } });
});

test('a server that allows one session a connection is asked for one thing after the other', async () => {
  const far = scripted();
  let open = 0;
  const { exec } = far.target.connection;
  const connection = {
    ...far.target.connection,
    exec: async (command: string) => {
      if (open > 0) throw new Fail('channel-refused', { host: 'scripted', message: 'open failed' });
      open++;
      const channel = await exec(command);
      void channel.exit.then(() => open--);
      return channel;
    },
  };
  const pending = downloadKernel({ ...far.target, connection }, { key: 'k', files: TWO }, () => undefined);
  for (const stdout of ['KERNve', LISTS]) {
    const channel = await far.started();
    channel.emit(stdout);
    channel.end(0);
  }
  expect((await pending).symbols).toBe('ffff ip_rcv\n');
});
