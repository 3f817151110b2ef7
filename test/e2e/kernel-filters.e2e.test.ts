import { afterAll, expect, test } from 'vitest';
import { KernelTypes } from '../../electron/backend/target/kernel-types.ts';
import { downloadKernel, identifyKernel } from '../../electron/backend/target/btf-download.ts';
import { prepareRun } from '../../electron/backend/trace/prepare.ts';
import type { PreparedRun } from '../../electron/backend/trace/prepare.ts';
import { startRun } from '../../electron/backend/trace/run.ts';
import { Tracepoints } from '../../electron/backend/trace/tracepoints.ts';
import type { Connection } from '../../electron/backend/ssh/connection.ts';
import { readRecord, RECORD_BYTES } from '../../shared/capture/record.ts';
import type { EventRecord } from '../../shared/capture/record.ts';
import type { RunState } from '../../shared/contract/api.ts';
import { compileDisplay } from '../../shared/filter/compile.ts';
import type { FilterPoint } from '../../shared/filter/context.ts';
import { probeSpec } from '../../shared/probe/spec.ts';
import { breakGuestByTun, fixGuest } from '../lab/break.ts';
import { guestAlone } from '../lab/guest-alone.ts';
import { guestsFrom } from '../lab/guest-names.ts';
import { needs } from '../support/needs.ts';
import { arriveAt } from './arrival.ts';

/** Up to 64, one bit each; what the two words of the record that carry the bits hold cannot be looked at. */
const FILTERS: readonly string[] = [
  ...['icmp', 'udp', 'tcp', 'ip', 'ip6', 'arp', 'not icmp', 'icmp or udp', 'ip proto 1', 'ip multicast'],
  ...['host 10.99.0.2', 'src host 10.99.0.1', 'net 127.0.0.0/8', 'dst net 10.99.0.0 mask 255.255.255.0'],
  ...['port 9998', 'udp port 9998', 'tcp dst port 9998', 'portrange 9990-9997', 'host fd99::2'],
  ...['greater 100', 'less 60', 'ip[8] < 5', 'ip[6:2] & 0x4000 != 0', 'icmp[0] == 8', 'udp[2:2] == 9998'],
  ...[
    'ip.ttl < 5',
    'ip.ttl == 64 or ip.ttl == 3',
    'ip.src == 10.99.0.2',
    'ip.addr == 127.0.0.0/8',
    'ip.proto != 1',
  ],
  ...[
    'tcp.flags.syn == 1 && tcp.flags.ack == 0',
    'tcp.flags.reset == 1',
    'udp.length > 20',
    'icmp.type == 8',
  ],
  ...[
    'ip.flags.df == 1',
    'ip.len >= 84',
    'udp',
    'ip.id == 0',
    'tcp.window_size_value == 0',
    'ip.dsfield.dscp > 0',
  ],
  ...[
    'skb.dev.name == "lab-tun"',
    'skb.dev.name != "lo"',
    'skb.dev.name like "lab*"',
    'skb.dev.name contains "tun"',
  ],
  ...[
    'skb.len > 84',
    'skb.protocol == 0x0800',
    'skb.dev.ifindex == 1',
    'skb.data_len == 0',
    'skb.mac_len == 14',
  ],
  ...[
    'comm == "ping"',
    'comm like "python*"',
    'pid > 1',
    'cpu == 0',
    'skb->dev->mtu > 2000',
    'skb->dev->name == "lo"',
  ],
  ...['skb.dev.name == "lo" && ip.ttl < 5', 'icmp and not host 10.99.0.2 and skb.len > 80'],
  ...[
    '(tcp or udp) and port 9998 and not skb.dev.name == "lab-tun"',
    'verdict != "as-expected" || ip.ttl == 3',
  ],
];

/** Beside the TUN cases: echo, UDP and TCP to a port where nobody is, a low TTL, another DSCP. */
const TRAFFIC = `ping -c 1 -t 3 127.0.0.1 >/dev/null; ping -c 1 -Q 0x28 -s 9 127.0.0.1 >/dev/null
python3 - <<'EOF'
import socket
for size in (3, 30):
    udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    udp.bind(('127.0.0.1', 9990 + size % 7))
    udp.sendto(b'x' * size, ('127.0.0.1', 9998))
tcp = socket.socket()
try:
    tcp.connect(('127.0.0.1', 9998))
except OSError:
    pass
EOF`;

const POINT: FilterPoint = {
  ...{
    name: 'ip_rcv_core',
    edge: 'entry',
    captures: 'packet',
    expect: 'ipv4',
    pointer: 'data',
    output: false,
  },
  parameters: [
    { name: 'skb', type: 'struct sk_buff *' },
    { name: 'net', type: 'struct net *' },
  ],
};
const FIELDS = ['skb->dev->mtu'];

/** The kernel's part of a filter, as the program that would run has it; null where all goes through. */
function conditionOf({ program }: PreparedRun): string | null {
  return /^ *if \((.*)\) \{\n *@matched = count\(\);$/m.exec(program.script)?.[1] ?? null;
}

needs(
  'qemu-system-x86_64',
  'mmdebstrap',
  'mkfs.ext4',
  'ssh',
)('filters in the kernel of', () => {
  const open: Connection[] = [];
  afterAll(() => open.forEach((connection) => connection.close()));

  for (const name of guestsFrom('trixie'))
    test(`${name}: bpftrace takes each, and with what is decided on arrival it lets through what the filter says`, async () => {
      const guest = await guestAlone(name);
      const { target, survey } = await arriveAt(guest, name, open);
      const types = new KernelTypes(
        await downloadKernel(target, await identifyKernel(target), () => undefined),
        survey.facts,
        name,
      );
      const tracepoints = new Tracepoints(target, survey.facts.tracefs);
      const prepare = (where: string) =>
        prepareRun(
          probeSpec.parse({ function: 'ip_rcv_core', where, fields: FIELDS, engine: 'bpftrace' }),
          ...([survey.facts, types, tracepoints, name] as const),
        );
      const prepared = await Promise.all(FILTERS.map(prepare));
      const conditions = prepared.map(conditionOf);
      // All at once: each sets its bit in a word of the record that is the mark or the hash else.
      const bits = conditions.map((condition, i) => {
        const [word, bit] = [i < 32 ? '$m' : '$h', `(uint64)${2 ** (i % 32)}`];
        return condition === null ? '' : `  if (${condition}) { ${word} = ${word} | ${bit}; }\n`;
      });
      const plain = await prepare('');
      const script = plain.program.script
        .replace(
          /^ *@seen = count\(\);$/m,
          (seen) => `  $m = (uint64)0; $h = (uint64)0;\n${bits.join('')}${seen}`,
        )
        .replace('(uint64)$s->mark', '$m')
        .replace('(uint64)$s->hash << 32', '$h << 32');
      const spec = probeSpec.parse({ function: 'ip_rcv_core', fields: FIELDS, engine: 'bpftrace', script });
      const records: EventRecord[] = [];
      const states: RunState[] = [];
      let attached: (state: RunState) => void = () => undefined;
      const first = new Promise<RunState>((resolve) => {
        attached = resolve;
      });
      const run = await startRun(
        target,
        spec,
        { ...plain, program: { ...plain.program, script } },
        {
          state: (state) => {
            states.push(state);
            if (state.kind !== 'starting') attached(state);
          },
          records: (batch) => {
            const view = new DataView(batch.buffer, batch.byteOffset, batch.byteLength);
            for (let at = 0; at < batch.length; at += RECORD_BYTES) records.push(readRecord(view, at));
            run.credit(batch.length);
          },
          labels: () => undefined,
          output: () => undefined,
        },
      );
      expect(await first).toMatchObject({ kind: 'attached' });
      await breakGuestByTun(guest, { count: 1, intervalMilliseconds: 10 });
      await guest.run(TRAFFIC);
      run.stop('user');
      await run.ended;
      await fixGuest(guest);
      expect(states.at(-1)).toMatchObject({ kind: 'stopped', totals: { lost: 0 } });
      expect(records.length).toBeGreaterThan(30);

      const wrong: string[] = [];
      const passed = FILTERS.map((filter, i) => {
        const display = compileDisplay(filter, { points: [POINT], fields: FIELDS });
        const { arrival } = prepared[i] as PreparedRun;
        let count = 0;
        for (const record of records) {
          const word = i < 32 ? record.mark : record.hash;
          const kernel = conditions[i] === null || ((word >>> (i % 32)) & 1) === 1;
          const through = kernel && (arrival === null || arrival(record));
          if (through) count++;
          if (through !== display?.(record))
            wrong.push(`${filter}: ${through} for ${Buffer.from(record.bytes).toString('hex')}`);
        }
        return count;
      });
      expect(wrong).toEqual([]);
      // Each filter decides something: nearly none of them lets all or nothing through.
      const deciding = passed.filter((count) => count > 0 && count < records.length);
      expect(deciding.length).toBeGreaterThan(40);
    });
});
