import * as fc from 'fast-check';
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { growth, isGauge } from '../../../shared/counters/growth.ts';
import { parseCounterFiles } from '../../../shared/counters/reading.ts';

const SNMP = `Ip: Forwarding DefaultTTL InReceives InHdrErrors
Ip: 1 64 1234 7
Icmp: InMsgs InErrors
Icmp: 3 0
Tcp: RtoAlgorithm MaxConn
Tcp: 1 -1
`;
const NETSTAT = `TcpExt: SyncookiesSent TCPTimeouts
TcpExt: 0 9
IpExt: InNoRoutes InCsumErrors
IpExt: 0 2
`;
const SNMP6 = `Ip6InReceives                   \t44
Ip6InHdrErrors                  \t5
Icmp6InMsgs                     \t6
Udp6NoPorts                     \t1
UdpLite6InDatagrams             \t2
`;
const SOFTNET = `00000183 00000002 00000004 00000000 00000000 00000000 00000000 00000000 00000000 00000005 00000000 00000000 00000000
0000ffff 00000001 00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000006 00000000 00000001
`;
const DEVICES = `Inter-|   Receive                                                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed
    lo:       0       0    0    0    0     0          0         0        0       0    0    0    0     0       0          0
  eth0:   57070     396    1    2    3     4          5         6    58716     344    7    8    9    10      11         12
`;

test('one look at all files', () => {
  const { uptime, values } = parseCounterFiles(`81.34 150.02\n${SNMP}${NETSTAT}${SNMP6}${SOFTNET}${DEVICES}`);
  expect(uptime).toBe(81.34);
  expect(values).toMatchObject({
    'Ip.InHdrErrors': 7,
    'Tcp.MaxConn': -1,
    'TcpExt.TCPTimeouts': 9,
    'IpExt.InCsumErrors': 2,
    'Ip6.InReceives': 44,
    'Ip6.InHdrErrors': 5,
    'Icmp6.InMsgs': 6,
    'Udp6.NoPorts': 1,
    'UdpLite6.InDatagrams': 2,
    'Softnet.processed': 0x183 + 0xffff,
    'Softnet.dropped': 3,
    'Softnet.time_squeeze': 4,
    'Softnet.received_rps': 5,
    'Softnet.flow_limit_count': 6,
    'Device.lo.rx_packets': 0,
    'Device.eth0.rx_bytes': 57070,
    'Device.eth0.rx_multicast': 6,
    'Device.eth0.tx_packets': 344,
    'Device.eth0.tx_compressed': 12,
  });
  expect(Object.keys(values)).toHaveLength(4 + 2 + 2 + 2 + 2 + 5 + 5 + 32);
});

test.each([
  ['nothing', '', {}],
  ['names only', 'Ip: A B\n', {}],
  ['values missing', 'Ip: A B\nIp: 1\n', { 'Ip.A': 1 }],
  ['blanks behind', 'Ip: A B \nIp: 1 2 \n', { 'Ip.A': 1, 'Ip.B': 2 }],
  ['no numbers', 'Ip: A B C D\nIp: x 0x10 1e5 \n', {}],
  ['groups that differ', 'Ip: A\nTcp: 1\n', {}],
  ['one line too many', 'Udp: 5\nIp: A\nIp: 1\nTcp: B\nTcp: 2\n', { 'Ip.A': 1, 'Tcp.B': 2 }],
  ['a device with too few columns', `${DEVICES.split('\n')[0]}\n h\n eth0: 1 2 3\n`, {}],
  ['softnet of an odd width', '0000018 00000002 00000004\n', {}],
])('%s', (_what, text, values) => {
  expect(parseCounterFiles(text).values).toEqual(values);
});

test('a device that is called like a group is a device', () => {
  const { values } = parseCounterFiles(
    `${SNMP}${DEVICES}    Ip: 99 99 0 0 0 0 0 0 99 99 0 0 0 0 0 0\n  Ip6InReceives: 1\n`,
  );
  expect(values['Ip.InHdrErrors']).toBe(7);
  expect(values['Device.Ip.rx_packets']).toBe(99);
  expect(values['Ip6.InReceives']).toBeUndefined();
});

test('this machine has the counters that matter', () => {
  const files = ['uptime', 'net/snmp', 'net/netstat', 'net/softnet_stat', 'net/dev'];
  const { uptime, values } = parseCounterFiles(
    files.map((file) => readFileSync(`/proc/${file}`, 'utf8')).join(''),
  );
  expect(uptime).toBeGreaterThan(0);
  expect(values['Ip.InHdrErrors']).toBeGreaterThanOrEqual(0);
  expect(values['IpExt.InCsumErrors']).toBeGreaterThanOrEqual(0);
  expect(values['Softnet.processed']).toBeGreaterThanOrEqual(0);
  expect(values['Device.lo.rx_packets']).toBeGreaterThanOrEqual(0);
  expect(Object.keys(values).length).toBeGreaterThan(100);
});

test('no text makes it throw, every value is a number, and there is an end to them', () => {
  const pieces = [SNMP, NETSTAT, SNMP6, SOFTNET, DEVICES, '__proto__: x\n', 'Ip: A B', '1.0 2.0\n'];
  fc.assert(
    fc.property(fc.array(fc.oneof(fc.string(), fc.constantFrom(...pieces))), (lines) => {
      const { values } = parseCounterFiles(lines.join(''));
      for (const value of Object.values(values)) expect(value).toBeTypeOf('number');
    }),
  );
  const names = Array.from({ length: 60_000 }, (_, i) => `N${i}`).join(' ');
  const flood = parseCounterFiles(`Ip: ${names}\nIp: ${names.replaceAll('N', '')}\n${DEVICES.repeat(900)}`);
  expect(Object.keys(flood.values).length).toBeLessThanOrEqual(20_000 + 32);
});

test('growth: counters only grow, 32 bits begin anew, and state of the protocol is no counter', () => {
  expect(growth('Ip.InReceives', 5, 12)).toBe(7);
  expect(growth('Ip.InReceives', 12, 5)).toBe(0);
  expect(growth('Softnet.processed', 0xffff_fff0, 0x10)).toBe(0x20);
  expect(growth('Softnet.processed', 500, 20)).toBe(0);
  expect(growth('Tcp.CurrEstab', 7, 3)).toBe(-4);
  expect(isGauge('Ip.Forwarding')).toBe(true);
  expect(isGauge('Ip.InHdrErrors')).toBe(false);
});
