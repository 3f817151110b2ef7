import { expect, test } from 'vitest';
import { PACKET_PATH } from '../../../shared/probe/packet-path.ts';

const at = (name: string): number => {
  const found = PACKET_PATH.findIndex((step) => step.name === name);
  return found < 0 ? expect.fail(`${name} is not on the path`) : found;
};

test('each function stands there once, in words that say something', () => {
  const names = PACKET_PATH.map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
  for (const { note } of PACKET_PATH) expect(note.length).toBeGreaterThan(10);
});

test.each([
  [['napi_gro_receive', '__netif_receive_skb_core', 'ip_rcv', 'ip_rcv_core', 'ip_rcv_finish']],
  [['ip_rcv_finish', 'ip_local_deliver', 'ip_protocol_deliver_rcu', 'icmp_rcv']],
  [['ip_protocol_deliver_rcu', 'tcp_v4_rcv', 'udp_rcv']],
  [
    [
      '__netif_receive_skb_core',
      'ipv6_rcv',
      'ip6_rcv_core',
      'ip6_input',
      'ip6_protocol_deliver_rcu',
      'icmpv6_rcv',
    ],
  ],
  [['ip_rcv_finish', 'ip_forward', 'ip_forward_finish', 'ip_output']],
  [['ip_local_out', 'ip_output', 'ip_finish_output2', '__dev_queue_xmit', 'dev_hard_start_xmit']],
  [['ip6_local_out', 'ip6_output', 'ip6_finish_output2', 'neigh_resolve_output', '__dev_queue_xmit']],
])('%j is their order', (names) => {
  expect(names.map(at)).toEqual(names.map(at).toSorted((a, b) => a - b));
});

test('the family is that of the name', () => {
  for (const { name, family } of PACKET_PATH) {
    if (/^(?:ip6|ipv6|icmpv6|tcp_v6|udpv6)/.test(name)) expect([name, family]).toEqual([name, 'ipv6']);
    else if (/^(?:__)?(?:ip_|icmp_|tcp_v4|udp_)/.test(name)) expect([name, family]).toEqual([name, 'ipv4']);
    else expect([name, family]).toEqual([name, 'any']);
  }
});
