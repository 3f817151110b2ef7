import { createReadStream } from 'node:fs';
import { Fail } from '../../../shared/contract/failure.ts';
import { expectationOfLinktype, linktypeName } from '../../../shared/capture/pcap-linktypes.ts';
import { PcapReader } from '../../../shared/capture/pcap-reader.ts';
import type { CapturedPacket } from '../../../shared/capture/pcap-reader.ts';
import { verdict } from '../../../shared/packet/verdict.ts';
import type { VerdictKind } from '../../../shared/packet/verdict.ts';
import type { CommandLine } from './arguments.ts';
import { usage } from './arguments.ts';
import { hexLines, packetSummary, verdictJson, verdictLines } from './event-text.ts';
import type { Output } from './output.ts';
import { printable } from './output.ts';

/**
 * `skblens inspect FILE`: judges each packet of a capture, in order, as it is read; a file of any
 * size passes through in chunks. `--expect auto` holds each packet against its own link type. A file
 * that breaks off is reported after the packets before the break; then the exit status is 1.
 */
export async function inspectCommand(
  line: CommandLine,
  output: Output,
  signal: AbortSignal,
): Promise<number> {
  const [file, ...more] = line.positionals;
  if (file === undefined || more.length > 0) throw usage('inspect takes one FILE');
  const seen = new Set<VerdictKind>();
  const reader = new PcapReader();
  const wanted = line.spec.expect === 'default' ? 'auto' : line.spec.expect;

  const judge = (packet: CapturedPacket): void => {
    const { index, linktype, ns, bytes, originalLength } = packet;
    const expect = wanted === 'auto' ? expectationOfLinktype(linktype) : wanted;
    const judged = verdict({ bytes, window: 0, expect, packetLength: originalLength, skb: null });
    seen.add(judged.kind);
    const hex = (): string => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('hex');
    if (output.json)
      output.line({
        type: 'packet',
        index,
        linktype,
        ns,
        length: originalLength,
        bytes: hex(),
        verdict: verdictJson(judged),
      });
    else {
      const what = packetSummary(bytes, 0, originalLength, judged, expect);
      output.text(printable(`#${index} ${linktypeName(linktype)} len ${originalLength}  ${what}`));
      for (const text of verdictLines(judged)) output.text(printable(text));
      if (judged.kind !== 'as-expected')
        for (const text of hexLines(bytes.subarray(0, 128), 0)) output.text(text);
    }
  };

  for await (const chunk of readChunks(file)) {
    for (const packet of reader.push(chunk)) judge(packet);
    if (signal.aborted || reader.problem !== null) break;
    await output.drained();
  }
  if (signal.aborted) throw new Fail('cancelled');
  const problem = reader.end();
  if (problem !== null)
    throw new Fail(
      'capture-unreadable',
      { file, message: problem.message.replace(/\.$/, '') },
      problem.remedy,
    );
  return line.expectVerdict !== null && !seen.has(line.expectVerdict) ? 3 : 0;
}

async function* readChunks(file: string): AsyncGenerator<Uint8Array> {
  try {
    for await (const chunk of createReadStream(file, { highWaterMark: 1 << 20 })) yield chunk as Uint8Array;
  } catch (error) {
    throw new Fail('file-unreadable', { file, message: (error as Error).message });
  }
}
