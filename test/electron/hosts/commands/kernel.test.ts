import { execFileSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { parseBtf } from '../../../../shared/btf/decoder.ts';
import { BtfWriter } from '../../../shared/btf/writer.ts';
import { elfFile } from '../../../shared/btf/elf-file.ts';
import { runCli } from '../run-cli.ts';

const directory = mkdtempSync(join(tmpdir(), 'skblens-kernel-cli-'));
afterAll(() => rmSync(directory, { recursive: true }));

/** A kernel of few words: the newer one has another sk_buff, another ip_rcv, and icmp_rcv for icmp_send. */
function kernel(newer: boolean): string {
  const w = new BtfWriter();
  const int = w.int('int', 4, 1);
  const bool = w.typedef('bool', w.int('_Bool', 1, 4));
  const skb = w.composite(
    'struct',
    'sk_buff',
    newer ? 12 : 8,
    newer
      ? [
          { name: 'hash', type: int, bitOffset: 0 },
          { name: 'len', type: int, bitOffset: 32 },
          { name: 'mark', type: bool, bitOffset: 64 },
        ]
      : [
          { name: 'len', type: int, bitOffset: 0 },
          { name: 'mark', type: int, bitOffset: 32 },
        ],
  );
  w.composite('struct', 'same', 4, [{ name: 'n', type: int, bitOffset: 0 }]);
  w.composite('union', newer ? 'young' : 'old', 4, [{ name: 'n', type: int, bitOffset: 0 }]);
  const takesSkb = w.prototype(int, [['skb', w.pointer(skb)]]);
  w.function(newer ? 'icmp_rcv' : 'icmp_send', takesSkb);
  w.function('ip_rcv', newer ? w.prototype(bool, [['skb', w.pointer(skb)]]) : takesSkb);
  w.function('ip_rcv_core', takesSkb);
  w.typedef(
    'btf_trace_kfree_skb',
    w.pointer(
      w.prototype(0, [
        ['', w.pointer(0)],
        ['skb', w.pointer(skb)],
      ]),
    ),
  );
  w.function('__skip_rcv', w.prototype(bool, [['n', int]]));
  const file = join(directory, newer ? 'new.btf' : 'old.btf');
  writeFileSync(file, w.bytes());
  return file;
}

const OLD = kernel(false);
const NEW = kernel(true);

describe('an ELF file', () => {
  const saved = (name: string, section: string): string => {
    const file = join(directory, name);
    writeFileSync(file, elfFile([[section, 1, readFileSync(OLD)]]));
    return file;
  };

  test('is read by its .BTF section, as bpftool does', async () => {
    const { status, lines } = await runCli('functions', '--btf', saved('vmlinux', '.BTF'), '--json');
    expect(status).toBe(0);
    expect(lines().map((one) => one['name'])).toEqual(['__skip_rcv', 'icmp_send', 'ip_rcv', 'ip_rcv_core']);
  });

  test('and a raw one may come through a pipe, which has no parts to be read', async () => {
    const pipe = join(directory, 'pipe');
    execFileSync('mkfifo', [pipe]);
    const [{ status, lines }] = await Promise.all([
      runCli('functions', '--btf', pipe, '--json'),
      writeFile(pipe, readFileSync(OLD)),
    ]);
    expect(status).toBe(0);
    expect(lines()).toHaveLength(4);
  });

  test('without one is refused by name', async () => {
    const { status, stderr } = await runCli('functions', '--btf', saved('stripped', '.text'));
    expect([status, stderr]).toEqual([1, expect.stringContaining('is an ELF file without a .BTF section')]);
    const { lines } = await runCli('functions', '--btf', saved('stripped', '.text'), '--json');
    expect(lines()).toMatchObject([{ type: 'failure', code: 'btf-section-missing' }]);
  });
});

describe('functions', () => {
  test.each([
    [[], ['__skip_rcv', 'icmp_send', 'ip_rcv', 'ip_rcv_core']],
    [['rcv'], ['ip_rcv', '__skip_rcv', 'ip_rcv_core']],
    [['ip_rcv'], ['ip_rcv', 'ip_rcv_core', '__skip_rcv']],
    [['core', 'ip'], ['ip_rcv_core']],
    [['->bool'], ['__skip_rcv']],
    [
      ['rcv', 'arg:sk_buff'],
      ['ip_rcv', 'ip_rcv_core'],
    ],
    [['module:veth'], []],
    [['icmpsend'], ['icmp_send']],
  ])('%j', async (query, names) => {
    const { status, lines } = await runCli('functions', '--btf', OLD, ...query, '--json');
    expect(status).toBe(0);
    expect(lines().map(({ name }) => name)).toEqual(names);
  });

  test('a line is a signature for people, and five values for programs', async () => {
    const { stdout } = await runCli('functions', '--btf', OLD, 'ip_rcv_core');
    expect(stdout).toBe('int ip_rcv_core(struct sk_buff *skb)  [unknown]\n');
    expect((await runCli('functions', '--btf', OLD, 'ip_rcv_core', '--json')).lines()).toEqual([
      {
        name: 'ip_rcv_core',
        module: 'vmlinux',
        signature: 'int ip_rcv_core(struct sk_buff *skb)',
        attachable: 'unknown',
        reason: '',
      },
    ]);
  });

  test('of other kinds of points what a file knows', async () => {
    const raw = await runCli('functions', '--btf', OLD, 'rawtracepoint:*', '--json');
    expect(raw.lines()).toEqual([
      {
        name: 'rawtracepoint:kfree_skb',
        module: 'vmlinux',
        signature: 'void kfree_skb(struct sk_buff *skb)',
        attachable: 'unknown',
        reason: '',
      },
    ]);
    expect((await runCli('functions', '--btf', OLD, 'rawtracepoint:kfree*')).stdout).toBe(
      'rawtracepoint:kfree_skb  void kfree_skb(struct sk_buff *skb)  [unknown]\n',
    );
    expect((await runCli('functions', '--btf', OLD, 'kprobe:*', '--json')).lines()).toEqual([]);
    const none = await runCli('functions', '--btf', OLD, 'tracepoint:*', '--json');
    expect(none.status).toBe(1);
    expect(none.lines()).toMatchObject([{ type: 'failure', code: 'btf-only' }]);
  });

  test('the way of a packet, with what of it is here', async () => {
    const { status, lines } = await runCli('functions', '--btf', NEW, '--path', '--json');
    expect(status).toBe(0);
    const present = lines().filter((one) => one['present'] === true);
    expect(present.map(({ name }) => name)).toEqual(['ip_rcv', 'ip_rcv_core', 'icmp_rcv']);
    expect(present[1]).toMatchObject({
      direction: 'receive',
      stage: 'ip',
      family: 'ipv4',
      attachable: 'unknown',
    });
    expect(lines().find(({ name }) => name === 'tcp_v4_rcv')).toMatchObject({
      present: false,
      signature: null,
      attachable: 'no',
      reason: 'ABSENT',
    });
    expect((await runCli('functions', '--btf', NEW, '--path', 'rcv')).status).toBe(2);
  });

  test('wrong usage, no file, no BTF', async () => {
    expect(await runCli('functions')).toMatchObject({ status: 2 });
    expect(await runCli('functions', '--btf', OLD, 'x'.repeat(257))).toMatchObject({ status: 2 });
    const missing = await runCli('functions', '--btf', join(directory, 'none'), '--json');
    expect(missing.status).toBe(1);
    expect(missing.lines()).toMatchObject([{ type: 'failure', code: 'file-unreadable' }]);
    writeFileSync(join(directory, 'text'), 'no BTF at all, but some text');
    const damaged = await runCli('functions', '--btf', join(directory, 'text'), '--json');
    expect(damaged.status).toBe(1);
    expect(damaged.lines()).toMatchObject([{ type: 'failure', code: 'btf-damaged' }]);
  });
});

describe('struct', () => {
  test('its members with their places', async () => {
    const { status, lines } = await runCli('struct', '--btf', NEW, 'struct sk_buff', '--json');
    expect(status).toBe(0);
    expect(lines()).toMatchObject([
      {
        name: 'sk_buff',
        size: 12,
        members: [
          { path: 'hash', byteOffset: 0, bits: 32, type: 'int' },
          { path: 'len', byteOffset: 4, bitOffset: 32 },
          { path: 'mark', byteOffset: 8, bits: 8, type: 'bool' },
        ],
      },
    ]);
  });

  test('one that is not there is a failure', async () => {
    const { status, lines } = await runCli('struct', '--btf', NEW, 'sk_bufff', '--json');
    expect(status).toBe(1);
    expect(lines()).toMatchObject([{ type: 'failure', code: 'struct-unknown' }]);
  });
});

describe('a module', () => {
  const base = parseBtf(new Uint8Array(readFileSync(OLD)));
  const w = new BtfWriter({ base });
  const [struct = 0] = base.findAll('sk_buff', 'struct');
  w.function('veth_xmit', w.prototype(1, [['skb', w.pointer(struct)]]));
  const module = join(directory, 'veth.ko');
  writeFileSync(module, w.bytes());

  test.each([
    ['behind its kernel', [OLD, module]],
    ['before it', [module, OLD]],
  ])('%s: its functions are among the others', async (_where, [first = '', second = '']) => {
    const { status, lines } = await runCli('functions', '--btf', first, '--btf', second, '--json');
    expect(status).toBe(0);
    expect(lines().map(({ name, module }) => [module, name].join(' '))).toEqual([
      'vmlinux __skip_rcv',
      'vmlinux icmp_send',
      'vmlinux ip_rcv',
      'vmlinux ip_rcv_core',
      'veth veth_xmit',
    ]);
    const query = await runCli('functions', '--btf', first, '--btf', second, 'module:veth');
    expect(query.stdout).toBe('veth: int veth_xmit(struct sk_buff *skb)  [unknown]\n');
  });

  test('without its kernel says what is missing', async () => {
    const { status, stderr } = await runCli('functions', '--btf', module);
    expect(status).toBe(1);
    expect(stderr).toContain('a module on top of vmlinux');
    expect(stderr).toContain('Open the vmlinux BTF of the same kernel first');
  });

  test('of another kernel is refused with the names of both', async () => {
    const wide = new BtfWriter({ base: parseBtf(new Uint8Array(readFileSync(NEW))) });
    wide.function('far', wide.prototype(1, [['n', 999]]));
    const wrong = join(directory, 'wrong.ko');
    writeFileSync(wrong, wide.bytes());
    const { status, lines } = await runCli('functions', '--btf', OLD, '--btf', wrong, '--json');
    expect(status).toBe(1);
    expect(lines()).toMatchObject([{ code: 'btf-damaged' }]);
    expect(String(lines()[0]?.['message'])).toContain('wrong, on top of old.btf');
  });
});

describe('btf diff', () => {
  test('what came, what went and what changed', async () => {
    const { status, lines } = await runCli('btf', 'diff', OLD, NEW, '--json');
    expect(status).toBe(0);
    const told = lines();
    expect(told.filter(({ type }) => type === 'function')).toEqual([
      {
        type: 'function',
        change: 'added',
        name: 'icmp_rcv',
        module: 'vmlinux',
        before: null,
        after: 'int icmp_rcv(struct sk_buff *skb)',
      },
      {
        type: 'function',
        change: 'removed',
        name: 'icmp_send',
        module: 'vmlinux',
        before: 'int icmp_send(struct sk_buff *skb)',
        after: null,
      },
      {
        type: 'function',
        change: 'changed',
        name: 'ip_rcv',
        module: 'vmlinux',
        before: 'int ip_rcv(struct sk_buff *skb)',
        after: 'bool ip_rcv(struct sk_buff *skb)',
      },
    ]);
    expect(told.filter(({ type }) => type === 'struct')).toMatchObject([
      { change: 'removed', name: 'old', keyword: 'union', sizeBefore: 4, sizeAfter: null },
      {
        change: 'changed',
        name: 'sk_buff',
        keyword: 'struct',
        sizeBefore: 8,
        sizeAfter: 12,
        members: [
          { path: 'hash', before: null, after: { byteOffset: 0, bits: 32, type: 'int' } },
          { path: 'len', changes: ['moved'], before: { byteOffset: 0 }, after: { byteOffset: 4 } },
          { path: 'mark', changes: ['moved', 'resized', 'retyped'] },
        ],
      },
      { change: 'added', name: 'young', keyword: 'union' },
    ]);
  });

  test('for people', async () => {
    const { stdout } = await runCli('btf', 'diff', OLD, NEW);
    expect(stdout.split('\n')).toEqual([
      '+ int icmp_rcv(struct sk_buff *skb)',
      '- int icmp_send(struct sk_buff *skb)',
      '~ int ip_rcv(struct sk_buff *skb)',
      '  bool ip_rcv(struct sk_buff *skb)',
      '- union old: 4 bytes',
      '~ struct sk_buff: 8 -> 12 bytes',
      '    + hash: int at 0',
      '    ~ len: at 0 -> 4',
      '    ~ mark: at 4 -> 8, 32 -> 8 bits, int -> bool',
      '+ union young: 4 bytes',
      'functions: 1 added, 1 removed, 1 changed; structs and unions: 1 added, 1 removed, 1 changed',
      '',
    ]);
  });

  test('one struct alone, and a kernel beside itself', async () => {
    const one = await runCli('btf', 'diff', OLD, NEW, '--struct', 'sk_buff', '--json');
    expect(one.lines().map(({ type, name }) => [type, name])).toEqual([['struct', 'sk_buff']]);
    const equal = await runCli('btf', 'diff', OLD, NEW, '--struct', 'struct same');
    expect(equal.stdout).toBe('structs and unions: 0 added, 0 removed, 0 changed\n');
    expect((await runCli('btf', 'diff', OLD, OLD, '--json')).stdout).toBe('');
    const none = await runCli('btf', 'diff', OLD, NEW, '--struct', 'nothing', '--json');
    expect(none.status).toBe(1);
    expect(none.lines()).toMatchObject([{ type: 'failure', code: 'struct-unknown' }]);
  });

  test.each([
    [['btf']],
    [['btf', 'diff', OLD]],
    [['btf', 'merge', OLD, NEW]],
    [['btf', 'diff', OLD, NEW, OLD]],
  ])('%j is wrong usage', async (words) => {
    expect(await runCli(...words)).toMatchObject({ status: 2, stdout: '' });
  });

  test('a file that is not there', async () => {
    const { status, lines } = await runCli('btf', 'diff', OLD, join(directory, 'none'), '--json');
    expect(status).toBe(1);
    expect(lines()).toMatchObject([{ type: 'failure', code: 'file-unreadable' }]);
  });
});
