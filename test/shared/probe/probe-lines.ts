/** The state of a packet line; what is not given is 0, or what bookworm printed for a frame in an ipip tunnel. */
export interface LineState {
  readonly sequence?: number;
  readonly cpu?: number;
  readonly point?: number;
  readonly ns?: bigint;
  readonly skb?: bigint;
  readonly pid?: number;
  readonly len?: number;
  readonly dataLen?: number;
  readonly headroom?: number;
  readonly offset?: number;
  readonly ifindex?: number;
  readonly macLen?: number;
  /** As a little-endian machine loads network order. */
  readonly protocol?: number;
  readonly mac?: number;
  readonly network?: number;
  readonly transport?: number;
  readonly pktType?: number;
  readonly ipSummed?: number;
  readonly deviceType?: number;
  readonly hard?: number;
  readonly netns?: number;
  readonly mark?: number;
  readonly hash?: number;
  readonly reason?: number;
  readonly fields?: readonly bigint[];
  /** Hexadecimal digits from 18 bytes before the expected header on. */
  readonly packet?: string;
  readonly device?: string;
  readonly caller?: string;
  readonly comm?: string;
}

type Part = readonly [value: number | bigint, bits: number];

function word(...parts: readonly Part[]): string {
  const value = parts.reduce(
    (sum, [one, bits]) => (sum << BigInt(bits)) | BigInt.asUintN(bits, BigInt(one)),
    0n,
  );
  return value.toString(16).padStart(16, '0');
}

/** A line as the program of bpftrace-program.ts prints it for a packet, without its newline. */
export function packetLine(tag: string, given: LineState): string {
  const s = {
    sequence: 1,
    len: 98,
    headroom: 258,
    mac: 258,
    network: 258,
    transport: 0xffff,
    protocol: 8,
    ...given,
  };
  const words = [
    word([s.sequence, 32], [s.cpu ?? 0, 16], [s.point ?? 0, 16]),
    word([s.ns ?? 0n, 64]),
    word([s.skb ?? 0n, 64]),
    word([s.pid ?? 0, 32], [s.len, 32]),
    word([s.dataLen ?? 0, 32], [s.headroom, 32]),
    word([s.offset ?? 0, 32], [s.ifindex ?? 0, 32]),
    word([s.macLen ?? 0, 16], [s.protocol, 16], [s.mac, 16], [s.network, 16]),
    word(
      [s.transport, 16],
      [s.pktType ?? 0, 8],
      [s.ipSummed ?? 0, 8],
      [s.deviceType ?? 0, 16],
      [s.hard ?? 0, 16],
    ),
    word([s.netns ?? 0, 32], [s.mark ?? 0, 32]),
    word([s.hash ?? 0, 32], [s.reason ?? 0, 32]),
    ...(s.fields ?? []).map((value) => word([value, 64])),
    (s.packet ?? '').padEnd(256, '0').slice(0, 256),
  ];
  const texts = [s.device ?? 'lo', ...(s.caller === undefined ? [] : [s.caller]), s.comm ?? 'ping'];
  return `${tag}\tP${words.join('')}\t${texts.join('\t')}`;
}

/** The same of plain arguments. */
export function argumentsLine(
  tag: string,
  given: Pick<LineState, 'sequence' | 'cpu' | 'point' | 'ns' | 'pid' | 'reason' | 'skb' | 'comm'> & {
    readonly returned?: bigint;
    readonly words?: readonly bigint[];
  },
): string {
  const words = [
    word([given.sequence ?? 1, 32], [given.cpu ?? 0, 16], [given.point ?? 0, 16]),
    word([given.ns ?? 0n, 64]),
    word([given.pid ?? 0, 32], [given.reason ?? 0, 32]),
    word([given.skb ?? 0n, 64]),
    word([given.returned ?? 0n, 64]),
    ...(given.words ?? []).map((value) => word([value, 64])),
  ];
  return `${tag}\tA${words.join('')}\t${given.comm ?? 'ping'}`;
}

/** Latin-1: one byte a character. */
export function bytesOf(text: string): Uint8Array {
  return Uint8Array.from(text, (letter) => letter.charCodeAt(0) & 0xff);
}
