import { describe, expect, test } from 'vitest';
import { checkFilter, compileDisplay, compileWhere } from '../../../shared/filter/compile.ts';
import type {
  BpftraceLanguage,
  FilterNames,
  FilterPoint,
  TracefsLanguage,
} from '../../../shared/filter/context.ts';
import { FLAG_DEVICE, FLAG_REASON, FLAG_SKB, emptyRecord } from '../../../shared/capture/record.ts';
import type { EventRecord } from '../../../shared/capture/record.ts';
import { failureOf } from '../../../shared/contract/failure.ts';
import type { Failure } from '../../../shared/contract/failure.ts';

const receive: FilterPoint = {
  name: 'ip_rcv_core',
  edge: 'entry',
  captures: 'packet',
  expect: 'ipv4',
  pointer: 'data',
  output: false,
  parameters: [
    { name: 'skb', type: 'struct sk_buff *' },
    { name: 'net', type: 'struct net *' },
  ],
};
const returns: FilterPoint = { ...receive, edge: 'return' };
const plainArguments: FilterPoint = {
  ...receive,
  name: 'tcp_v4_connect',
  captures: 'arguments',
  expect: 'auto',
  parameters: [
    { name: 'sk', type: 'struct sock *' },
    { name: 'addr_len', type: 'int' },
  ],
};

const types: NonNullable<FilterNames['pathType']> = (path) => {
  if (path.endsWith('mtu')) return { type: 'unsigned int', kind: 'number', signed: false, bits: 32 };
  if (path.endsWith('ifalias')) return { type: 'char[256]', kind: 'text', signed: false, bits: 2048 };
  if (path.endsWith('stats'))
    return { type: 'struct net_device_stats', kind: 'other', signed: false, bits: 1472 };
  if (path.endsWith('group')) return { type: 'int', kind: 'number', signed: true, bits: 32 };
  return null;
};

function namesOf(...points: readonly FilterPoint[]): FilterNames {
  return {
    points,
    fields: [],
    pathType: types,
    reasons: new Map([
      ['IP_INHDR', 10],
      ['IP_CSUM', 9],
    ]),
  };
}

const bpftrace: BpftraceLanguage = {
  engine: 'bpftrace',
  argument: (name) => (name === 'skb' ? '$s' : `args->${name}`),
  returned: () => 'retval',
};
const tracefs: TracefsLanguage = {
  engine: 'tracefs',
  fetched: (name) => {
    if (name === 'skb.len') return { name: 'len', kind: 'number' };
    if (name === 'skb.protocol') return { name: 'proto', kind: 'number', swapped: true };
    if (name === 'skb.dev.name') return { name: 'dev', kind: 'text' };
    return null;
  },
};

function failOf(work: () => unknown): Failure {
  try {
    work();
  } catch (thrown) {
    return failureOf(thrown);
  }
  throw new Error('nothing failed');
}

function kernelOf(text: string, ...points: readonly FilterPoint[]): string | null {
  const compiled = compileWhere(text, namesOf(...(points.length > 0 ? points : [receive])), bpftrace);
  expect(compiled.arrival, text).toBeNull();
  return compiled.kernel[0] ?? null;
}

function recordOf(values: Partial<EventRecord>): EventRecord {
  return { ...emptyRecord(), flags: FLAG_SKB | FLAG_DEVICE, ...values };
}

describe('what the kernel decides alone', () => {
  test.each([
    ['', null],
    ['skb.len > 100', '$n > 100'],
    ['100 < skb.len', '$n > 100'],
    ['!(skb.len > 100)', '$n <= 100'],
    ['skb.protocol == 0x0800', 'bswap($s->protocol) == 2048'],
    ['skb.protocol == ETH_P_IPV6', 'bswap($s->protocol) == 34525'],
    ['skb.mark & 0xff == 5', '($s->mark & 255) == 5'],
    ['skb.mark & 0xff', '($s->mark & 255) != 0'],
    ['skb.dev.name == "tun0"', '(uint64)$d != 0 && $d->name == "tun0"'],
    ['skb->dev->name == "tun0"', '(uint64)$d != 0 && $d->name == "tun0"'],
    ['skb.dev.name like "veth*"', '(uint64)$d != 0 && strncmp($d->name, "veth", 4) == 0'],
    ['skb.dev.name != "tun0"', '(uint64)$d != 0 && ((uint64)$d == 0 || $d->name != "tun0")'],
    [
      'skb.dev.ifindex in {2, 5..7}',
      '((uint64)$d != 0 && $d->ifindex == 2) || ((uint64)$d != 0 && $d->ifindex >= 5 && $d->ifindex <= 7)',
    ],
    ['comm == "ping"', 'comm == "ping"'],
    ['pid in (1, 2)', 'pid == 1 || pid == 2'],
    ['skb->dev->mtu > 1500', '(uint64)$s->dev->mtu > 1500'],
    ['skb->dev->group < 0', '(int64)$s->dev->group < 0'],
    ['skb->dev->mtu > -1', null],
    ['skb->dev->mtu < -1', '0 == 1'],
    ['args->net == 0', '(uint64)args->net == 0'],
    ['skb->dev->ifalias == "up"', '$s->dev->ifalias == "up"'],
    ['comm == "sixteen-and-more-letters"', '0 == 1'],
    ['cpu == 1 || cpu == 2 && pid > 5', 'cpu == 1 || (cpu == 2 && pid > 5)'],
  ])('%s', (text, condition) => {
    expect(kernelOf(text)).toBe(condition);
  });

  test('what a return gives, where there is one', () => {
    expect(kernelOf('ret < 0', returns)).toBe('(int64)retval < 0');
    const both = compileWhere('ret < 0', namesOf(receive, returns), bpftrace);
    expect(both.kernel).toEqual(['0 == 1', '(int64)retval < 0']);
  });

  test('at a point without a packet nothing of the packet is true', () => {
    const compiled = compileWhere(
      'skb.len > 0 || addr_len == 16',
      namesOf(receive, plainArguments),
      bpftrace,
    );
    expect(compiled.kernel).toEqual(['$n > 0', '(int64)args->addr_len == 16']);
    expect(compiled.arrival).toBeNull();
  });

  test('an event filter', () => {
    const compiled = compileWhere(
      'skb.len > 100 && skb.protocol == 0x0800 && dev == "tun0"',
      namesOf(receive),
      tracefs,
    );
    expect(compiled.kernel).toEqual(['len > 100 && proto == 0x8 && dev == "tun0"']);
    expect(compiled.arrival).toBeNull();
    const late = compileWhere('dev != "tun0" && skb.len & 4 != 0 && cpu == 1', namesOf(receive), tracefs);
    expect(late.kernel).toEqual(['len & 4']);
    expect(late.parts.map(({ runs }) => runs)).toEqual(['arrival', 'kernel', 'arrival']);
  });
});

describe('what arrival decides', () => {
  const arrives = (text: string, record: EventRecord, names = namesOf(receive)): boolean => {
    const compiled = compileDisplay(text, names);
    return compiled?.(record) ?? true;
  };

  test.each([
    ['skb.len == 60', true],
    ['skb.len != 60', false],
    ['skb.dev.name == "tun0"', true],
    ['dev like "t?n*"', true],
    ['dev contains "un"', true],
    ['verdict == ethernet-where-ip-expected', true],
    ['verdict == "as-expected"', false],
    ['verdict in {shifted-ip-header, ethernet-where-ip-expected}', true],
    ['header_at == 14', true],
    ['reason == IP_INHDR', true],
    ['reason == SKB_DROP_REASON_IP_CSUM', false],
    ['skb.mac_header < 0', false],
    ['skb.mac_header != 5', false],
    ['!(skb.mac_header == 5)', true],
    ['skb.dev.type == ARPHRD_NONE', true],
    ['function == "ip_rcv_core"', true],
    ['skb.len & 0x3c == 60', true],
    ['skb.len + 4 == 64 && -skb.len < 0', true],
    ['comm == "a\\x01"', true],
  ])('%s is %s', (text, fits) => {
    const record = recordOf({
      len: 60,
      device: 'tun0',
      deviceType: 65534,
      verdict: 1,
      headerAt: 14,
      reason: 10,
      flags: FLAG_SKB | FLAG_DEVICE | FLAG_REASON,
      comm: 'a\x01',
    });
    expect(arrives(text, record)).toBe(fits);
  });

  test('values that records carry', () => {
    const names = { ...namesOf(receive), fields: ['net', 'skb->dev->mtu'] };
    const record = recordOf({ values: [-1n, 1500n] });
    expect(arrives('skb->dev->mtu >= 1500', record, names)).toBe(true);
    // A pointer has no sign.
    expect(arrives('net == 0xffffffffffffffff', record, names)).toBe(true);
    expect(arrives('skb->dev->mtu & 0xff == 0xdc', record, names)).toBe(true);
    expect(arrives('skb->dev->mtu >= 1500', recordOf({}), names)).toBe(false);
  });

  test('a path that has to be compared on arrival is captured for it', () => {
    const compiled = compileWhere('skb->dev->mtu > 1500 || verdict == all-zero', namesOf(receive), bpftrace);
    expect(compiled.fields).toEqual(['skb->dev->mtu']);
    expect(compiled.kernel).toEqual([null]);
    expect(compiled.arrival?.(recordOf({ values: [1501n] }))).toBe(true);
    expect(compiled.arrival?.(recordOf({ values: [1500n] }))).toBe(false);
    expect(compiled.parts).toEqual([
      { text: 'skb->dev->mtu > 1500 || verdict == all-zero', runs: 'arrival', why: 'arrival-verdict' },
    ]);
  });
});

test('each part says where it runs', () => {
  const compiled = compileWhere(
    'dev == "tun0" && icmp && verdict != as-expected',
    namesOf(receive),
    bpftrace,
  );
  expect(compiled.parts).toEqual([
    { text: 'dev == "tun0"', runs: 'kernel', why: 'kernel-exact' },
    { text: 'icmp', runs: 'both', why: 'both-expected' },
    { text: 'verdict != as-expected', runs: 'arrival', why: 'arrival-verdict' },
  ]);
});

test.each([
  ['foo == 1', 'name-unknown', 0, 3],
  ['skb.dev.mtu > 1', 'name-arrow', 0, 11],
  ['skb->nothing > 1', 'member-unknown', 0, 12],
  ['skb->dev->stats == 1', 'path-not-value', 0, 15],
  ['ip.src == 5', 'type-mismatch', 10, 1],
  ['ip.src == ::1', 'type-mismatch', 10, 3],
  ['ip.ttl == 10.0.0.1', 'type-mismatch', 10, 8],
  ['comm < "a"', 'order-of-text', 0, 10],
  ['comm', 'alone-type', 0, 4],
  ['5', 'alone-type', 0, 1],
  ['5 == 5', 'constant-left', 0, 6],
  ['ip.ttl contains "a"', 'contains-type', 0, 6],
  ['ip.ttl like "a"', 'like-type', 0, 6],
  ['(ip && arp) == 1', 'not-numeric', 0, 11],
  ['ip.src == ip.dst', 'not-comparable', 0, 16],
  ['skb.len / 0 == 1', 'divide-zero', 10, 1],
  ['verdict == nonsense', 'constant-unknown', 11, 8],
  ['reason == NOPE', 'constant-unknown', 10, 4],
  ['ret < 0', 'return-only', 0, 3],
  ['ip[256] == 1', 'slice-offset', 3, 3],
  ['skb->dev->ifalias == "a" || verdict == all-zero', 'path-not-value', 0, 24],
  [`pid in {${Array.from({ length: 201 }, (_, i) => i).join(',')}}`, 'too-many', 0, 0],
])('%s: %s', (text, code, at, length) => {
  const problem = checkFilter(text, namesOf(receive));
  const compiled = problem?.code ?? failOf(() => compileWhere(text, namesOf(receive), bpftrace)).code;
  expect(compiled).toBe(problem === null ? 'filter-invalid' : code);
  const failure = failOf(() => compileWhere(text, namesOf(receive), bpftrace));
  expect(failure.code).toBe('filter-invalid');
  if (length > 0) expect(failure.values).toMatchObject({ at, length });
});

test('without a drop reason enum its numbers still work, its names tell so', () => {
  const names = { ...namesOf(receive), reasons: null };
  expect(() => compileWhere('reason == IP_INHDR', names, bpftrace)).toThrow(/write the number/);
  expect(compileDisplay('reason == 10', names)?.(recordOf({ reason: 10 }))).toBe(true);
});

test('a probe without packets has no fields of packets', () => {
  expect(() => compileWhere('icmp && ip.ttl < 5', namesOf(plainArguments), bpftrace)).toThrow(/has a packet/);
});
