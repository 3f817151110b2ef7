import type { EventRecord } from '../capture/record.ts';
import { FLAG_DEVICE, FLAG_SKB } from '../capture/record.ts';
import { VERDICT_KINDS } from '../packet/verdict-kinds.ts';
import type { FilterPoint } from './context.ts';

/** A field of the record beside the packet. NaN and null stand for "not there": no comparison with it is true. */
export type RecordField = {
  readonly name: string;
  /** Words that may stand for its numbers. */
  readonly constants?: Readonly<Record<string, number>>;
  /**
   * Its text in bpftrace's language, over the variables of CompiledFilter.kernel; null where the kernel cannot
   * say it. `needs`: what must be there for it to have a value.
   */
  readonly bpftrace: string | null;
  readonly needs: 'skb' | 'device' | null;
  readonly signed?: boolean;
} & (
  | { readonly type: 'number'; readonly get: (record: EventRecord, point: FilterPoint) => number }
  | { readonly type: 'wide'; readonly get: (record: EventRecord, point: FilterPoint) => bigint | null }
  | { readonly type: 'text'; readonly get: (record: EventRecord, point: FilterPoint) => string | null }
);

const ETHER_TYPES = {
  ETH_P_IP: 0x0800,
  ETH_P_ARP: 0x0806,
  ETH_P_TEB: 0x6558,
  ETH_P_8021Q: 0x8100,
  ETH_P_IPV6: 0x86dd,
  ETH_P_MPLS_UC: 0x8847,
  ETH_P_8021AD: 0x88a8,
} as const;
const DEVICE_TYPES = {
  ARPHRD_ETHER: 1,
  ARPHRD_PPP: 512,
  ARPHRD_TUNNEL: 768,
  ARPHRD_TUNNEL6: 769,
  ARPHRD_LOOPBACK: 772,
  ARPHRD_SIT: 776,
  ARPHRD_IPGRE: 778,
  ARPHRD_IP6GRE: 823,
  ARPHRD_NONE: 65534,
} as const;
const PACKET_TYPES = {
  PACKET_HOST: 0,
  PACKET_BROADCAST: 1,
  PACKET_MULTICAST: 2,
  PACKET_OTHERHOST: 3,
  PACKET_OUTGOING: 4,
  PACKET_LOOPBACK: 5,
} as const;
const CHECKSUMS = {
  CHECKSUM_NONE: 0,
  CHECKSUM_UNNECESSARY: 1,
  CHECKSUM_COMPLETE: 2,
  CHECKSUM_PARTIAL: 3,
} as const;
const VERDICTS: Readonly<Record<string, number>> = Object.fromEntries(
  VERDICT_KINDS.map((kind, at) => [kind, at]),
);

const ofSkb =
  (get: (record: EventRecord) => number) =>
  (record: EventRecord): number =>
    record.flags & FLAG_SKB ? get(record) : NaN;
const ofDevice =
  (get: (record: EventRecord) => number) =>
  (record: EventRecord): number =>
    record.flags & FLAG_DEVICE ? get(record) : NaN;
const deviceName = (record: EventRecord): string | null =>
  record.flags & FLAG_DEVICE ? record.device : null;

function skb(
  name: string,
  bpftrace: string | null,
  get: (record: EventRecord) => number,
  constants: Readonly<Record<string, number>> = {},
): RecordField {
  return { name: `skb.${name}`, type: 'number', bpftrace, needs: 'skb', constants, get: ofSkb(get) };
}

function device(
  name: string,
  bpftrace: string,
  get: (record: EventRecord) => number,
  constants: Readonly<Record<string, number>> = {},
): RecordField {
  return {
    name: `skb.dev.${name}`,
    type: 'number',
    bpftrace,
    needs: 'device',
    constants,
    get: ofDevice(get),
  };
}

const FIELDS: readonly RecordField[] = [
  skb('len', '$n', (record) => record.len),
  skb('data_len', '$s->data_len', (record) => record.dataLen),
  skb('mac_len', '$s->mac_len', (record) => record.macLen),
  skb('protocol', 'bswap($s->protocol)', (record) => record.protocol, ETHER_TYPES),
  skb('pkt_type', '$s->pkt_type', (record) => record.pktType, PACKET_TYPES),
  skb('mark', '$s->mark', (record) => record.mark),
  skb('hash', '$s->hash', (record) => record.hash),
  skb('ip_summed', '$s->ip_summed', (record) => record.ipSummed, CHECKSUMS),
  skb('headroom', '((uint64)$s->data - (uint64)$s->head)', (record) => record.headroom),
  { ...skb('mac_header', null, (record) => record.macHeader ?? NaN), signed: true },
  { ...skb('network_header', null, (record) => record.networkHeader), signed: true },
  { ...skb('transport_header', null, (record) => record.transportHeader ?? NaN), signed: true },
  {
    name: 'skb.address',
    type: 'wide',
    bpftrace: '(uint64)$s',
    needs: 'skb',
    get: (record) => (record.skb === 0n ? null : record.skb),
  },
  { name: 'skb.dev.name', type: 'text', bpftrace: '$d->name', needs: 'device', get: deviceName },
  device('ifindex', '$d->ifindex', (record) => record.ifindex),
  device('type', '$d->type', (record) => record.deviceType, DEVICE_TYPES),
  device('hard_header_len', '$d->hard_header_len', (record) => record.hardHeaderLength),
  device('netns', '$d->nd_net.net->ns.inum', (record) => record.netns),
  {
    name: 'verdict',
    type: 'number',
    constants: VERDICTS,
    bpftrace: null,
    needs: 'skb',
    get: (record) => record.verdict,
  },
  {
    name: 'header_at',
    type: 'number',
    bpftrace: null,
    needs: 'skb',
    signed: true,
    get: (record) => record.headerAt ?? NaN,
  },
  { name: 'comm', type: 'text', bpftrace: 'comm', needs: null, get: (record) => record.comm },
  { name: 'pid', type: 'number', bpftrace: 'pid', needs: null, get: (record) => record.pid },
  { name: 'cpu', type: 'number', bpftrace: 'cpu', needs: null, get: (record) => record.cpu },
  { name: 'seq', type: 'number', bpftrace: null, needs: null, get: (record) => record.seq },
  { name: 'function', type: 'text', bpftrace: null, needs: null, get: (_, point) => point.name },
  { name: 'reason', type: 'number', bpftrace: null, needs: null, get: (record) => record.reason ?? NaN },
  {
    name: 'ret',
    type: 'wide',
    bpftrace: null,
    needs: null,
    signed: true,
    get: (record) => (record.edge === 'return' ? record.returned : null),
  },
];

/** Other names for the same: what people type first. */
const ALIASES: Readonly<Record<string, string>> = {
  dev: 'skb.dev.name',
  'skb.dev': 'skb.dev.name',
  'skb.ifindex': 'skb.dev.ifindex',
  'skb.netns': 'skb.dev.netns',
  netns: 'skb.dev.netns',
  len: 'skb.len',
  retval: 'ret',
  'frame.number': 'seq',
  'frame.len': 'skb.len',
};

const byName = new Map(FIELDS.map((field) => [field.name, field]));

export function recordField(name: string): RecordField | null {
  return byName.get(Object.hasOwn(ALIASES, name) ? (ALIASES[name] ?? name) : name) ?? null;
}

export function recordFields(): readonly RecordField[] {
  return FIELDS;
}
