import { expect, test } from 'vitest';
import { exportPackets } from '../../renderer/state/packet-export.ts';
import { Run } from '../../renderer/state/run.svelte.ts';
import { PcapReader } from '../../shared/capture/pcap-reader.ts';
import { FLAG_DEVICE, FLAG_REASON, FLAG_SKB } from '../../shared/capture/record.ts';
import { readSeen } from '../../shared/capture/seen-comment.ts';
import { VERDICT_KINDS } from '../../shared/packet/verdict-kinds.ts';
import { probeSpec } from '../../shared/probe/spec.ts';
import { recordBytes } from './state/record-bytes.ts';

const FRAME = Uint8Array.from(
  '02005e20000202005e2000010800450000540000400040012656c0000209c00002010800'.match(/../g) ?? [],
  (byte) => parseInt(byte, 16),
);
const ETHERNET = VERDICT_KINDS.indexOf('ethernet-where-ip-expected');

test('the rows that are shown, and no others, become a pcapng with what was known of each', async () => {
  const run = new Run(1);
  run.spec = probeSpec.parse({ function: 'ip_rcv_core' });
  run.clockOffset = 1_700_000_000_000_000_000n;
  run.reasons = { 10: 'IP_INHDR' };
  const flags = FLAG_SKB | FLAG_DEVICE | FLAG_REASON;
  run.take(recordBytes(1, 5, (seq) => (seq % 2 === 1 ? ETHERNET : 0), { flags, bytes: FRAME, reason: 10 }));
  run.show();
  run.onlyVerdict(ETHERNET);
  const origin = { application: 'skblens 1', host: 'edge', release: '6.1.0', machine: 'x86_64' };
  const reader = new PcapReader();
  const packets = reader.push(new Uint8Array(await exportPackets(run, origin).arrayBuffer()));
  expect(reader.end()).toBeNull();
  expect(packets.map(({ ns }) => ns)).toEqual(
    [1n, 3n, 5n].map((seq) => 1_700_000_000_000_000_000n + seq * 1000n),
  );
  for (const { bytes, linktype, comments } of packets) {
    expect([...bytes]).toEqual([...FRAME]);
    expect(linktype).toBe(1);
    expect(comments[0]).toBe('dropped: IP_INHDR');
    expect(comments[1]).toBe('Ethernet header where an IP header was expected');
    expect(readSeen(comments)).toMatchObject({
      function: 'ip_rcv_core',
      expect: 'ipv4',
      skb: { deviceName: 'eth0' },
    });
  }
  expect(reader.interfaces[0]?.name).toBe('ip_rcv_core@eth0');
});
