import { describe, expect, test } from 'vitest';
import { KernelTypes } from '../../../../electron/backend/target/kernel-types.ts';
import { parseBtf } from '../../../../shared/btf/decoder.ts';
import { Fail } from '../../../../shared/contract/failure.ts';
import type { TargetFacts } from '../../../../shared/contract/api.ts';
import { BtfWriter } from '../../../shared/btf/writer.ts';

const FACTS: TargetFacts = {
  hostname: 'h',
  release: '6.1.0-40-amd64',
  machine: 'x86_64',
  btfBytes: 1,
  bpftrace: { version: '0.17.0', major: 0, minor: 17 },
  uid: 0,
  tracefs: '/sys/kernel/tracing',
  lockdown: 'none',
  connection: null,
  clockOffset: '0',
};

function vmlinux(): Uint8Array {
  const w = new BtfWriter();
  const int = w.int('int', 4, 1);
  const skb = w.composite('struct', 'sk_buff', 8, [
    { name: 'len', type: int, bitOffset: 0 },
    { name: 'mark', type: int, bitOffset: 32 },
  ]);
  const takesSkb = w.prototype(int, [['skb', w.pointer(skb)]]);
  w.function('icmp_rcv', takesSkb);
  w.function('ip_rcv', takesSkb);
  w.function('ip_rcv_core', takesSkb);
  w.function('kfree', w.prototype(0, []));
  return w.bytes();
}

function veth(name = 'veth_xmit'): Uint8Array {
  const base = parseBtf(vmlinux());
  const w = new BtfWriter({ base });
  const skb = base.findAll('sk_buff', 'struct')[0] ?? 0;
  w.composite('struct', 'veth_priv', 0, []);
  w.function(name, w.prototype(0, [['skb', w.pointer(skb)]]));
  return w.bytes();
}

function types(btf: Record<string, Uint8Array>, facts: TargetFacts | null = null): KernelTypes {
  const files = {
    btf: new Map(Object.entries(btf)),
    traceable: 'icmp_rcv\nip_rcv\nip_rcv_core\nveth_xmit [veth]\n',
    symbols:
      '0000000000000000 T icmp_rcv\n0000000000000000 T ip_rcv\n0000000000000000 T ip_rcv_core\n0000000000000000 T kfree\n',
    blacklist: '',
  };
  return new KernelTypes(files, facts, 'h');
}

const named = (kernel: KernelTypes, line: string): string[] =>
  kernel.functions.search(line).map(({ name }) => name);

function codeOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (error instanceof Fail) return error.failure.code;
    throw error;
  }
  return expect.fail('it did not fail');
}

describe('functions are searched', () => {
  const kernel = types({ vmlinux: vmlinux(), veth: veth('ip_a_veth') });

  test('all, in order of name, whatever their module', () => {
    expect(kernel.functions.search('').map(({ name, module }) => `${module}:${name}`)).toEqual([
      'vmlinux:icmp_rcv',
      'veth:ip_a_veth',
      'vmlinux:ip_rcv',
      'vmlinux:ip_rcv_core',
      'vmlinux:kfree',
    ]);
  });

  test.each([
    ['ip_rcv', ['ip_rcv', 'ip_rcv_core']],
    ['rcv', ['ip_rcv', 'icmp_rcv', 'ip_rcv_core']],
    ['ip core', ['ip_rcv_core']],
    ['arg:sk_buff ->void', ['ip_a_veth']],
    ['module:veth', ['ip_a_veth']],
    ['sk_buff ret:int', ['ip_rcv', 'icmp_rcv', 'ip_rcv_core']],
    ['iprcvcore', ['ip_rcv_core']],
    ['zzz', []],
  ])('%s', (line, names) => {
    expect(named(kernel, line).sort()).toEqual([...names].sort());
    if (names[0] !== undefined && !line.includes(' ')) expect(named(kernel, line)[0]).toBe(names[0]);
  });
});

test('what can be attached is said of each, and of a file alone nothing', () => {
  const kernel = types({ vmlinux: vmlinux() }, FACTS);
  expect(kernel.functions.search('ip_rcv')[0]).toMatchObject({ attachable: 'yes', reason: '' });
  expect(kernel.functions.search('kfree')[0]).toMatchObject({ attachable: 'no', reason: 'NOT_TRACEABLE' });
  expect(kernel.functions.details('kfree')?.attach[0]).toMatchObject({ edge: 'entry', answer: 'no' });
  expect(types({ vmlinux: vmlinux() }).functions.search('ip_rcv')[0]?.attachable).toBe('unknown');
});

test('a function is found by its name, and by its module', () => {
  const kernel = types({ vmlinux: vmlinux(), veth: veth() });
  expect(kernel.functions.details('veth:veth_xmit')).toMatchObject({
    name: 'veth_xmit',
    module: 'veth',
    parameters: [{ type: 'struct sk_buff *', name: 'skb' }],
    returns: 'void',
  });
  expect(kernel.functions.details('vmlinux:veth_xmit')).toBeNull();
  expect(kernel.functions.details('nothing')).toBeNull();
});

test('structs come with their members; one of a base is not told twice', () => {
  const kernel = types({ vmlinux: vmlinux(), veth: veth() });
  for (const name of ['sk_buff', 'struct sk_buff', ' sk_buff '])
    expect(kernel.structs.layouts(name)).toMatchObject([
      {
        name: 'sk_buff',
        module: 'vmlinux',
        size: 8,
        members: [{ path: 'len' }, { path: 'mark', bitOffset: 32 }],
      },
    ]);
  expect(kernel.structs.layouts('veth_priv')).toMatchObject([{ module: 'veth', size: 0 }]);
  for (const name of ['sk_bufff', '', 'int', 'struct', '__proto__'])
    expect(codeOf(() => kernel.structs.layouts(name))).toBe('struct-unknown');
});

describe('damage', () => {
  test('of the kernel itself is the end', () => {
    expect(codeOf(() => types({}))).toBe('btf-missing');
    expect(codeOf(() => types({ vmlinux: new Uint8Array(0) }))).toBe('btf-damaged');
    expect(codeOf(() => types({ vmlinux: vmlinux().subarray(0, 40) }))).toBe('btf-damaged');
    expect(codeOf(() => types({ vmlinux: Uint8Array.from(Buffer.from('#!/bin/sh\n'.repeat(9))) }))).toBe(
      'btf-damaged',
    );
  });

  test('of a module costs only its own functions, and is told', () => {
    const kernel = types({ vmlinux: vmlinux(), bridge: veth().subarray(0, 50), veth: veth() });
    expect([...kernel.damaged.keys()]).toEqual(['bridge']);
    expect(named(kernel, '')).toEqual(['icmp_rcv', 'ip_rcv', 'ip_rcv_core', 'kfree', 'veth_xmit']);
  });

  test('of a struct without end is told as damage', () => {
    const w = new BtfWriter();
    w.composite('struct', 'endless', 8, [{ name: '', type: 1, bitOffset: 0 }]);
    expect(codeOf(() => types({ vmlinux: w.bytes() }).structs.layouts('endless'))).toBe('btf-damaged');
  });

  test('of any one byte ends in an answer or in a failure of ours', () => {
    const [good, module] = [vmlinux(), veth()];
    let refused = 0;
    const ask = (btf: Record<string, Uint8Array>): void => {
      try {
        const kernel = types(btf, FACTS);
        refused += kernel.damaged.size;
        for (const line of ['', 'rcv', 'ip ->int', 'arg:sk_buff', 'zq']) kernel.functions.search(line);
        for (const { name } of kernel.functions.search('')) kernel.functions.details(name);
        kernel.structs.layouts('sk_buff');
      } catch (error) {
        if (!(error instanceof Fail)) throw error;
        refused++;
      }
    };
    for (const value of [0x00, 0x7f, 0xff])
      for (let at = 0; at < Math.max(good.length, module.length); at++) {
        if (at < good.length) ask({ vmlinux: good.with(at, value), veth: module });
        if (at < module.length) ask({ vmlinux: good, veth: module.with(at, value) });
      }
    expect(refused).toBeGreaterThan(100);
  });
});
