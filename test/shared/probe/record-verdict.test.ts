import { expect, test } from 'vitest';
import { BpftraceStream } from '../../../shared/probe/bpftrace-stream.ts';
import { expectationOf } from '../../../shared/probe/expects.ts';
import { verdictInput } from '../../../shared/probe/record-verdict.ts';
import { verdict, verdictCode } from '../../../shared/packet/verdict.ts';
import type { Verdict } from '../../../shared/packet/verdict.ts';
import { bytesOf, packetLine } from './probe-lines.ts';
import { probeProgram } from './probe-program.ts';

/** A good echo request, 84 bytes: 20 of IPv4 header, 64 of ICMP. */
const GOOD =
  '45000054e223400040013fbf0a6201010a620302080054db01de00018f1a036b0000000044ed0b0000000000' +
  '101112131415161718191a1b1c1d1e1f202122232425262728292a2b2c2d2e2f3031323334353637';

function judge(
  functionName: string,
  headroom: number,
  offset: number,
  len: number,
  packet: string,
): Verdict | null {
  const pointer = expectationOf(functionName)?.pointer ?? 'data';
  let judged: Verdict | null = null;
  const stream = new BpftraceStream(probeProgram('k', { pointer }), {
    attached: () => undefined,
    totals: () => undefined,
    lost: () => undefined,
    labels: () => undefined,
    stray: (line) => expect.fail(line),
    event: (record) => {
      const input = verdictInput(record, { function: functionName, expect: 'default' });
      expect(record.len).toBe(len);
      if (input === null) return;
      judged = verdict(input);
      expect(verdictCode(input).kind).toBe(judged.kind);
    },
  });
  const network = headroom + (pointer === 'network' ? offset : 0);
  const state = {
    headroom,
    offset,
    len,
    network,
    mac: 0xffff,
    macLen: 14,
    ifindex: 2,
    deviceType: 1,
    hard: 14,
  };
  stream.push(bytesOf(`${packetLine('k', { ...state, packet: ''.padEnd(36, '0') + packet })}\n`));
  return judged;
}

test('a function that looks at the network header is judged over the whole packet, not from skb->data', () => {
  expect(judge('icmp_rcv', 100, -20, 64, GOOD)).toMatchObject({ kind: 'as-expected', headerAt: 0 });
  expect(judge('ip_rcv_core', 100, 0, 84, GOOD)).toMatchObject({ kind: 'as-expected', headerAt: 0 });
});

test('a packet that really is cut short is not as expected', () => {
  expect(judge('ip_rcv_core', 100, 0, 60, GOOD)?.kind).not.toBe('as-expected');
});

test('before ip_send_check the checksum may be missing; on receive it may not', () => {
  const unsent = GOOD.slice(0, 20) + '0000' + GOOD.slice(24);
  expect(judge('ip_local_out', 100, 0, 84, unsent)).toMatchObject({ kind: 'as-expected' });
  expect(judge('ip_rcv_core', 100, 0, 84, unsent)).toMatchObject({ kind: 'corrupt-ip-header' });
});
