import { describe, expect, test } from 'vitest';
import { tagOf, writeBpftraceProgram } from '../../../shared/probe/bpftrace-program.ts';
import { accessField } from '../../../shared/probe/field-access.ts';
import type { FieldTypes } from '../../../shared/probe/field-access.ts';
import { filterCondition } from '../../../shared/probe/named-filter.ts';
import { clipWindow } from '../../../shared/probe/packet-window.ts';
import type { ResolvedPoint } from '../../../shared/probe/resolved-point.ts';
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
const point = (signature: Signature | null, more: Partial<ResolvedPoint> = {}): ResolvedPoint => ({
  ...{ name: signature?.name ?? 'f', kind: 'function', group: signature?.module ?? 'vmlinux', edge: 'entry' },
  ...{ symbol: signature?.name ?? 'f', signature, tracepointFields: [] },
  ...more,
});
const fieldTypes: FieldTypes = (type, rest) =>
  rest.includes('nothing')
    ? 'struct sk_buff has no member nothing'
    : {
        type: 'unsigned int',
        kind: rest.endsWith('dev') ? 'pointer' : rest.endsWith('name') ? 'text' : 'integer',
        signed: rest.endsWith('ifindex'),
        bits: rest.includes('cb[') ? 8 : 32,
        loads: rest.includes('cb[') ? [43] : type === '' ? null : [16, 224],
      };
const writeAt = (input: object, points: readonly ResolvedPoint[], own = connection) =>
  writeBpftraceProgram(probeSpec.parse({ function: 'ip_rcv_core', ...input }), points, {
    ...{ connection: own, machine: 'x86_64', tag: 'k01234567', fieldTypes, reasons: null },
  }).program;
const write = (input: object, signature = receive, own = connection) =>
  writeAt({ function: signature.name, ...input }, [point(signature)], own);

describe('the bpftrace program', () => {
  test('keeps to what bpftrace 0.17 to 0.27 all take', () => {
    const { script } = write({ filter: 'misfit' });
    expect(script).toContain('kfunc:vmlinux:ip_rcv_core');
    expect(script).not.toMatch(/fentry|args\.|config\s*=|%r[xh]?|json/);
    expect(script).toMatch(/^#!\/usr\/bin\/env bpftrace\n/);
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

describe('many points in one program', () => {
  const drop = point(null, {
    ...{ name: 'tracepoint:skb:kfree_skb', kind: 'tracepoint', group: 'skb', symbol: 'kfree_skb' },
    tracepointFields: [
      { name: 'skbaddr', type: 'void *', offset: 8, size: 8, signed: false },
      { name: 'location', type: 'void *', offset: 16, size: 8, signed: false },
      { name: 'name', type: 'char[16]', offset: 24, size: 16, signed: false },
      { name: 'reason', type: 'enum skb_drop_reason', offset: 40, size: 4, signed: false },
    ],
  });

  test('each prints the number of its point; a drop comes with its reason and the place it was called from', () => {
    const { script, points } = writeAt({ stack: true }, [point(receive), drop]);
    expect(script).toContain('(uint64)cpu << 16 | 0,');
    expect(script).toContain('(uint64)cpu << 16 | 1,');
    expect(script).toContain('tracepoint:skb:kfree_skb\n');
    expect(script).toContain('$s = ((struct sk_buff *)args->skbaddr);');
    expect(script).toContain('(uint64)$s->hash << 32 | (((uint64)args->reason) & 0xffffffff)');
    expect(script).toContain('ksym(args->location)');
    expect(script).toContain('k01234567\\tS%s\\nk01234567\\ts\\n');
    expect(points[1]).toMatchObject({ captures: 'packet', pointer: 'network', reason: true, caller: true });
    expect(points[1]?.parameters).toEqual(['skbaddr', 'location', 'reason']);
  });

  test('a return of a packet is told only for calls whose entry passed; the entry is there, silent, if nobody asked for it', () => {
    const back = point(receive, { edge: 'return' });
    const alone = writeAt({ filter: 'bad-ip-header' }, [back]);
    expect(alone.script.match(/^(?:kfunc|kretfunc):.*$/gm)).toEqual([
      'kfunc:vmlinux:ip_rcv_core',
      'kretfunc:vmlinux:ip_rcv_core',
    ]);
    expect(alone.script).toContain('@in[tid, 0] = (uint64)$s;');
    expect(alone.script).toContain('$q = @in[tid, 0];');
    expect(alone.script.match(/\\tP%/g)).toBeNull();
    expect(alone.script).toContain('clear(@in);');
    const both = writeAt({}, [point(receive), back]);
    expect(both.script.match(/^kfunc:/gm)).toHaveLength(1);
    expect(both.script).toContain('@in[tid, 1] = (uint64)$s;');
    expect(both.points[1]).toMatchObject({
      edge: 'return',
      captures: 'arguments',
      parameters: ['skb', 'net'],
    });
    expect(both.script).toContain('(uint64)retval');
  });

  test('a filter over packets is decided at the entry, also where only the return is asked for', () => {
    const back = point(receive, { edge: 'return' });
    const late = writeAt({ where: 'icmp' }, [back]);
    expect(late.points).toMatchObject([
      { edge: 'return' },
      { edge: 'entry', captures: 'packet', hidden: true },
    ]);
    expect(late.script.match(/\\tP%/g)).toHaveLength(1);
    expect(late.script).toMatch(/@in\[tid, 0\] = \(uint64\)\$s;[^]*\$q = @in\[tid, 0\];/);
    // What the kernel decides alone is not sent for it.
    const exact = writeAt({ where: 'skb.len > 100' }, [back]);
    expect(exact.points).toMatchObject([{ edge: 'return' }, { hidden: true }]);
    expect(exact.script.match(/\\tP%/g)).toBeNull();
    expect(exact.script).toMatch(/if \(\$n > 100\) \{\n +@in\[tid, 0\] = /);
    const both = writeAt({ where: 'icmp' }, [point(receive), back]);
    expect(both.points.map(({ hidden }) => hidden)).toEqual([undefined, undefined]);
  });

  test('what a function returned is compared in the kernel; with a packet the return follows its entry', () => {
    const connects: Signature = {
      ...{ name: 'tcp_v4_connect', module: 'vmlinux', returns: 'int' },
      parameters: [{ type: 'struct sock *', name: 'sk' }],
    };
    const { script } = writeAt({ where: 'ret < 0' }, [point(connects, { edge: 'return' })]);
    expect(script).toContain('if ((int64)(int64)(int32)retval < 0) {');
    expect(() => writeAt({ where: 'ret == 0' }, [point(receive, { edge: 'return' })])).toThrow(
      expect.objectContaining({
        failure: expect.objectContaining({
          code: 'filter-invalid',
          message: expect.stringContaining('its return passes with its entry') as string,
        }) as object,
      }) as Error,
    );
  });

  test('a kprobe reads registers, typed where BTF knows the function, and the stack behind the sixth', () => {
    const many: Signature = {
      ...{ name: 'f', module: 'vmlinux', returns: 'int' },
      parameters: ['int', 'struct net *', 'u8', 'size_t', 'bool', 'void *', 'unsigned int', 'long int'].map(
        (type, i) => ({ type, name: `p${i}` }),
      ),
    };
    const { script, points } = writeAt({}, [point(many, { kind: 'kprobe', name: 'kprobe:f' })]);
    expect(script).toContain('kprobe:f\n');
    for (const text of ['(uint64)(int32)arg0', '(uint64)((struct net *)arg1)', '(uint8)arg2', '(uint64)arg3'])
      expect(script).toContain(text);
    expect(script).toContain('(uint64)(uint32)sarg0');
    expect(script).toContain('(uint64)sarg1');
    expect(points[0]?.parameters).toHaveLength(8);
    const bare = writeAt({}, [point(null, { kind: 'kprobe', symbol: 'g.constprop.0' })]);
    expect(bare.points[0]?.parameters).toEqual(['arg0', 'arg1', 'arg2', 'arg3', 'arg4', 'arg5']);
    const back = writeAt({}, [point(many, { kind: 'kprobe', edge: 'return' })]);
    expect(back.script).toContain('kretprobe:f\n');
    expect(back.script).toContain('(int64)(int32)retval');
    expect(back.points[0]?.parameters).toEqual([]);
  });

  test('a struct by value hides what follows it in registers', () => {
    const odd: Signature = {
      ...{ name: 'f', module: 'vmlinux', returns: 'void' },
      parameters: [
        { type: 'int', name: 'a' },
        { type: 'struct big', name: 'b' },
        { type: 'int', name: 'c' },
      ],
    };
    expect(writeAt({}, [point(odd, { kind: 'kprobe' })]).points[0]?.parameters).toEqual(['a']);
  });
});

describe('picked fields', () => {
  test('are C paths; an element of an array of char is loaded from where it lies', () => {
    const { script, fields } = write({
      fields: ['skb->dev', 'skb->dev->ifindex', 'net->ifindex', 'skb->cb[3]'],
    });
    expect(fields).toEqual(['skb->dev', 'skb->dev->ifindex', 'net->ifindex', 'skb->cb[3]']);
    expect(script).toContain('(uint64)$s->dev,');
    expect(script).toContain('(int64)$s->dev->ifindex,');
    expect(script).toContain('(int64)args->net->ifindex,');
    expect(script).toContain('(int64)*(uint8 *)((uint64)$s + 43),');
  });

  test('a point that does not have one says so; one that nobody has is a failure with its name', () => {
    const other: Signature = { ...receive, name: 'g', parameters: receive.parameters.slice(0, 1) };
    const { script } = writeAt({ fields: ['net->ifindex'] }, [point(receive), point(other)]);
    expect(script).toContain('(uint64)0x8000000000000000,');
    expect(() => write({ fields: ['skb->nothing'] })).toThrow(/skb->nothing.*has no member nothing/);
    expect(() => write({ fields: ['sock->x'] })).toThrow(/no argument sock; it has skb, net/);
    expect(() => write({ fields: ['skb->dev->name'] })).toThrow(/which is no number/);
    try {
      accessField('x->y', [], fieldTypes);
      expect.unreachable();
    } catch (thrown) {
      expect(thrown).toMatchObject({ failure: { code: 'field-unknown', values: { field: 'x->y' } } });
    }
  });
});

test('an edited script is said to feed itself only where the written one leaves packets out', () => {
  const noPacket: Signature = {
    ...{ name: 'do_nanosleep', module: 'vmlinux', returns: 'int' },
    parameters: [{ type: 'int', name: 'mode' }],
  };
  const mine = 'BEGIN { exit(); }';
  expect(write({ script: mine }).feedsItself).toBe(true);
  expect(write({ script: mine }, noPacket).feedsItself).toBe(false);
  expect(write({}).feedsItself).toBe(false);
});

test('an edited script runs as it is, under the tag that it still carries', () => {
  const { script } = write({});
  const edited = script.replace('interval:s:1', 'interval:s:2');
  expect(write({ script: edited })).toMatchObject({ script: edited, tag: 'k01234567' });
  expect(tagOf(edited)).toBe('k01234567');
  expect(tagOf('BEGIN { printf("hello\\n"); }')).toBeNull();
});

test('a dry run leaves as soon as it has attached', () => {
  expect(write({ dryRun: true }).script).toContain('printf("k01234567\\tB\\n"); exit(); }');
  expect(write({}).script).not.toContain('exit(); }\n\nkfunc');
});
