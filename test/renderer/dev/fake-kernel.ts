import { KernelStructs } from '../../../electron/backend/target/kernel-structs.ts';
import { parseBtf } from '../../../shared/btf/decoder.ts';
import type { Btf } from '../../../shared/btf/decoder.ts';
import type { ModuleBtf } from '../../../shared/btf/function-index.ts';
import { BtfWriter } from '../../shared/btf/writer.ts';

/**
 * A small kernel's BTF with what the struct view has to draw: unions, bit fields, holes, cachelines, pointers
 * to other structs and back, two structs of one name. `newer` moves some members, as a later kernel does.
 */
function kernelBtf(newer: boolean): Btf {
  const w = new BtfWriter();
  const int = w.int('unsigned int', 4);
  const u8 = w.typedef('__u8', w.int('unsigned char', 1));
  const u16 = w.typedef('__be16', w.int('unsigned short', 2));
  const long = w.int('long unsigned int', 8);
  const char = w.int('char', 1, 1);
  const name = w.array(char, 16, int);
  const operations = w.composite('struct', 'net_device_ops', 16, [
    { name: 'ndo_init', type: w.pointer(w.prototype(int, [])), bitOffset: 0 },
    { name: 'ndo_open', type: w.pointer(w.prototype(int, [])), bitOffset: 64 },
  ]);
  const stats = w.composite('struct', 'net_device_stats', 32, [
    { name: 'rx_packets', type: long, bitOffset: 0 },
    { name: 'tx_packets', type: long, bitOffset: 64 },
    { name: 'rx_errors', type: long, bitOffset: 128 },
    { name: 'tx_errors', type: long, bitOffset: 192 },
  ]);
  const shift = newer ? 64 : 0;
  const many = Array.from({ length: 400 }, (_, n) => ({
    name: `reserved_${n}`,
    type: int,
    bitOffset: 704 + shift + n * 32,
  }));
  const device = w.composite('struct', 'net_device', 88 + shift / 8 + 1600, [
    { name: 'name', type: name, bitOffset: 0 },
    ...(newer ? [{ name: 'lltx', type: long, bitOffset: 128 }] : []),
    { name: 'netdev_ops', type: w.pointer(w.const(operations)), bitOffset: 128 + shift },
    { name: 'mtu', type: int, bitOffset: 192 + shift },
    { name: 'type', type: u16, bitOffset: 224 + shift },
    { name: 'ifindex', type: int, bitOffset: 256 + shift },
    { name: 'stats', type: stats, bitOffset: 320 + shift },
    ...many,
  ]);
  const toDevice = w.pointer(device);
  const sock = w.pointer(w.forward('sock'));
  const toHead = w.pointer(w.nextId + 1);
  const list = w.composite('struct', 'list_head', 16, [
    { name: 'next', type: toHead, bitOffset: 0 },
    { name: 'prev', type: toHead, bitOffset: 64 },
  ]);
  const control = w.array(char, 48, int);
  const bytes = w.pointer(w.int('unsigned char', 1));
  /** sk_buff points to itself: it comes four types on. */
  const self = w.nextId + 4;
  const toSelf = w.pointer(self);
  const devUnion = w.composite('union', '', 8, [
    { name: 'dev', type: toDevice, bitOffset: 0 },
    { name: 'dev_scratch', type: long, bitOffset: 0 },
  ]);
  const links = w.composite('struct', '', 24, [
    { name: 'next', type: toSelf, bitOffset: 0 },
    { name: 'prev', type: toSelf, bitOffset: 64 },
    { name: '', type: devUnion, bitOffset: 128 },
  ]);
  const begin = w.composite('union', '', 24, [
    { name: '', type: links, bitOffset: 0 },
    { name: 'list', type: list, bitOffset: 0 },
  ]);
  const skb = w.composite(
    'struct',
    'sk_buff',
    136,
    [
      { name: '', type: begin, bitOffset: 0 },
      { name: 'sk', type: sock, bitOffset: 192 },
      { name: 'cb', type: control, bitOffset: 256 },
      { name: 'len', type: int, bitOffset: 640 },
      { name: 'data_len', type: int, bitOffset: 672 },
      { name: 'mac_len', type: u16, bitOffset: 704 },
      { name: 'pkt_type', type: u8, bitOffset: 720, bits: 3 },
      { name: 'ignore_df', type: u8, bitOffset: 723, bits: 1 },
      { name: 'protocol', type: u16, bitOffset: 736 + 32 },
      { name: 'mac_header', type: u16, bitOffset: 784 },
      { name: 'head', type: bytes, bitOffset: 832 },
      { name: 'data', type: bytes, bitOffset: 896 },
      { name: 'tail', type: int, bitOffset: 960 },
      { name: 'end', type: int, bitOffset: 992 },
      { name: 'truesize', type: int, bitOffset: 1024 },
    ],
    true,
  );
  if (skb !== self) throw new Error('the ids of the fake kernel are counted wrong');
  w.composite('struct', 'config', 8, [{ name: 'flags', type: long, bitOffset: 0 }]);
  w.composite('struct', 'config', 16, [
    { name: 'id', type: int, bitOffset: 0 },
    { name: 'flags', type: long, bitOffset: 64 },
  ]);
  const reason = w.enum('skb_drop_reason', [
    ['SKB_NOT_DROPPED_YET', 0],
    ['SKB_CONSUMED', 1],
    ['SKB_DROP_REASON_NO_SOCKET', 3],
  ]);
  const devices = w.array(toDevice, 4, int);
  w.composite('struct', 'dropped', 44, [
    { name: 'reason', type: reason, bitOffset: 0 },
    { name: 'flags', type: w.typedef('gfp_t', int), bitOffset: 32 },
    { name: 'devices', type: devices, bitOffset: 64 },
  ]);
  w.composite('struct', 'sk_buff_head', 24, [
    { name: 'next', type: toSelf, bitOffset: 0 },
    { name: 'prev', type: toSelf, bitOffset: 64 },
    { name: 'qlen', type: int, bitOffset: 128 },
  ]);
  w.composite('struct', 'holder', 136, [{ name: 'skb', type: skb, bitOffset: 0 }]);
  const takes = w.prototype(int, [
    ['skb', toSelf],
    ['dev', toDevice],
  ]);
  for (const one of ['ip_rcv', 'icmp_rcv', 'netif_rx']) w.function(one, takes);
  w.function('alloc_skb', w.prototype(toSelf, [['size', int]]));
  return parseBtf(w.bytes());
}

/** What the backend answers from: as much of KernelTypes as structs and differences take. */
export interface FakeKernel {
  readonly modules: readonly ModuleBtf[];
  readonly structs: KernelStructs;
}

export function fakeKernel(newer = false): FakeKernel {
  const modules = [{ module: 'vmlinux', btf: kernelBtf(newer) }];
  return { modules, structs: new KernelStructs(modules, 'edge-01') };
}
