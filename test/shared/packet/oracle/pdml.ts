/** Runs tshark on packets and reads its PDML: every field with its name, position, size and value. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { classicPcap } from '../../capture/capture-bytes.ts';

export interface PdmlField {
  name: string;
  pos: number;
  size: number;
  /** As displayed: a number in decimal or 0x…, an address, text. */
  show: string;
  /** Hexadecimal. */
  value: string;
}

/** Checksums are verified; nothing is put together from several packets, and nothing is resolved. */
const PREFERENCES = [
  'ip.check_checksum:TRUE',
  'udp.check_checksum:TRUE',
  'tcp.check_checksum:TRUE',
  'tcp.relative_sequence_numbers:FALSE',
  'tcp.analyze_sequence_numbers:FALSE',
  'tcp.desegment_tcp_streams:FALSE',
  'ip.defragment:FALSE',
  'ipv6.defragment:FALSE',
  'sctp.relative_tsns:FALSE',
  'pppoed.show_tags_and_lengths:TRUE',
];

export function dissect(packets: readonly Uint8Array[], linktype: number): PdmlField[][] {
  const folder = mkdtempSync(join(tmpdir(), 'skblens-oracle-'));
  try {
    const file = join(folder, 'packets.pcap');
    const list = packets.map((bytes, index) => ({ ns: BigInt(index) * 1_000_000_000n, bytes }));
    writeFileSync(file, classicPcap(list, { little: true, nanoseconds: true, linktype }));
    const run = spawnSync(
      'tshark',
      ['-n', '-r', file, '-T', 'pdml', ...PREFERENCES.flatMap((one) => ['-o', one])],
      {
        encoding: 'utf8',
        maxBuffer: 1 << 30,
      },
    );
    if (run.status !== 0) throw new Error(`tshark: ${run.stderr}`);
    return run.stdout
      .split('<packet>')
      .slice(1)
      .map((packet) => [...packet.matchAll(/<field ([^>]*?)\/?>/g)].map((match) => field(match[1] ?? '')));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function field(attributes: string): PdmlField {
  const get = (name: string): string => new RegExp(` ?\\b${name}="([^"]*)"`).exec(attributes)?.[1] ?? '';
  return {
    name: get('name'),
    pos: Number(get('pos')),
    size: Number(get('size')),
    show: get('show'),
    value: get('value'),
  };
}
