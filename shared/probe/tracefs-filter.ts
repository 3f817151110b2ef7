import type { EventRecord } from '../capture/record.ts';
import type { SshConnection } from '../contract/ssh-session.ts';
import type { Expectation } from '../packet/verdict-kinds.ts';
import type { FunctionExpectation } from './expects.ts';
import { swapped, tuple, word } from './own-traffic.ts';
import type { FilterName } from './spec.ts';

/**
 * Conditions in the event filter language of tracefs (Documentation/trace/events.rst): a field against a constant,
 * `&&`, `||`, `!( )`. Nothing can be computed and no field compared with another. Fields are named after
 * where they lie: `b9` is the byte 9 behind skb->data, `h12` two bytes there and `w12` four, `wm8` four that begin
 * 8 before it. Numbers are as a little-endian machine loads them from network order.
 */
const FIELD = /\b([bhw])(m?)(\d+)\b/g;
const FIELD_TYPES: Readonly<Record<string, string>> = { b: 'x8', h: 'x16', w: 'x32' };

/** Fetch arguments of the fields that a condition names; `data` is that of skb->data itself. */
export function fieldsOf(condition: string, data: string): readonly string[] {
  return [...condition.matchAll(FIELD)].map(
    ([name, width = '', minus, at]) => `${name}=${minus ? '-' : '+'}${at}(${data}):${FIELD_TYPES[width]}`,
  );
}

function field(width: 'b' | 'h' | 'w', at: number): string {
  return `${width}${at < 0 ? 'm' : ''}${Math.abs(at)}`;
}

/**
 * The filters of filterCondition() (bpftrace-program.ts) on the header at skb->data. `misfit` compares tot_len
 * with skb->len there; here by steps: a packet is taken when a step lies between the two, so one that is
 * too short by less than a quarter may be missed. Null: everything is let through.
 */
export function headerCondition(filter: FilterName, layer: Expectation | null): string | null {
  const bad4 = '(b0 < 0x45 || b0 > 0x4f)';
  const bad6 = '(b0 < 0x60 || b0 > 0x6f)';
  const bad = layer === 'ipv6' ? bad6 : layer === 'ip' || layer === 'auto' ? `(${bad4} && ${bad6})` : bad4;
  switch (filter) {
    case 'none':
      return null;
    case 'bad-ip-header':
      return bad;
    case 'misfit': {
      const frame = [
        '(h12 == 0x8 && b14 >= 0x40 && b14 <= 0x4f)',
        '(h12 == 0xdd86 && b14 >= 0x60 && b14 <= 0x6f)',
        'h12 == 0x81',
        'h12 == 0xa888',
      ];
      const lengths = layer === 'ipv6' ? [] : ['(b2 == 0 && b3 < 20)', ...LENGTH_STEPS.map(longerThan)];
      return [bad, ...frame, ...lengths].join(' || ');
    }
  }
}

/** Four steps an octave: a tot_len that is a quarter longer than the packet is always seen. */
const LENGTH_STEPS: readonly number[] = [
  ...[20, 24, 28, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 512, 768, 1024, 1280, 1536, 2048],
  ...[3072, 4096, 8192, 16384, 32768],
];

/** skb->len is below the step and tot_len is not; above 255 a step is a multiple of 256, the high byte alone. */
function longerThan(step: number): string {
  return step < 256
    ? `(len < ${step} && (b2 > 0 || b3 >= ${step}))`
    : `(len < ${step} && b2 >= ${step / 256})`;
}

/**
 * That a packet is of this SSH connection, in either direction, if its IP header lies `at` bytes after skb->data.
 * Ports are compared where they are behind a header of 20 bytes: sshd sends no IP options. Null when the addresses
 * are of no family we know.
 */
export function ownCondition(connection: SshConnection, at: number): string | null {
  const { client, server, clientPort, serverPort } = tuple(connection);
  if (client === null || server === null || client.length !== server.length) return null;
  const size = client.length;
  const [first, protocol, ports, nibble] = size === 4 ? [12, 9, 20, 4] : [8, 6, 40, 6];
  const direction = (from: Uint8Array, fromPort: number, to: Uint8Array, toPort: number): string => {
    const pair = (swapped(toPort) * 0x10000 + swapped(fromPort)) >>> 0;
    const parts = [`${field('w', at + ports)} == 0x${pair.toString(16)}`];
    for (let i = 0; i < size; i += 4)
      parts.push(
        `${field('w', at + first + i)} == ${word(from, i)}`,
        `${field('w', at + first + size + i)} == ${word(to, i)}`,
      );
    return `(${parts.join(' && ')})`;
  };
  const version = field('b', at);
  const inbound = direction(client, clientPort, server, serverPort);
  const outbound = direction(server, serverPort, client, clientPort);
  return (
    `(${version} >= 0x${nibble}${size === 4 ? 5 : 0} && ${version} <= 0x${nibble}f && ` +
    `${field('b', at + protocol)} == 6 && (${inbound} || ${outbound}))`
  );
}

/** That the socket at `sk` is this connection's; behind a NULL the other two are anything. */
export function ownSockCondition(connection: SshConnection): string {
  const { clientPort, serverPort } = tuple(connection);
  return `(sk != 0 && snum == ${serverPort} && sdpo == ${swapped(clientPort)})`;
}

/** Bytes of the transport header that a function behind the IP layer has at skb->data: the IP header lies before. */
export function ownPlaces(
  expectation: FunctionExpectation | null,
  connection: SshConnection,
): readonly number[] {
  const header = tuple(connection).client?.length === 16 ? 40 : 20;
  if (expectation === null || expectation.layer === 'auto') return [0, 14, -header];
  if (expectation.layer === 'ethernet') return [14];
  return [expectation.pointer === 'network' ? -header : 0];
}

/** All that a program leaves out of a connection's own packets, wherever a header may lie, see ownScript. */
export function ownConditions(connection: SshConnection): readonly (string | null)[] {
  const places = [...ownPlaces(null, connection), 0, 14];
  return [...places.map((at) => ownCondition(connection, at)), ownSockCondition(connection)];
}

/** The same filters where the header lies behind skb->data: on the record, as it arrives. */
export function passesFilter(filter: FilterName, layer: Expectation | null, record: EventRecord): boolean {
  if (filter === 'none') return true;
  const at = -record.window;
  const byte = (offset: number): number => record.bytes[at + offset] ?? 0;
  const bad4 = byte(0) >> 4 !== 4 || (byte(0) & 15) < 5;
  const bad6 = byte(0) >> 4 !== 6;
  if (layer === 'ipv6' ? bad6 : layer === 'ip' || layer === 'auto' ? bad4 && bad6 : bad4) return true;
  if (filter === 'bad-ip-header') return false;
  const type = byte(12) * 256 + byte(13);
  const inside = byte(14) >> 4;
  if ((type === 0x800 && inside === 4) || (type === 0x86dd && inside === 6)) return true;
  if (type === 0x8100 || type === 0x88a8) return true;
  if (layer === 'ipv6') return false;
  const total = byte(2) * 256 + byte(3);
  return total < 20 || total > record.len;
}
