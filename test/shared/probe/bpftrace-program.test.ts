import { describe, expect, test } from 'vitest';
import { clipWindow, filterCondition, writeBpftraceProgram } from '../../../shared/probe/bpftrace-program.ts';
import { parseSshConnection } from '../../../shared/probe/own-traffic.ts';
import type { Signature } from '../../../shared/probe/signature.ts';
import { probeSpec } from '../../../shared/probe/spec.ts';

const receive: Signature = {
  name: 'ip_rcv_core',
  module: 'vmlinux',
  parameters: [
    { type: 'struct sk_buff *', name: 'skb' },
    { type: 'struct net *', name: 'net' },
  ],
  returns: 'struct sk_buff *',
};
const connection = parseSshConnection('10.0.2.2 42390 10.0.2.15 22');
const write = (input: object, signature = receive, own = connection) =>
  writeBpftraceProgram(probeSpec.parse({ function: signature.name, ...input }), signature, own, 'k01234567');

describe('the bpftrace program', () => {
  test('keeps to what bpftrace 0.17 to 0.27 all take', () => {
    const { script } = write({ filter: 'misfit' });
    expect(script).toContain('kfunc:vmlinux:ip_rcv_core');
    expect(script).not.toMatch(/fentry|args\.|config\s*=|%r[xh]?|json/);
    expect(script).not.toMatch(/\(uint8 \*\)/);
  });

  test("bad-ip-header is the kernel's own test, with the expected version", () => {
    expect(filterCondition('bad-ip-header', 'ipv4')).toBe('((*$p >> 4) != 4 || (*$p & 15) < 5)');
    expect(filterCondition('bad-ip-header', 'ipv6')).toBe('((*$p >> 4) != 6)');
    expect(filterCondition('none', 'ipv4')).toBeNull();
  });

  test('leaves this connection out, in both directions, at the IP header and by socket', () => {
    const { script } = write({});
    expect(script).toContain('*(uint32 *)($i + (*$i & 15) * 4) == 0x160096a5');
    expect(script).toContain('*(uint32 *)($i + (*$i & 15) * 4) == 0x96a51600');
    expect(script).toContain('*(uint32 *)($i + 12) == 0x202000a && *(uint32 *)($i + 16) == 0xf02000a');
    expect(script).toContain('$k->__sk_common.skc_num == 22 && $k->__sk_common.skc_dport == 38565');
    expect(write({}, receive, null).script).not.toContain('$own');
  });

  test('looks for its own packets wherever a function without an expectation may hold the header', () => {
    const script = write({}, { ...receive, name: 'netif_receive_skb' }).script;
    for (const place of ['$i = $s->head + $s->network_header;', '$i = $s->data;', '$i = $s->data + 14;'])
      expect(script).toContain(place);
  });

  test('the limits are in the kernel side too', () => {
    const { script } = write({ seconds: 7, perSecond: 55 });
    expect(script).toContain('if (@ticks >= 7) { exit(); }');
    expect(script).toContain('if (@second < 55) {');
  });

  test('a function without an sk_buff records its arguments, and refuses a filter', () => {
    const plain: Signature = {
      name: 'vfs_read',
      module: 'vmlinux',
      parameters: [
        { type: 'struct file *', name: 'file' },
        { type: 'struct big', name: 'value' },
        { type: 'size_t', name: 'count' },
      ],
      returns: 'long int',
    };
    const program = write({}, plain);
    expect(program.points[0]?.captures).toBe('arguments');
    expect(program.points[0]?.parameters).toEqual(['file', 'count']);
    expect(program.script).toContain('(uint64)args->count');
    expect(() => write({ filter: 'bad-ip-header' }, plain)).toThrow('takes no struct sk_buff');
  });

  test('prints no map that nothing assigns: bpftrace would refuse the program', () => {
    const plain: Signature = { name: 'f', module: 'vmlinux', parameters: [], returns: 'void' };
    for (const script of [write({}, plain).script, write({}, receive, null).script]) {
      expect(script).not.toContain('@own');
      expect(script).toContain('print(@seen);');
    }
    expect(write({}).script).toContain('print(@own);');
  });

  test('names and filters cannot carry script into it: the spec refuses them', () => {
    for (const name of ['a b', 'a{}', "x'", 'f\n', '', 'a;b', 'tracepoint:kfree_skb', 'a b*', '-x'])
      expect(probeSpec.safeParse({ function: name }).success).toBe(false);
    for (const name of [
      'ip_rcv',
      'ip_rcv*',
      'tracepoint:skb:kfree_skb',
      'nf_tables:nft_do_chain',
      'foo.isra.0',
      '__x64_sys_read',
    ])
      expect(probeSpec.safeParse({ function: name }).success).toBe(true);
  });
});

test('clipWindow keeps what lies between head and the end of the linear part', () => {
  expect(clipWindow(258, 0, 98)).toEqual({ window: -18, from: 0, to: 116 });
  expect(clipWindow(0, 0, 20)).toEqual({ window: 0, from: 18, to: 38 });
  expect(clipWindow(10, -10, 200)).toEqual({ window: 0, from: 18, to: 128 });
  expect(clipWindow(2, 0, 0)).toEqual({ window: -2, from: 16, to: 18 });
  expect(clipWindow(-5, 0, -9)).toEqual({ window: 0, from: 18, to: 18 });
});
