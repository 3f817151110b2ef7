/**
 * The binary record of one probe hit: what travels from the trace run to the screen, and what the
 * rings hold. Fixed size, little-endian, so that a ring is one typed array and nothing is allocated
 * per event. Layout, byte offset and type:
 *
 *     0 u32 seq            1, 2, 3… in the order of arrival in this run
 *     4 u8  verdict        index in VERDICT_KINDS
 *     5 u8  flags          see FLAG_*
 *     6 u16 cpu
 *     8 u64 ns             the target's clock (CLOCK_BOOTTIME)
 *    16 u32 pid            20 i16 headerAt (if FLAG_HEADER_AT)   22 i16 window
 *    24 u16 captured       bytes of `bytes` that are packet       26 u16 mac_len
 *    28 u32 len            32 u32 data_len                        36 u16 protocol (host order)
 *    38 u16 device type (ARPHRD_*)   40 u16 hard_header_len       42 u16 pkt_type
 *    44 u32 ifindex        48 u32 netns inode
 *    52 i32 headroom       56 i32 mac_header      60 i32 network_header   (relative to skb->data)
 *    64 char[16] device    80 char[16] comm       96 bytes of the packet, up to 128
 *   224 u64 address of the sk_buff                232 u16 point   234 u8 edge (1: return)   235 u8 values
 *   236 u32 stack label   240 u32 drop reason     244 u32 caller label
 *   248 u32 mark          252 u32 hash            256 i16 transport_header (relative to skb->data)
 *   258 u8 ip_summed      259 zero                264 i64 returned value   272 i64[14] values of the picked fields
 *
 * `window` is where bytes[0] lies relative to the position at which the header was expected.
 */
export const RECORD_BYTES = 384;
export const PACKET_OFFSET = 96;
export const PACKET_BYTES = 128;
const VALUES_OFFSET = 272;
export const MAX_VALUES = (RECORD_BYTES - VALUES_OFFSET) / 8;

const NO_VALUES: readonly bigint[] = [];
/** In place of a picked field that the record's point does not have. */
export const NO_VALUE = -(2n ** 63n);

/** The function has an sk_buff: its state and device are set. */
export const FLAG_SKB = 1;
export const FLAG_HEADER_AT = 2;
/** skb->mac_header is set (not ~0). */
export const FLAG_MAC_HEADER = 4;
/** The function has no sk_buff: `bytes` holds its arguments, eight bytes each, big-endian. */
export const FLAG_ARGUMENTS = 8;
/** skb->dev was not NULL. */
export const FLAG_DEVICE = 16;
/** A drop reason was captured; 0 is one too. */
export const FLAG_REASON = 32;
/** skb->transport_header is set (not ~0). */
export const FLAG_TRANSPORT_HEADER = 64;
/** The packet comes from a capture file: `len` is known, an sk_buff there is none. */
export const FLAG_CAPTURE = 128;

/** One record as values; `bytes` may be a view into a ring: use it before the ring moves on, or copy it. */
export interface EventRecord {
  seq: number;
  verdict: number;
  flags: number;
  cpu: number;
  ns: bigint;
  pid: number;
  headerAt: number | null;
  window: number;
  macLen: number;
  len: number;
  dataLen: number;
  protocol: number;
  deviceType: number;
  hardHeaderLength: number;
  pktType: number;
  ifindex: number;
  netns: number;
  headroom: number;
  macHeader: number | null;
  networkHeader: number;
  device: string;
  comm: string;
  bytes: Uint8Array;
  /** Address of the sk_buff: names the packet while it lives. 0n without one. */
  skb: bigint;
  /** Index in ProbeProgram.points. */
  point: number;
  edge: 'entry' | 'return';
  /** Number of a text of this run (see `runLabels` in the contract): 0 for none. */
  stackLabel: number;
  callerLabel: number;
  /** enum skb_drop_reason of that kernel; null where none was captured. */
  reason: number | null;
  mark: number;
  hash: number;
  /** Relative to skb->data; null while it is not set. */
  transportHeader: number | null;
  ipSummed: number;
  /** What the function returned, sign extended; 0n unless `edge` is return. */
  returned: bigint;
  /** The picked fields, as signed 64-bit numbers, in the order of ProbeProgram.fields. */
  values: readonly bigint[];
}

/** A record with nothing in it yet. */
export function emptyRecord(bytes: Uint8Array = new Uint8Array(0)): EventRecord {
  return {
    seq: 0,
    verdict: 0,
    flags: 0,
    cpu: 0,
    ns: 0n,
    pid: 0,
    headerAt: null,
    window: 0,
    macLen: 0,
    len: 0,
    dataLen: 0,
    protocol: 0,
    deviceType: 0,
    hardHeaderLength: 0,
    pktType: 0,
    ifindex: 0,
    netns: 0,
    headroom: 0,
    macHeader: null,
    networkHeader: 0,
    device: '',
    comm: '',
    bytes,
    skb: 0n,
    point: 0,
    edge: 'entry',
    stackLabel: 0,
    callerLabel: 0,
    reason: null,
    mark: 0,
    hash: 0,
    transportHeader: null,
    ipSummed: 0,
    returned: 0n,
    values: [],
  };
}

/** Writes `record` into `view` at `at`; more than PACKET_BYTES of packet, or 15 characters of a name, are cut. */
export function writeRecord(view: DataView, at: number, record: EventRecord): void {
  const captured = Math.min(record.bytes.length, PACKET_BYTES);
  let flags = record.flags & (FLAG_SKB | FLAG_ARGUMENTS | FLAG_DEVICE | FLAG_CAPTURE);
  if (record.headerAt !== null) flags |= FLAG_HEADER_AT;
  if (record.macHeader !== null) flags |= FLAG_MAC_HEADER;
  if (record.reason !== null) flags |= FLAG_REASON;
  if (record.transportHeader !== null) flags |= FLAG_TRANSPORT_HEADER;
  view.setUint32(at, record.seq, true);
  view.setUint8(at + 4, record.verdict);
  view.setUint8(at + 5, flags);
  view.setUint16(at + 6, record.cpu, true);
  view.setBigUint64(at + 8, record.ns, true);
  view.setUint32(at + 16, record.pid, true);
  view.setInt16(at + 20, record.headerAt ?? 0, true);
  view.setInt16(at + 22, record.window, true);
  view.setUint16(at + 24, captured, true);
  view.setUint16(at + 26, record.macLen, true);
  view.setUint32(at + 28, record.len, true);
  view.setUint32(at + 32, record.dataLen, true);
  view.setUint16(at + 36, record.protocol, true);
  view.setUint16(at + 38, record.deviceType, true);
  view.setUint16(at + 40, record.hardHeaderLength, true);
  view.setUint16(at + 42, record.pktType, true);
  view.setUint32(at + 44, record.ifindex, true);
  view.setUint32(at + 48, record.netns, true);
  view.setInt32(at + 52, record.headroom, true);
  view.setInt32(at + 56, record.macHeader ?? 0, true);
  view.setInt32(at + 60, record.networkHeader, true);
  writeName(view, at + 64, record.device);
  writeName(view, at + 80, record.comm);
  const target = new Uint8Array(view.buffer, view.byteOffset + at + PACKET_OFFSET, PACKET_BYTES);
  target.fill(0, captured);
  target.set(record.bytes.subarray(0, captured));
  const values = Math.min(record.values.length, MAX_VALUES);
  view.setBigUint64(at + 224, record.skb, true);
  view.setUint16(at + 232, record.point, true);
  view.setUint8(at + 234, record.edge === 'return' ? 1 : 0);
  view.setUint8(at + 235, values);
  view.setUint32(at + 236, record.stackLabel, true);
  view.setUint32(at + 240, record.reason ?? 0, true);
  view.setUint32(at + 244, record.callerLabel, true);
  view.setUint32(at + 248, record.mark, true);
  view.setUint32(at + 252, record.hash, true);
  view.setInt16(at + 256, record.transportHeader ?? 0, true);
  view.setUint16(at + 258, record.ipSummed & 0xff, true);
  view.setUint32(at + 260, 0, true);
  view.setBigInt64(at + 264, record.returned, true);
  for (let i = 0; i < MAX_VALUES; i++)
    view.setBigInt64(at + VALUES_OFFSET + 8 * i, i < values ? (record.values[i] ?? 0n) : 0n, true);
}

/** Reads the record at `at`. `bytes` is a view, not a copy. */
export function readRecord(view: DataView, at: number): EventRecord {
  const flags = view.getUint8(at + 5);
  const captured = Math.min(view.getUint16(at + 24, true), PACKET_BYTES);
  return {
    seq: view.getUint32(at, true),
    verdict: view.getUint8(at + 4),
    flags,
    cpu: view.getUint16(at + 6, true),
    ns: view.getBigUint64(at + 8, true),
    pid: view.getUint32(at + 16, true),
    headerAt: flags & FLAG_HEADER_AT ? view.getInt16(at + 20, true) : null,
    window: view.getInt16(at + 22, true),
    macLen: view.getUint16(at + 26, true),
    len: view.getUint32(at + 28, true),
    dataLen: view.getUint32(at + 32, true),
    protocol: view.getUint16(at + 36, true),
    deviceType: view.getUint16(at + 38, true),
    hardHeaderLength: view.getUint16(at + 40, true),
    pktType: view.getUint16(at + 42, true),
    ifindex: view.getUint32(at + 44, true),
    netns: view.getUint32(at + 48, true),
    headroom: view.getInt32(at + 52, true),
    macHeader: flags & FLAG_MAC_HEADER ? view.getInt32(at + 56, true) : null,
    networkHeader: view.getInt32(at + 60, true),
    device: readName(view, at + 64),
    comm: readName(view, at + 80),
    bytes: new Uint8Array(view.buffer, view.byteOffset + at + PACKET_OFFSET, captured),
    skb: view.getBigUint64(at + 224, true),
    point: view.getUint16(at + 232, true),
    edge: view.getUint8(at + 234) === 1 ? 'return' : 'entry',
    stackLabel: view.getUint32(at + 236, true),
    callerLabel: view.getUint32(at + 244, true),
    reason: flags & FLAG_REASON ? view.getUint32(at + 240, true) : null,
    mark: view.getUint32(at + 248, true),
    hash: view.getUint32(at + 252, true),
    transportHeader: flags & FLAG_TRANSPORT_HEADER ? view.getInt16(at + 256, true) : null,
    ipSummed: view.getUint8(at + 258),
    returned: view.getBigInt64(at + 264, true),
    values: readValues(view, at),
  };
}

/** The lower 32 bits of the address of the sk_buff of the record at `at`. */
export function skbLowAt(view: DataView, at: number): number {
  return view.getUint32(at + 224, true);
}

function readValues(view: DataView, at: number): readonly bigint[] {
  const count = Math.min(view.getUint8(at + 235), MAX_VALUES);
  if (count === 0) return NO_VALUES;
  return Array.from({ length: count }, (_, i) => view.getBigInt64(at + VALUES_OFFSET + 8 * i, true));
}

/** Latin-1, NUL-padded: comm and device names are bytes, not text, and must survive as they are. */
function writeName(view: DataView, at: number, name: string): void {
  for (let i = 0; i < 16; i++)
    view.setUint8(at + i, i < 15 && i < name.length ? name.charCodeAt(i) & 0xff : 0);
}

function readName(view: DataView, at: number): string {
  let name = '';
  for (let i = 0; i < 16; i++) {
    const byte = view.getUint8(at + i);
    if (byte === 0) break;
    name += String.fromCharCode(byte);
  }
  return name;
}
