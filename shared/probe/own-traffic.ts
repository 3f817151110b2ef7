import type { SshConnection } from '../contract/ssh-session.ts';

/**
 * The condition, in bpftrace's language, that the IP header at `$i` belongs to this SSH connection,
 * in either direction. Without it a probe on the receive path feeds itself: each event that is sent
 * is more packets. It compares numbers as a little-endian load of network-order bytes gives them, so
 * nothing has to be swapped per packet. A header that is garbage never matches, so nothing of
 * interest is lost. Null when the addresses are of no family we know: then nothing can be excluded.
 */
export function ownPacketCondition(connection: SshConnection): string | null {
  const { client, server, clientPort, serverPort } = tuple(connection);
  if (client === null || server === null || client.length !== server.length) return null;
  const pair = (source: number, destination: number): string =>
    hex((swapped(destination) * 0x10000 + swapped(source)) >>> 0);
  const inbound = pair(clientPort, serverPort);
  const outbound = pair(serverPort, clientPort);
  const equal = (from: Uint8Array, to: Uint8Array): string => {
    const length = from.length;
    const base = length === 4 ? 12 : 8;
    const parts = Array.from({ length: length / 4 }, (_, i) => 4 * i);
    return parts
      .map(
        (at) => `${load(base + at)} == ${word(from, at)} && ${load(base + length + at)} == ${word(to, at)}`,
      )
      .join(' && ');
  };
  const ports = client.length === 4 ? '*(uint32 *)($i + (*$i & 15) * 4)' : load(40);
  const head =
    client.length === 4 ? '(*$i >> 4) == 4 && *($i + 9) == 6' : '(*$i >> 4) == 6 && *($i + 6) == 6';
  return (
    `${head} && ((${ports} == ${inbound} && ${equal(client, server)}) || ` +
    `(${ports} == ${outbound} && ${equal(server, client)}))`
  );
}

/**
 * The condition that the `struct sock *` in `$k` is this connection's: on the way out an sk_buff has
 * its socket long before it has an IP header. A listening socket has no peer port, so it never matches.
 */
export function ownSocketCondition(connection: SshConnection): string {
  const { clientPort, serverPort } = tuple(connection);
  return `$k->__sk_common.skc_num == ${serverPort} && $k->__sk_common.skc_dport == ${swapped(clientPort)}`;
}

/** All that a program leaves out of a connection's own packets, see ownScript. */
export function ownConditions(connection: SshConnection): readonly (string | null)[] {
  return [ownPacketCondition(connection), ownSocketCondition(connection)];
}

/** `SSH_CONNECTION` (sshd(8)): client address, client port, server address, server port. */
export function parseSshConnection(text: string): SshConnection | null {
  const [clientAddress, clientPort, serverAddress, serverPort, ...more] = text.trim().split(/\s+/);
  if (clientAddress === undefined || serverAddress === undefined || more.length > 0) return null;
  const ports = [Number(clientPort), Number(serverPort)] as const;
  if (ports.some((port) => !Number.isInteger(port) || port < 1 || port > 65535)) return null;
  if (parseAddress(clientAddress) === null || parseAddress(serverAddress) === null) return null;
  return { clientAddress, clientPort: ports[0], serverAddress, serverPort: ports[1] };
}

/** 4 or 16 bytes; an IPv4-mapped IPv6 address is IPv4 on the wire. Null if it is neither. */
function parseAddress(text: string): Uint8Array | null {
  const bare = text.replace(/%.*$/, '').replace(/^::ffff:(?=\d+\.)/i, '');
  const dotted = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(bare);
  if (dotted) {
    const bytes = dotted.slice(1).map(Number);
    return bytes.every((byte) => byte <= 255) ? Uint8Array.from(bytes) : null;
  }
  const [head, tail, ...more] = bare.split('::');
  if (more.length > 0 || head === undefined) return null;
  const groups = (part: string): string[] => (part === '' ? [] : part.split(':'));
  const left = groups(head);
  const right = tail === undefined ? [] : groups(tail);
  const missing = 8 - left.length - right.length;
  if (tail === undefined ? missing !== 0 : missing < 1) return null;
  const all = [...left, ...Array<string>(tail === undefined ? 0 : missing).fill('0'), ...right];
  if (!all.every((group) => /^[0-9a-f]{1,4}$/i.test(group))) return null;
  return Uint8Array.from(all.flatMap((group) => [parseInt(group, 16) >>> 8, parseInt(group, 16) & 0xff]));
}

export function tuple(connection: SshConnection): {
  client: Uint8Array | null;
  server: Uint8Array | null;
  clientPort: number;
  serverPort: number;
} {
  return {
    client: parseAddress(connection.clientAddress),
    server: parseAddress(connection.serverAddress),
    clientPort: connection.clientPort,
    serverPort: connection.serverPort,
  };
}

function load(at: number): string {
  return `*(uint32 *)($i + ${at})`;
}

/** A port as a little-endian machine loads it from network order. */
export function swapped(port: number): number {
  return ((port & 0xff) << 8) | (port >>> 8);
}

/** Four bytes as a little-endian machine loads them. */
export function word(bytes: Uint8Array, at: number): string {
  const [a = 0, b = 0, c = 0, d = 0] = bytes.subarray(at, at + 4);
  return hex((a | (b << 8) | (c << 16) | (d << 24)) >>> 0);
}

function hex(value: number): string {
  return `0x${value.toString(16)}`;
}
