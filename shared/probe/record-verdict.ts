import { FLAG_ARGUMENTS, FLAG_CAPTURE, FLAG_DEVICE, FLAG_SKB } from '../capture/record.ts';
import type { EventRecord } from '../capture/record.ts';
import type { SkbState } from '../packet/skb.ts';
import type { Expectation, VerdictInput } from '../packet/verdict-kinds.ts';
import { expectationOf, expectedOf } from './expects.ts';
import type { ProgramPoint } from './program.ts';
import type { ProbeSpec } from './spec.ts';

/**
 * The header that a probe's bytes are judged against: the user's choice, else the table's, else whatever it is. Of a
 * run with several points the record's own must be given.
 */
export function expectedLayer(
  spec: Pick<ProbeSpec, 'function' | 'expect'>,
  point: Pick<ProgramPoint, 'name'> = { name: spec.function },
): Expectation {
  return spec.expect === 'default' ? (expectationOf(point.name)?.layer ?? 'auto') : spec.expect;
}

/** The sk_buff state of a record; null when the function had no sk_buff. */
export function skbState(record: EventRecord): SkbState | null {
  if (!(record.flags & FLAG_SKB)) return null;
  const hasDevice = (record.flags & FLAG_DEVICE) !== 0;
  return {
    len: record.len,
    dataLen: record.dataLen,
    macLen: record.macLen,
    protocol: record.protocol,
    pktType: record.pktType,
    headroom: record.headroom,
    macHeader: record.macHeader,
    networkHeader: record.networkHeader,
    deviceName: hasDevice ? record.device : null,
    ifindex: hasDevice ? record.ifindex : null,
    deviceType: hasDevice ? record.deviceType : null,
    hardHeaderLength: hasDevice ? record.hardHeaderLength : null,
    netns: hasDevice ? record.netns : null,
  };
}

/** The same for one packet: some functions go by skb->protocol, or by the type of the device. */
function expectedHere(
  record: EventRecord,
  spec: Pick<ProbeSpec, 'function' | 'expect'> | null,
  point: Pick<ProgramPoint, 'name'> | undefined,
): Expectation {
  if (spec === null) return 'auto';
  const expectation = spec.expect === 'default' ? expectationOf(point?.name ?? spec.function) : null;
  if (expectation === null || !(record.flags & FLAG_SKB)) return expectedLayer(spec, point);
  const deviceType = record.flags & FLAG_DEVICE ? record.deviceType : null;
  return expectedOf(expectation, { protocol: record.protocol, deviceType });
}

/** The part of a record that an sk_buff's state is read from: the way back of `skbState`. */
export function recordOfSkb(skb: SkbState): Partial<EventRecord> {
  return {
    flags: FLAG_SKB | (skb.deviceName === null ? 0 : FLAG_DEVICE),
    len: skb.len ?? 0,
    dataLen: skb.dataLen ?? 0,
    macLen: skb.macLen ?? 0,
    protocol: skb.protocol ?? 0,
    pktType: skb.pktType ?? 0,
    headroom: skb.headroom ?? 0,
    macHeader: skb.macHeader,
    networkHeader: skb.networkHeader ?? 0,
    device: skb.deviceName ?? '',
    ifindex: skb.ifindex ?? 0,
    deviceType: skb.deviceType ?? 0,
    hardHeaderLength: skb.hardHeaderLength ?? 0,
    netns: skb.netns ?? 0,
  };
}

/**
 * What `verdict()` and `verdictCode()` take, from a record; null for a record of plain arguments. The packet's
 * length counts from where the header is expected, skb->len from skb->data: icmp_rcv looks 20 bytes before it.
 * Without a spec the bytes are judged as whatever they are; `point` is the record's, of a run with several.
 */
export function verdictInput(
  record: EventRecord,
  spec: Pick<ProbeSpec, 'function' | 'expect'> | null,
  point?: Pick<ProgramPoint, 'name' | 'pointer'>,
): VerdictInput | null {
  if (record.flags & FLAG_ARGUMENTS) return null;
  const name = point?.name ?? spec?.function ?? null;
  const expectation = name === null ? null : expectationOf(name);
  const pointer = point?.pointer ?? expectation?.pointer;
  const offset =
    pointer === 'network' ? record.networkHeader : pointer === 'mac' ? (record.macHeader ?? 0) : 0;
  return {
    bytes: record.bytes,
    window: record.window,
    expect: expectedHere(record, spec, point),
    packetLength: record.flags & (FLAG_SKB | FLAG_CAPTURE) ? Math.max(0, record.len - offset) : null,
    skb: skbState(record),
    output: expectation?.output ?? false,
    pseudoHeader: (record.flags & FLAG_CAPTURE) !== 0,
  };
}
