import { KernelFunctions } from '../../../electron/backend/target/kernel-functions.ts';
import { parseSymbols } from '../../../shared/btf/attach/symbols.ts';
import { parseTraceable } from '../../../shared/btf/attach/traceable.ts';
import { parseBtf } from '../../../shared/btf/decoder.ts';
import type { ModuleBtf } from '../../../shared/btf/function-index.ts';
import { BtfWriter } from '../../shared/btf/writer.ts';

const WORDS = 'net tcp ip rcv skb dev queue xmit route icmp ext4 mm page sched bpf'.split(' ');

/** What ftrace lists and BTF does not know. */
const WITHOUT_BTF = ['ip_rcv_finish_core.isra.0', 'tcp_ack.part.0'];
/** Symbols without a place to patch. */
const NOT_TRACEABLE = ['__traceiter_netif_rx', 'schedule_tail_noinstr'];
/** BTF knows it, and the compiler inlined it. */
const INLINED = '__netif_receive_skb_core';

/**
 * The BTF of a kernel of `count` functions and of its module ipip: some by the names and types that Linux 6.1 gives
 * them, glue and BPF-callable ones among them, the rest made up.
 */
function writeKernel(count: number): readonly ModuleBtf[] {
  const w = new BtfWriter();
  const int = w.int('int', 4, 1);
  const long = w.int('long unsigned int', 8);
  const char = w.pointer(w.int('char', 1, 1));
  const bool = w.typedef('bool', w.int('_Bool', 1, 4));
  const be16 = w.typedef('__be16', w.int('unsigned short', 2));
  const size = w.typedef('size_t', long);
  const pointerTo = (name: string): number => w.pointer(w.composite('struct', name, 8, []));
  const skb = pointerTo('sk_buff');
  const net = pointerTo('net');
  const device = pointerTo('net_device');
  const packetType = pointerTo('packet_type');
  const sock = pointerTo('sock');
  const file = pointerTo('file');
  const attribute = pointerTo('device_attribute');
  const reason = w.enum('skb_drop_reason', [['SKB_NOT_DROPPED_YET', 0]]);
  const names: string[] = [];
  const add = (name: string, returns: number, parameters: readonly (readonly [string, number])[]): number => {
    names.push(name);
    return w.function(name, w.prototype(returns, parameters));
  };
  add('ip_rcv_core', skb, [
    ['skb', skb],
    ['net', net],
  ]);
  add('ip_rcv', int, [
    ['skb', skb],
    ['dev', device],
    ['pt', packetType],
    ['orig_dev', device],
  ]);
  for (const name of ['ip_local_deliver', 'icmp_rcv', 'ip_rcv_finish', 'tcp_v4_rcv', INLINED])
    add(name, int, [['skb', skb]]);
  add('ip6_rcv_core', skb, [
    ['skb', skb],
    ['dev', device],
    ['net', net],
  ]);
  add('eth_type_trans', be16, [
    ['skb', skb],
    ['dev', device],
  ]);
  add('skb_can_shift', bool, [['skb', skb]]);
  add('tcp_add_backlog', bool, [
    ['sk', sock],
    ['skb', skb],
    ['reason', w.pointer(reason)],
  ]);
  add('icmp_echo', reason, [['skb', skb]]);
  add('alloc_skb', skb, [['size', int]]);
  add('vfs_read', long, [
    ['file', file],
    ['buf', char],
    ['count', size],
  ]);
  add('do_exit', 0, [['code', long]]);
  add('speed_show', long, [
    ['dev', device],
    ['attr', attribute],
    ['buf', char],
  ]);
  for (const name of ['__x64_sys_read', '__x64_sys_write', ...NOT_TRACEABLE]) add(name, long, [['n', long]]);
  w.declTag('bpf_kfunc', add('bpf_skb_ct_lookup', int, [['skb', skb]]));
  const prototype = w.prototype(int, [
    ['sk', sock],
    ['flags', int],
  ]);
  for (let index = 0; names.length < count; index++) {
    const name = [
      WORDS[index % 15],
      WORDS[(index * 7 + 3) % 15],
      WORDS[Math.floor(index / 15) % 15],
      index.toString(36),
    ].join('_');
    names.push(name);
    w.function(name, prototype);
  }
  const btf = parseBtf(w.bytes());
  const m = new BtfWriter({ base: btf });
  m.function('ipip_rcv', m.prototype(int, [['skb', skb]]));
  return [
    { module: 'vmlinux', btf },
    { module: 'ipip', btf: parseBtf(m.bytes(), { base: btf }) },
  ];
}

const made = new Map<number, KernelFunctions>();

/** The product's own answers, from such a kernel on a target with bpftrace 0.17. Made once for each size. */
export function fakeFunctions(count: number): KernelFunctions {
  const known = made.get(count);
  if (known !== undefined) return known;
  const modules = writeKernel(Math.max(count, 40));
  const listed = modules.flatMap(({ module, btf }) =>
    btf
      .functionNames()
      .filter((name) => name !== INLINED)
      .map((name) => ({ name, suffix: module === 'vmlinux' ? '' : ` [${module}]` })),
  );
  const traceable = listed.filter(({ name }) => !NOT_TRACEABLE.includes(name));
  const functions = new KernelFunctions(modules, {
    arch: 'x86_64',
    kernel: { major: 6, minor: 1 },
    bpftrace: { major: 0, minor: 17 },
    traceable: parseTraceable(
      [...traceable.map(({ name, suffix }) => name + suffix), ...WITHOUT_BTF].join('\n'),
    ),
    symbols: parseSymbols(
      [...listed.map(({ name, suffix }) => name + suffix.replace(' ', '\t')), ...WITHOUT_BTF]
        .map((name) => `0000000000000000 T ${name}`)
        .join('\n'),
    ),
    blacklist: new Set(),
  });
  made.set(count, functions);
  return functions;
}
