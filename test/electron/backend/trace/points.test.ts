import { describe, expect, test } from 'vitest';
import { KernelTypes } from '../../../../electron/backend/target/kernel-types.ts';
import { listPoints } from '../../../../electron/backend/trace/point-list.ts';
import type { PointSources } from '../../../../electron/backend/trace/point-list.ts';
import { resolvePoints } from '../../../../electron/backend/trace/points.ts';
import { Tracepoints } from '../../../../electron/backend/trace/tracepoints.ts';
import { parseBtf } from '../../../../shared/btf/decoder.ts';
import type { ListedKind } from '../../../../shared/probe/point.ts';
import type { ProbeSpec } from '../../../../shared/probe/spec.ts';
import { BtfWriter } from '../../../shared/btf/writer.ts';
import { scripted } from '../scripted-connection.ts';

/** Functions of the kernel proper; `twice` is two static functions, `xmit` is veth's too. */
const OWN = ['ip_rcv', 'ip_rcv_core', 'twice', 'xmit', ...Array.from({ length: 120 }, (_, n) => `many_${n}`)];

function kernel(): KernelTypes {
  const w = new BtfWriter();
  const int = w.int('int', 4, 1);
  const skb = w.pointer(w.composite('struct', 'sk_buff', 8, []));
  const takesSkb = w.prototype(int, [['skb', skb]]);
  for (const name of OWN) w.function(name, takesSkb);
  const passed = w.prototype(0, [
    ['', w.pointer(0)],
    ['skb', skb],
  ]);
  w.typedef('btf_trace_kfree_skb', w.pointer(passed));
  const vmlinux = w.bytes();
  const m = new BtfWriter({ base: parseBtf(vmlinux) });
  for (const name of ['xmit', 'veth_open']) m.function(name, takesSkb);
  const listed = [...OWN, 'twice', 'xmit [veth]', 'veth_open [veth]', 'bare.isra.0'];
  const facts = {
    machine: 'x86_64',
    release: '6.12.0',
    bpftrace: { version: '0.23.2', major: 0, minor: 23 },
  };
  return new KernelTypes(
    {
      btf: new Map([
        ['vmlinux', vmlinux],
        ['veth', m.bytes()],
      ]),
      traceable: `${listed.join('\n')}\n`,
      symbols: listed.map((name) => `0000000000000000 T ${name.replace(' ', '\t')}`).join('\n'),
      blacklist: '',
    },
    facts,
    'lab',
  );
}

const EVENTS = ['skb:kfree_skb', 'skb:consume_skb', 'sched:sched_switch', 'not a tracepoint', ''].join('\n');
const FORMAT = `name: kfree_skb
ID: 1
format:
\tfield:unsigned short common_type;\toffset:0;\tsize:2;\tsigned:0;

\tfield:void * skbaddr;\toffset:8;\tsize:8;\tsigned:0;
\tfield:unsigned short protocol;\toffset:24;\tsize:2;\tsigned:0;

print fmt: "x"
`;

/** A target that has these tracepoints. */
function tracepoints(): Tracepoints {
  const far = scripted();
  void (async () => {
    for (;;) {
      const channel = await far.started();
      channel.emit(channel.written().includes('available_events') ? EVENTS : FORMAT);
      channel.end(0);
    }
  })();
  return new Tracepoints(far.target, '/sys/kernel/tracing');
}

const types = kernel();
const resolve = (name: string, spec: Partial<ProbeSpec> = {}) =>
  resolvePoints(
    { function: name, also: [], edge: 'entry', many: false, ...spec },
    types,
    tracepoints(),
    'lab',
  );
const names = async (name: string, spec: Partial<ProbeSpec> = {}): Promise<string[]> =>
  (await resolve(name, spec)).map(({ point }) => `${point.kind} ${point.name} ${point.edge}`);

test('a name, a module’s name, each end, none twice', async () => {
  expect(await names('ip_rcv', { also: ['ip_rcv', 'veth:veth_open'], edge: 'both' })).toEqual([
    'function ip_rcv entry',
    'function ip_rcv return',
    'function veth:veth_open entry',
    'function veth:veth_open return',
  ]);
  const [{ point } = expect.fail()] = await resolve('veth:xmit');
  expect(point).toMatchObject({ group: 'veth', symbol: 'xmit', signature: { returns: 'int' } });
  expect(await names('fexit:ip_rcv')).toEqual(['function ip_rcv return']);
});

describe('a pattern', () => {
  test('means what fits, of the kernel and its modules, and skips what is ambiguous', async () => {
    expect(await names('ip_rcv*')).toEqual(['function ip_rcv entry', 'function ip_rcv_core entry']);
    expect(await names('ip_rc?')).toEqual(['function ip_rcv entry']);
    expect(await names('veth:*')).toEqual(['function veth:veth_open entry', 'function veth:xmit entry']);
    expect(await names('tracepoint:skb:*e_skb')).toEqual([
      'tracepoint tracepoint:skb:consume_skb entry',
      'tracepoint tracepoint:skb:kfree_skb entry',
    ]);
    await expect(names('twic*')).rejects.toMatchObject({ failure: { code: 'function-unknown' } });
  });

  test('of more than 100 places must be meant', async () => {
    await expect(names('many_*')).rejects.toMatchObject({
      failure: { code: 'too-many-points', values: { count: 120, limit: 100 } },
    });
    await expect(
      names('many_1*', { edge: 'both', also: ['many_2*', 'many_3*', 'many_4*'] }),
    ).rejects.toMatchObject({
      failure: { code: 'too-many-points' },
    });
    expect(await names('many_*', { many: true })).toHaveLength(120);
  });
});

test('a name of several functions is refused, and they are named', async () => {
  await expect(resolve('xmit')).rejects.toMatchObject({
    failure: {
      code: 'function-ambiguous',
      values: { function: 'xmit', candidates: 'vmlinux:xmit, veth:xmit' },
    },
  });
  await expect(resolve('twice')).rejects.toMatchObject({
    failure: { code: 'function-ambiguous', values: { candidates: '2 × twice' } },
  });
});

test.each([
  ['function-unknown', 'no_such'],
  ['function-misspelt', 'veth:ip_rcv'],
  ['function-unknown', 'no_such*'],
  ['function-unknown', 'kprobe:no_such'],
  ['function-unknown', 'tracepoint:skb:no_such'],
  ['function-unknown', 'rawtracepoint:no_such'],
  ['function-name-invalid', 'tracepoint:kfree_skb'],
  ['function-name-invalid', 'ip_rcv; reboot'],
])('%s: %s', async (code, name) => {
  await expect(resolve(name)).rejects.toMatchObject({ failure: { code } });
});

test('a name with a slip is refused with what may have been meant', async () => {
  await expect(resolve('ip_rvc_core')).rejects.toMatchObject({
    failure: { code: 'function-misspelt', values: { function: 'ip_rvc_core', near: 'ip_rcv_core' } },
  });
});

test('tracepoints come with their fields, raw ones with what BTF says they pass', async () => {
  const [{ point: own } = expect.fail()] = await resolve('tracepoint:skb:kfree_skb');
  expect(own.tracepointFields.map(({ name, type }) => `${type} ${name}`)).toEqual([
    'void * skbaddr',
    'unsigned short protocol',
  ]);
  const [{ point: raw } = expect.fail()] = await resolve('rawtracepoint:kfree_skb');
  expect(raw.signature?.parameters).toEqual([{ type: 'struct sk_buff *', name: 'skb' }]);
});

describe('the listing of a kind', () => {
  const bpftrace = { version: '0.23.2', major: 0, minor: 23 };
  const list = (kind: ListedKind, query = '', more: Partial<PointSources> = {}) =>
    listPoints(kind, query, {
      tracepoints: () => tracepoints().names(),
      types: async () => types,
      bpftrace,
      ...more,
    });
  const listed = async (kind: ListedKind, query?: string): Promise<string[]> =>
    (await list(kind, query)).points.map(({ name }) => name);

  test('tracepoints by words and by pattern', async () => {
    expect(await listed('tracepoint')).toEqual([
      'tracepoint:sched:sched_switch',
      'tracepoint:skb:consume_skb',
      'tracepoint:skb:kfree_skb',
    ]);
    expect(await listed('tracepoint', 'SKB free')).toEqual(['tracepoint:skb:kfree_skb']);
    expect(await listed('tracepoint', 'skb:*')).toHaveLength(2);
    expect(await listed('tracepoint', '*')).toHaveLength(3);
    expect(await list('tracepoint', 'nothing')).toEqual({ points: [], total: 0 });
  });

  test('raw tracepoints with what they pass, and whether this bpftrace runs them', async () => {
    const raw = { name: 'rawtracepoint:kfree_skb', module: 'vmlinux' };
    const signature = 'void kfree_skb(struct sk_buff *skb)';
    expect((await list('rawtracepoint')).points).toEqual([
      { ...raw, signature, attachable: 'yes', reason: '' },
    ]);
    for (const [has, attachable, reason] of [
      [null, 'no', 'BPFTRACE_MISSING'],
      [{ version: '0.17.0', major: 0, minor: 17 }, 'no', 'BPFTRACE_HIDDEN'],
      [undefined, 'unknown', ''],
    ] as const)
      expect((await list('rawtracepoint', 'kfree', { bpftrace: has })).points).toMatchObject([
        { attachable, reason },
      ]);
  });

  test('functions that only a kprobe reaches, with why', async () => {
    expect(await list('kprobe')).toEqual({
      points: [
        {
          name: 'kprobe:bare.isra.0',
          module: 'vmlinux',
          signature: '',
          attachable: 'yes',
          reason: 'NO_BTF',
        },
      ],
      total: 1,
    });
    expect(await listed('kprobe', '*.isra.?')).toEqual(['kprobe:bare.isra.0']);
  });

  test('holds 500 at most, and says how many there are', async () => {
    const names = Array.from({ length: 1200 }, (_, n) => `net:event_${n}`);
    const { points, total } = await list('tracepoint', 'event', { tracepoints: async () => names });
    expect([points.length, total]).toEqual([500, 1200]);
  });
});

test('a replay without the listing says that it was not recorded', async () => {
  const far = scripted();
  const asked = new Tracepoints(far.target, '/sys/kernel/tracing').names();
  const channel = await far.started();
  channel.complain('/bin/sh: not in this recording\n');
  channel.end(127);
  await expect(asked).rejects.toMatchObject({ failure: { code: 'not-recorded' } });
});
