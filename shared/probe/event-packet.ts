import { LINKTYPE_ETHERNET, linktypeOfExpectation } from '../capture/pcap-linktypes.ts';
import type { PacketToWrite } from '../capture/pcapng-writer.ts';
import type { EventRecord } from '../capture/record.ts';
import { writeSeen } from '../capture/seen-comment.ts';
import type { Verdict } from '../packet/verdict.ts';
import type { VerdictInput } from '../packet/verdict-kinds.ts';

/**
 * An event as a packet of a pcapng file: from the position at which its header was expected, under the link type it
 * really has, with the verdict, its evidence and what else was known of it as comments.
 *
 * @param clockOffset the target's realtime clock minus the clock of its probes, in nanoseconds
 * @param drop why the kernel dropped it, where that was captured
 */
export function eventPacket(
  record: EventRecord,
  input: VerdictInput,
  judged: Verdict,
  functionName: string,
  clockOffset: bigint,
  drop: string | null = null,
): PacketToWrite {
  const from = Math.min(record.bytes.length, Math.max(0, 0 - record.window));
  const isFrame = judged.kind === 'ethernet-where-ip-expected';
  return {
    function: functionName,
    device: record.device || null,
    linktype: isFrame ? LINKTYPE_ETHERNET : linktypeOfExpectation(input.expect),
    ns: record.ns + clockOffset,
    bytes: record.bytes.slice(from),
    originalLength: record.len,
    comments: [
      ...(drop === null ? [] : [`dropped: ${drop}`]),
      judged.title,
      ...judged.evidence.map((item) => `${item.basis}: ${item.text}`),
      writeSeen({
        function: functionName,
        expect: input.expect,
        output: input.output ?? false,
        skb: input.skb,
      }),
    ],
  };
}
