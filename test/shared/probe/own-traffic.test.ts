import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  ownPacketCondition,
  ownSocketCondition,
  parseSshConnection,
} from '../../../shared/probe/own-traffic.ts';
import type { SshConnection } from '../../../shared/contract/ssh-session.ts';

/** bpftrace's expression over a packet, as this machine's JavaScript: loads are little-endian, beyond the end 0. */
function holds(condition: string, packet: Uint8Array): boolean {
  const padded = new Uint8Array(2048);
  padded.set(packet.subarray(0, 2048));
  const view = new DataView(padded.buffer);
  const script = condition
    .replaceAll('*(uint32 *)($i', 'load(0')
    .replace(/\*\(\$i \+ (\d+)\)/g, 'view.getUint8($1)')
    .replaceAll('*$i', 'view.getUint8(0)');
  // The text comes from our own writer; to run it is the point of the test.
  const run = runInNewContext(`(view, load) => (${script})`) as (
    view: DataView,
    load: (at: number) => number,
  ) => boolean;
  return run(view, (at) => view.getUint32(at, true));
}

function packet4(
  from: number[],
  to: number[],
  sport: number,
  dport: number,
  protocol = 6,
  ihl = 5,
): Uint8Array {
  const bytes = new Uint8Array(ihl * 4 + 20);
  bytes[0] = 0x40 | ihl;
  bytes[9] = protocol;
  bytes.set(from, 12);
  bytes.set(to, 16);
  new DataView(bytes.buffer).setUint16(ihl * 4, sport);
  new DataView(bytes.buffer).setUint16(ihl * 4 + 2, dport);
  return bytes;
}

const octets = fc.array(fc.integer({ min: 0, max: 255 }), { minLength: 4, maxLength: 4 });
const port = fc.integer({ min: 1, max: 65535 });

describe('the own-packet condition', () => {
  test('matches both directions of the connection with any options, and nothing else (IPv4)', () => {
    fc.assert(
      fc.property(
        octets,
        octets,
        port,
        port,
        fc.integer({ min: 5, max: 15 }),
        port,
        (client, server, cp, sp, ihl, other) => {
          const connection: SshConnection = {
            clientAddress: client.join('.'),
            serverAddress: server.join('.'),
            clientPort: cp,
            serverPort: sp,
          };
          const condition = ownPacketCondition(connection) ?? '';
          expect(holds(condition, packet4(client, server, cp, sp, 6, ihl))).toBe(true);
          expect(holds(condition, packet4(server, client, sp, cp, 6, ihl))).toBe(true);
          expect(holds(condition, packet4(client, server, cp, sp, 17, ihl))).toBe(false);
          if (other !== cp && !(client.join() === server.join()))
            expect(holds(condition, packet4(client, server, other, sp, 6, ihl))).toBe(false);
        },
      ),
    );
  });

  test('matches IPv6 in both directions', () => {
    const connection = parseSshConnection('fe80::1%eth0 50000 2001:db8::2 22');
    const condition = ownPacketCondition(connection as SshConnection) ?? '';
    const bytes = new Uint8Array(60);
    bytes[0] = 0x60;
    bytes[6] = 6;
    bytes.set([0xfe, 0x80], 8);
    bytes[23] = 1;
    bytes.set([0x20, 0x01, 0x0d, 0xb8], 24);
    bytes[39] = 2;
    new DataView(bytes.buffer).setUint16(40, 50000);
    new DataView(bytes.buffer).setUint16(42, 22);
    expect(holds(condition, bytes)).toBe(true);
    bytes[39] = 3;
    expect(holds(condition, bytes)).toBe(false);
  });

  test('an Ethernet header never matches, whatever follows', () => {
    const condition =
      ownPacketCondition(parseSshConnection('10.0.2.2 42390 10.0.2.15 22') as SshConnection) ?? '';
    const frame = new Uint8Array(64);
    frame.set([0x02, 0, 0x5e, 0x20, 0, 2, 2, 0, 0x5e, 0x20, 0, 1, 8, 0]);
    frame.set(packet4([10, 0, 2, 2], [10, 0, 2, 15], 42390, 22), 14);
    expect(holds(condition, frame)).toBe(false);
  });
});

test('SSH_CONNECTION is read strictly', () => {
  expect(parseSshConnection('10.0.2.2 42390 10.0.2.15 22\n')).toEqual({
    clientAddress: '10.0.2.2',
    clientPort: 42390,
    serverAddress: '10.0.2.15',
    serverPort: 22,
  });
  expect(
    ownPacketCondition(parseSshConnection('::ffff:1.2.3.4 9 ::ffff:5.6.7.8 22') as SshConnection),
  ).toContain('>> 4) == 4');
  for (const bad of [
    '',
    'a b c d',
    '1.2.3.4 0 1.2.3.4 22',
    '1.2.3.4 1 1.2.3.4 70000',
    '1.2.3.4 1 1.2.3.4',
    '1:2 1 ::1 22',
    '1.2.3.4 1 1.2.3.4 22 x',
    '300.1.1.1 5 1.1.1.1 22',
  ])
    expect(parseSshConnection(bad)).toBeNull();
});

test('the socket condition compares ports as the kernel keeps them: local in host order, peer in network order', () => {
  const condition = ownSocketCondition(parseSshConnection('1.1.1.1 258 2.2.2.2 22') as SshConnection);
  expect(condition).toBe('$k->__sk_common.skc_num == 22 && $k->__sk_common.skc_dport == 513');
});
