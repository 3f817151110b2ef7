import { createReadStream } from 'node:fs';
import { Fail } from '../../../shared/contract/failure.ts';
import { claimOfLinktype, linktypeName } from '../../../shared/capture/pcap-linktypes.ts';
import { readSeen } from '../../../shared/capture/seen-comment.ts';
import { PcapReader } from '../../../shared/capture/pcap-reader.ts';
import type { CapturedPacket } from '../../../shared/capture/pcap-reader.ts';
import { packetLine } from '../../../shared/packet/reading.ts';
import { verdict } from '../../../shared/packet/verdict.ts';
import type { VerdictInput, VerdictKind } from '../../../shared/packet/verdict.ts';
import type { CommandLine } from './arguments.ts';
import { usage } from './arguments.ts';
import { hexLines, verdictJson, verdictLines } from './event-text.ts';
import type { Output } from './output.ts';
import { printable } from './output.ts';

/**
 * `skblens inspect FILE` (`-` is standard input): judges each packet of a capture, in order, as it is read; a file of any
 * size passes through in chunks. `--expect auto` holds each packet against its own link type, or against what
 * skblens wrote down when it saw it. A file
 * that breaks off is reported after the packets before the break; then the exit status is 1.
 */
export async function inspectCommand(
  line: CommandLine,
  output: Output,
  signal: AbortSignal,
): Promise<number> {
  const [file, ...more] = line.positionals;
  if (file === undefined || more.length > 0) throw usage('inspect takes one FILE');
  const seen = new Map<VerdictKind, number>();
  const reader = new PcapReader();
  const wanted = line.spec.expect === 'default' ? 'auto' : line.spec.expect;

  const judge = (packet: CapturedPacket): void => {
    const { index, linktype, ns, bytes, originalLength } = packet;
    const seenThere = readSeen(packet.comments);
    const claim = seenThere === null ? claimOfLinktype(linktype, bytes) : { expect: seenThere.expect, at: 0 };
    const { expect, at } = wanted === 'auto' ? claim : { expect: wanted, at: 0 };
    // 0 - at: a minus zero would make every index a floating-point number.
    const window = 0 - Math.min(at, bytes.length);
    const packetLength = Math.max(0, originalLength - at);
    const input: VerdictInput = {
      bytes,
      window,
      expect,
      packetLength,
      skb: seenThere?.skb ?? null,
      output: seenThere?.output ?? false,
      pseudoHeader: at > 0,
    };
    const judged = verdict(input, !output.json);
    seen.set(judged.kind, (seen.get(judged.kind) ?? 0) + 1);
    if (output.json) {
      // By hand: a third of the time of JSON.stringify with its care for `ns`, which may be beyond 2^53.
      const hex = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('hex');
      const head = `{"type":"packet","index":${index},"linktype":${linktype},"ns":${ns},"length":${originalLength}`;
      made.push(`${head},"bytes":"${hex}","verdict":${JSON.stringify(verdictJson(judged))}}`);
    } else {
      const what = packetLine(input, judged);
      made.push(
        `#${index} ${linktypeName(linktype)} len ${originalLength}  ${what}`,
        ...verdictLines(judged),
      );
      if (judged.kind !== 'as-expected') made.push(...hexLines(bytes.subarray(0, 128), window));
    }
    if (made.length >= LINES_A_WRITE) flush();
  };

  /** Lines go out together: a write for each costs more than to judge the packet. */
  const made: string[] = [];
  const flush = (): void => {
    if (made.length === 0) return;
    const text = made.join('\n');
    made.length = 0;
    if (output.json) output.lines(`${text}\n`);
    else output.text(printable(text));
  };

  for await (const chunk of readChunks(file)) {
    for (const packet of reader.push(chunk)) judge(packet);
    flush();
    if (signal.aborted || reader.problem !== null) break;
    await output.drained();
  }
  if (signal.aborted) throw new Fail('cancelled');
  const problem = reader.end();
  if (!output.json) output.note(summaryOf(seen));
  if (problem !== null)
    throw new Fail(
      'capture-unreadable',
      { file, message: problem.message.replace(/\.$/, '') },
      problem.remedy,
    );
  return line.expectVerdict !== null && !seen.has(line.expectVerdict) ? 3 : 0;
}

const LINES_A_WRITE = 256;

/** `12 packets: 9 as-expected, 3 ethernet-where-ip-expected`. */
function summaryOf(seen: ReadonlyMap<VerdictKind, number>): string {
  const total = [...seen.values()].reduce((sum, count) => sum + count, 0);
  const kinds = [...seen].map(([kind, count]) => `${count} ${kind}`).join(', ');
  return `skblens: ${total} ${total === 1 ? 'packet' : 'packets'}${kinds === '' ? '' : `: ${kinds}`}`;
}

async function* readChunks(file: string): AsyncGenerator<Uint8Array> {
  try {
    const stream = file === '-' ? process.stdin : createReadStream(file, { highWaterMark: 1 << 20 });
    for await (const chunk of stream) yield chunk as Uint8Array;
  } catch (error) {
    throw new Fail('file-unreadable', { file, message: (error as Error).message });
  }
}
