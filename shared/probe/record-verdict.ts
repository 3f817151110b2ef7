import { FLAG_ARGUMENTS, FLAG_CAPTURE, FLAG_DEVICE, FLAG_SKB } from '../capture/record.ts';
import type { EventRecord } from '../capture/record.ts';
import type { SkbState } from '../packet/skb.ts';
import type { Expectation, VerdictInput } from '../packet/verdict-kinds.ts';
import { expectationOf, expectedOf } from './expects.ts';
import type { ProbeSpec } from './spec.ts';

/** The header that a probe's bytes are judged against: the user's choice, else the table's, else whatever it is. */
export function expectedLayer(spec: Pick<ProbeSpec, 'function' | 'expect'>): Expectation {
  return spec.expect === 'default' ? (expectationOf(spec.function)?.layer ?? 'auto') : spec.expect;
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
function expectedHere(record: EventRecord, spec: Pick<ProbeSpec, 'function' | 'expect'> | null): Expectation {
  if (spec === null) return 'auto';
  const expectation = spec.expect === 'default' ? expectationOf(spec.function) : null;
  if (expectation === null || !(record.flags & FLAG_SKB)) return expectedLayer(spec);
  const deviceType = record.flags & FLAG_DEVICE ? record.deviceType : null;
  return expectedOf(expectation, { protocol: record.protocol, deviceType });
}

/**
 * What `verdict()` and `verdictCode()` take, from a record; null for a record of plain arguments. The packet's
 * length counts from where the header is expected, skb->len from skb->data: icmp_rcv looks 20 bytes before it.
 * Without a spec the bytes are judged as whatever they are.
 */
export function verdictInput(
  record: EventRecord,
  spec: Pick<ProbeSpec, 'function' | 'expect'> | null,
): VerdictInput | null {
  if (record.flags & FLAG_ARGUMENTS) return null;
  const expectation = spec === null ? null : expectationOf(spec.function);
  const offset =
    expectation?.pointer === 'network'
      ? record.networkHeader
      : expectation?.pointer === 'mac'
        ? (record.macHeader ?? 0)
        : 0;
  return {
    bytes: record.bytes,
    window: record.window,
    expect: expectedHere(record, spec),
    packetLength: record.flags & (FLAG_SKB | FLAG_CAPTURE) ? Math.max(0, record.len - offset) : null,
    skb: skbState(record),
    output: expectation?.output ?? false,
  };
}
