import { claimOfLinktype, linktypeName } from '../../shared/capture/pcap-linktypes.ts';
import type { Claim } from '../../shared/capture/pcap-linktypes.ts';
import { readSeen } from '../../shared/capture/seen-comment.ts';
import { PcapReader } from '../../shared/capture/pcap-reader.ts';
import type { CapturedPacket, CaptureProblem } from '../../shared/capture/pcap-reader.ts';
import {
  emptyRecord,
  FLAG_CAPTURE,
  PACKET_BYTES,
  RECORD_BYTES,
  writeRecord,
} from '../../shared/capture/record.ts';
import type { EventRecord } from '../../shared/capture/record.ts';
import { VERDICT_KINDS } from '../../shared/packet/verdict-kinds.ts';
import type { Expectation } from '../../shared/packet/verdict-kinds.ts';
import { verdictCode } from '../../shared/packet/verdict.ts';
import { recordOfSkb, verdictInput } from '../../shared/probe/record-verdict.ts';
import { probeSpec } from '../../shared/probe/spec.ts';
import type { ProbeSpec } from '../../shared/probe/spec.ts';
import { Run } from './run.svelte.ts';

/** Bytes read at a time: a file of any size passes through; between the steps, tens of milliseconds, the page is awake. */
const STEP = 1 << 18;
/** Packets that are shown: 48 MiB of ring. What comes after them in the file is counted, and said. */
export const MOST_PACKETS = 131_072;

/** Where a packet lies in the file, to be read whole when it is looked at. */
interface Place {
  readonly at: number;
  readonly length: number;
}

const PLAIN = probeSpec.parse({ function: 'capture' });

/**
 * The packets of a capture file, looked at as those of a run are: judged against what their link type claims, or
 * against what the user says. Only the first bytes of each are held; the one that is selected is read whole.
 */
export class CaptureRun extends Run {
  readonly file: File;
  expect = $state.raw<Expectation>('auto');
  /** Bytes of the file that have been read. */
  done = $state.raw(0);
  problem = $state.raw<CaptureProblem | null>(null);
  /** Packets in the file so far, shown or not. */
  packets = $state.raw(0);
  linktypes = $state.raw<readonly string[]>([]);
  /** Whether the file says of some packets which device they came from. */
  named = $state.raw(false);
  readonly #places: Place[] = [];
  readonly #specs = new Map<Expectation, ProbeSpec>();
  #claims: Expectation[] = [];
  #turn = 0;
  /** The ring's number of the first packet: numbers go on when the file is read again. */
  #base = 0;

  constructor(file: File) {
    super(0, MOST_PACKETS);
    this.file = file;
    this.clockOffset = 0n;
  }

  override specOf(record: EventRecord): ProbeSpec {
    return this.#spec(this.#claims[record.point] ?? 'auto');
  }

  /** Reads the file from its beginning; a newer call makes an older one void. Throws what the file system says. */
  async read(expect: Expectation = this.expect): Promise<void> {
    const turn = ++this.#turn;
    this.clear();
    this.expect = expect;
    this.done = this.packets = 0;
    this.problem = null;
    this.linktypes = [];
    this.named = false;
    this.#claims = [];
    this.#places.length = 0;
    this.#base = this.ring.next;
    this.state = { kind: 'starting' };
    const reader = new PcapReader();
    while (this.done < this.file.size && reader.problem === null) {
      const chunk = new Uint8Array(await this.file.slice(this.done, this.done + STEP).arrayBuffer());
      if (turn !== this.#turn) return;
      this.#takePackets(reader.push(chunk), reader);
      this.done += chunk.length;
    }
    this.problem = reader.end();
    this.state = { kind: 'stopped', reason: 'target', totals: this.totals };
  }

  /** Gives the selected packet all of its bytes, where the file holds more than was shown so far. */
  async complete(): Promise<void> {
    const { selected, record } = this;
    const place = selected === null ? undefined : this.#places[selected - this.#base];
    if (record === null || place === undefined || place.length <= record.bytes.length) return;
    const bytes = new Uint8Array(await this.file.slice(place.at, place.at + place.length).arrayBuffer());
    if (this.selected === selected) this.record = { ...record, bytes };
  }

  /** Ends reading: the run is not looked at any more. */
  close(): void {
    this.#turn++;
  }

  #spec(expect: Expectation): ProbeSpec {
    const spec = this.#specs.get(expect) ?? { ...PLAIN, expect };
    this.#specs.set(expect, spec);
    return spec;
  }

  #takePackets(packets: readonly CapturedPacket[], reader: PcapReader): void {
    const shown = packets.slice(0, Math.max(0, MOST_PACKETS - this.#places.length));
    const records = new Uint8Array(shown.length * RECORD_BYTES);
    const view = new DataView(records.buffer);
    shown.forEach((packet, at) => writeRecord(view, at * RECORD_BYTES, this.#record(packet, reader)));
    this.packets += packets.length;
    this.totals = {
      ...this.totals,
      seen: this.packets,
      matched: this.packets,
      received: this.#places.length,
    };
    if (shown.length === 0) return;
    this.take(records);
    // A file is read from its top, as in every other viewer; nothing scrolls away.
    this.freeze();
    this.refresh();
    this.show();
  }

  #record(packet: CapturedPacket, reader: PcapReader): EventRecord {
    const { index, linktype, bytes, originalLength, ns } = packet;
    const seen = readSeen(packet.comments);
    const claim: Claim =
      this.expect !== 'auto'
        ? { expect: this.expect, at: 0 }
        : seen !== null
          ? { expect: seen.expect, at: 0 }
          : claimOfLinktype(linktype, bytes);
    const before = Math.min(claim.at, bytes.length);
    const name = linktypeName(linktype);
    if (!this.linktypes.includes(name)) this.linktypes = [...this.linktypes, name];
    if (!this.#claims.includes(claim.expect)) this.#claims.push(claim.expect);
    const device = reader.interfaces[packet.interfaceIndex]?.name ?? '';
    if (device !== '') this.named = true;
    this.#places.push({ at: packet.fileOffset, length: bytes.length });
    const record = {
      ...emptyRecord(bytes.slice(0, PACKET_BYTES)),
      seq: index + 1,
      flags: FLAG_CAPTURE,
      ns: ns ?? 0n,
      window: 0 - before,
      len: Math.max(0, originalLength - before),
      device,
      point: this.#claims.indexOf(claim.expect),
      ...(seen?.skb ? recordOfSkb(seen.skb) : {}),
    };
    // Judged by all of its bytes, as the command line does, not only by those that are held.
    const input = verdictInput({ ...record, bytes }, this.#spec(claim.expect));
    if (input === null) return record;
    const judged = verdictCode(input);
    return { ...record, verdict: VERDICT_KINDS.indexOf(judged.kind), headerAt: judged.headerAt };
  }
}
