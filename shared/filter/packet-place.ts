import type { EventRecord } from '../capture/record.ts';
import { FLAG_ARGUMENTS, FLAG_DEVICE, FLAG_SKB } from '../capture/record.ts';
import { u16, u8 } from '../packet/cursor.ts';
import { inspect } from '../packet/inspect.ts';
import type { InspectStart, Layer } from '../packet/inspect.ts';
import { judge } from '../packet/judge.ts';
import { newFinding } from '../packet/scene.ts';
import type { SkbState } from '../packet/skb.ts';
import * as kinds from '../packet/verdict-kinds.ts';
import type { FilterPoint } from './context.ts';

const { NOWHERE } = kinds;
const NO_LAYERS: readonly Layer[] = [];
const ARPHRD_ETHER = 1;

/**
 * Where the headers of a record's packet really are, by the same judgement that gives it its verdict. One object
 * is used for all records; positions are indexes in `bytes`, -1 where there is none.
 */
export class PacketPlace {
  bytes: Uint8Array = new Uint8Array(0);
  /** Index behind the last byte that was captured and belongs to the packet. */
  limit = 0;
  link = -1;
  network = -1;
  /** Of the IP header at `network`: 4, 6, or 0 when it is none. */
  version = 0;
  /** What the network header is, -1 where not known. */
  etherType = -1;
  /** Index of the outermost tag's TCI, and how many tags there are. */
  tagAt = -1;
  tags = 0;
  /** IP protocol behind all IPv6 extension headers, and the one the IP header names; -1 without an IP header. */
  protocol = -1;
  firstProtocol = -1;
  /** -1 also in a fragment that is not the first. */
  transport = -1;

  readonly #finding = newFinding();
  readonly #skb: { -readonly [K in keyof SkbState]: SkbState[K] } = {
    len: 0,
    dataLen: 0,
    macLen: 0,
    protocol: 0,
    pktType: 0,
    headroom: 0,
    macHeader: null,
    networkHeader: 0,
    deviceName: null,
    ifindex: null,
    deviceType: null,
    hardHeaderLength: null,
    netns: null,
  };
  #window = 0;
  #left = -1;
  #layers: readonly Layer[] | null = null;

  /** Looks at a record; false if it has no packet. */
  locate(record: EventRecord, point: FilterPoint): boolean {
    this.link = this.network = this.etherType = this.tagAt = this.protocol = this.transport = -1;
    this.firstProtocol = -1;
    this.version = this.tags = 0;
    this.bytes = record.bytes;
    this.limit = 0;
    this.#layers = NO_LAYERS;
    if (record.flags & FLAG_ARGUMENTS) return false;
    this.#layers = null;
    const offset =
      point.pointer === 'network'
        ? record.networkHeader
        : point.pointer === 'mac'
          ? (record.macHeader ?? 0)
          : 0;
    const hasSkb = (record.flags & FLAG_SKB) !== 0;
    this.#left = hasSkb ? Math.max(0, record.len - offset) : -1;
    this.#window = record.window;
    const origin = 0 - record.window;
    this.limit = this.#left < 0 ? record.bytes.length : Math.min(record.bytes.length, origin + this.#left);
    const device = (record.flags & FLAG_DEVICE) !== 0;
    this.#skb.deviceType = device ? record.deviceType : null;
    this.#skb.protocol = record.protocol;
    const finding = this.#finding;
    judge(
      record.bytes,
      record.window,
      point.expect,
      this.#left,
      hasSkb ? this.#skb : null,
      point.output,
      finding,
    );
    if (finding.linkAt !== NOWHERE) this.link = origin + finding.linkAt;
    if (finding.typeAt !== NOWHERE) {
      this.etherType = this.word(origin + finding.typeAt);
      this.tags = finding.kind === kinds.VLAN_WHERE_IP ? Math.max(1, finding.tags) : finding.tags;
      if (this.tags > 0) this.tagAt = origin + finding.typeAt - 2 - 4 * (this.tags - 1);
      this.network = origin + finding.typeAt + 2;
      if (this.etherType === 0x0800) this.version = 4;
      else if (this.etherType === 0x86dd) this.version = 6;
    } else if (finding.networkAt !== NOWHERE && finding.version !== 0) {
      this.network = origin + finding.networkAt;
      this.version = finding.version;
      this.etherType = finding.version === 6 ? 0x86dd : 0x0800;
    } else if (finding.protocol === 'arp') {
      this.network = origin;
      this.etherType = 0x0806;
    }
    if (this.link < 0 && device && record.deviceType === ARPHRD_ETHER && record.macHeader !== null) {
      const link = origin + record.macHeader - offset;
      if (link >= 0 && link + 14 <= this.network && this.word(link + 12) > 0x5dc) this.link = link;
    }
    if (this.version === 4) this.#readIpv4();
    else if (this.version === 6) this.#readIpv6();
    return true;
  }

  /** All headers from the outermost on, as the packet view shows them; decoded once for a record. */
  layers(): readonly Layer[] {
    return (this.#layers ??= this.#decode());
  }

  /** Byte, -1 where not captured. */
  byte(at: number): number {
    return at >= 0 && at < this.limit ? u8(this.bytes, at) : -1;
  }

  /** Two bytes, -1 where not captured. */
  word(at: number): number {
    return at >= 0 && at + 2 <= this.limit ? u16(this.bytes, at) : -1;
  }

  #readIpv4(): void {
    const first = this.byte(this.network);
    this.protocol = this.firstProtocol = this.byte(this.network + 9);
    const fragment = this.word(this.network + 6);
    if (first < 0 || fragment < 0 || (fragment & 0x1fff) !== 0) return;
    const length = (first & 15) * 4;
    if (length >= 20) this.transport = this.network + length;
  }

  /** RFC 8200, chapter 4: at most eight extension headers are walked. */
  #readIpv6(): void {
    let next = this.byte(this.network + 6);
    let at = this.network + 40;
    this.firstProtocol = this.protocol = next;
    for (let i = 0; i < 8; i++) {
      if (next === 44) {
        const fragment = this.word(at + 2);
        if (fragment < 0) return;
        next = this.byte(at);
        this.protocol = next;
        if ((fragment & 0xfff8) !== 0) return;
        at += 8;
      } else if (next === 0 || next === 43 || next === 60 || next === 51) {
        const length = this.byte(at + 1);
        if (length < 0) return;
        const authentication = next === 51;
        next = this.byte(at);
        at += authentication ? (length + 2) * 4 : length * 8 + 8;
        this.protocol = next;
      } else break;
    }
    if (next >= 0) this.transport = at;
  }

  #decode(): readonly Layer[] {
    const origin = 0 - this.#window;
    const { kind, protocol } = this.#finding;
    const from = (start: InspectStart, at: number): readonly Layer[] =>
      inspect(this.bytes, {
        start,
        at,
        packetLength: this.#left < 0 ? null : Math.max(0, this.#left - (at - origin)),
      });
    const behind = this.#headers(from, origin, protocol);
    if (kind === kinds.TUN_PI) return [...from('tun-pi', origin).slice(0, 1), ...behind];
    if (kind === kinds.VIRTIO_NET) return [...from('virtio-net', origin).slice(0, 1), ...behind];
    return behind;
  }

  /** From the outermost header that the judgement rests on. */
  #headers(
    from: (start: InspectStart, at: number) => readonly Layer[],
    origin: number,
    protocol: kinds.FoundProtocol,
  ): readonly Layer[] {
    if (this.link >= 0) return from('ethernet', this.link);
    if (this.tagAt >= 0) return from('vlan', this.tagAt);
    if (this.version !== 0) return from(this.version === 6 ? 'ipv6' : 'ipv4', this.network);
    switch (protocol) {
      case '':
      case 'lldp':
      case 'eapol':
        return NO_LAYERS;
      default:
        return from(protocol, origin);
    }
  }
}
