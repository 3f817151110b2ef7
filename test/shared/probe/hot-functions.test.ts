import { expect, test } from 'vitest';
import { costWarnings, estimateRate } from '../../../shared/probe/hot-functions.ts';

test.each([
  ['schedule', 'scheduler'],
  ['__schedule', 'scheduler'],
  ['kprobe:try_to_wake_up', 'scheduler'],
  ['__alloc_skb', 'allocator'],
  ['__kmalloc_noprof', 'allocator'],
  ['kfree_skb_reason', 'allocator'],
  ['_raw_spin_lock_irqsave', 'locks'],
  ['ktime_get_real_ts64', 'time'],
  ['net_rx_action', 'interrupts'],
  ['tracepoint:sched:sched_switch', 'scheduler'],
  ['tracepoint:kmem:kmalloc', 'allocator'],
  ['netif_receive_skb', 'every-packet'],
  ['tcp_*', 'many-points'],
])('%s is hot: %s', (name, code) => {
  expect(costWarnings({ function: name, also: [] })).toEqual([{ code, function: name }]);
});

test.each([
  'ip_rcv_core',
  'icmp_rcv',
  'tracepoint:skb:kfree_skb',
  'sched_show_task',
  'nf_tables:nft_do_chain',
])('%s is not', (name) => {
  expect(costWarnings({ function: name, also: [] })).toEqual([]);
});

test('many points are warned of, each hot one by its name', () => {
  const also = ['schedule', ...Array.from({ length: 20 }, (_, i) => `f${i}`)];
  expect(costWarnings({ function: 'ip_rcv', also })).toEqual([
    { code: 'many-points', function: 'ip_rcv' },
    { code: 'scheduler', function: 'schedule' },
  ]);
});

const BEFORE = {
  'Ip.InReceives': 100,
  'Udp.InDatagrams': 5,
  'Udp.NoPorts': 1,
  'Udp.InErrors': 0,
  'Device.lo.rx_packets': 4,
  'Device.eth0.rx_packets': 10,
};
const NOW = {
  ...BEFORE,
  'Ip.InReceives': 350,
  'Udp.NoPorts': 11,
  'Device.lo.rx_packets': 8,
  'Device.eth0.rx_packets': 30,
};

test.each([
  ['ip_rcv_core', [], 125],
  ['udp_rcv', [], 5],
  ['netif_receive_skb', [], 12],
  ['ip_rcv', ['udp_rcv'], 130],
  ['schedule', [], null],
  ['ip_rcv', ['schedule'], null],
  ['tcp_v4_rcv', [], null],
] as const)('%s and %j: %s a second', (name, also, rate) => {
  const found = estimateRate({ function: name, also: [...also] }, BEFORE, NOW, 2);
  expect(found?.perSecond ?? null).toBe(rate);
});

test('no time between two readings, no rate', () => {
  expect(estimateRate({ function: 'ip_rcv', also: [] }, BEFORE, NOW, 0)).toBeNull();
});
