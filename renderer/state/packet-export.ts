import { PcapngWriter } from '../../shared/capture/pcapng-writer.ts';
import { verdict } from '../../shared/packet/verdict.ts';
import { eventPacket } from '../../shared/probe/event-packet.ts';
import { verdictInput } from '../../shared/probe/record-verdict.ts';
import type { Run } from './run.svelte.ts';

export interface ExportOrigin {
  /** `skblens 0.1.0`. */
  readonly application: string;
  readonly host: string;
  /** `uname -r` and `uname -m` of the target. */
  readonly release: string;
  readonly machine: string;
}

/** The packets of a run that are shown now, in their order, as a pcapng file that Wireshark opens. */
export function exportPackets(run: Run, origin: ExportOrigin): Blob {
  const writer = new PcapngWriter({
    application: origin.application,
    os: `Linux ${origin.release}`,
    hardware: origin.machine,
    comment: `probed on ${origin.host}`,
  });
  const parts: BlobPart[] = [new Uint8Array(writer.start())];
  for (let row = 0; row < run.rowCount; row++) {
    const record = run.ring.read(run.numberAt(row));
    const spec = record && run.specOf(record);
    const input = record && verdictInput(record, spec);
    if (!record || !input) continue;
    const judged = verdict({ ...input, kernel: origin.release });
    const reason = record.reason === null ? null : (run.reasons[record.reason] ?? String(record.reason));
    const packet = eventPacket(record, input, judged, spec?.function ?? '', run.clockOffset ?? 0n, reason);
    parts.push(new Uint8Array(writer.packet(packet)));
  }
  parts.push(new Uint8Array(writer.end(run.totals.lost)));
  return new Blob(parts, { type: 'application/vnd.tcpdump.pcap' });
}

/** Hands a file to the user, as a browser and Electron both do it. */
export function download(file: Blob, name: string): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(file);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
