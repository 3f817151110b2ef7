import type { WiresharkReading } from '../../shared/contract/api.ts';
import { linktypeOfExpectation } from '../../shared/capture/pcap-linktypes.ts';
import type { EventRecord } from '../../shared/capture/record.ts';
import type { Expectation } from '../../shared/packet/verdict-kinds.ts';
import type { ProtocolName } from '../../shared/packet/inspect.ts';
import { Task } from './task.svelte.ts';

/** Wireshark's names (`frame.protocols`) of headers that both know; what is not here is not compared. */
const NAMES: ReadonlyMap<string, ProtocolName> = new Map<string, ProtocolName>([
  ['eth', 'ethernet'],
  ['vlan', 'vlan'],
  ['arp', 'arp'],
  ['ip', 'ipv4'],
  ['ipv6', 'ipv6'],
  ['icmp', 'icmp'],
  ['icmpv6', 'icmpv6'],
  ['igmp', 'igmp'],
  ['udp', 'udp'],
  ['tcp', 'tcp'],
  ['sctp', 'sctp'],
  ['gre', 'gre'],
  ['mpls', 'mpls'],
  ['esp', 'esp'],
  ['ah', 'ah'],
]);

/** Whether Wireshark finds the same headers, in the same order, as far as both name them. */
export function agrees(theirs: readonly string[], ours: readonly ProtocolName[]): boolean {
  const known = new Set(NAMES.values());
  const mine = ours.filter((name) => known.has(name));
  const other = theirs.flatMap((name) => NAMES.get(name) ?? []);
  return mine.length === other.length && mine.every((name, at) => name === other[at]);
}

/** The selected packet as the Wireshark of this machine reads it, from where the function expects its header. */
export class WiresharkView {
  readonly reading = new Task<WiresharkReading>();
  linktype = $state.raw(0);
  readonly #read: (linktype: number, bytes: string) => Promise<WiresharkReading>;

  constructor(read: (linktype: number, bytes: string) => Promise<WiresharkReading>) {
    this.#read = read;
  }

  /** What a capture taken at the probed function would hold: its bytes, under the link type it claims. */
  async look(record: EventRecord, expect: Expectation): Promise<void> {
    this.linktype = linktypeOfExpectation(expect);
    const bytes = record.bytes.subarray(Math.max(0, -record.window));
    const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
    if (hex === '') this.reading.reset();
    else await this.reading.run(() => this.#read(this.linktype, hex));
  }
}
