/** Speed of judging and decoding, and of a whole file against tshark reading one field of it. */
import { spawnSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startOfLinktype } from '../../shared/capture/pcap-linktypes.ts';
import { PcapReader } from '../../shared/capture/pcap-reader.ts';
import { inspect } from '../../shared/packet/inspect.ts';
import { verdictNumber } from '../../shared/packet/verdict.ts';
import type { VerdictInput } from '../../shared/packet/verdict.ts';
import { classicPcap } from '../shared/capture/capture-bytes.ts';
import { ethernet, randomIpv4Packet, randomIpv6Packet, sourceMac } from '../shared/packet/generator/build.ts';
import { destinationMac, GENERATORS } from '../shared/packet/generator/cases.ts';
import { Random } from '../shared/packet/generator/random.ts';
import { median } from './bench-line.ts';
import type { BenchLine } from './bench-line.ts';

const ROUNDS = 5;
const WINDOWS = 1_000_000;
const WINDOW_BYTES = 128;
const DISTINCT = 10_000;
const PACKETS = 200_000;
const FILE_BYTES = 200_000_000;
const CHUNK_BYTES = 1 << 20;

function line(bench: string, ours: number, unit: string): BenchLine {
  return { bench, ours, peer: null, peerName: null, ratio: null, unit };
}

/** Runs `work` in ROUNDS rounds; the median number of units in a second of processor time. */
function rate(units: number, work: () => void): number {
  work();
  const rates: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const started = process.cpuUsage();
    work();
    const { user, system } = process.cpuUsage(started);
    rates.push((units * 1_000_000) / (user + system));
  }
  return Math.round(median(rates));
}

function windows(make: (random: Random) => VerdictInput): VerdictInput[] {
  const random = new Random(3);
  return Array.from({ length: DISTINCT }, () => make(random));
}

function goodWindow(random: Random): VerdictInput {
  const packet = random.chance(0.8)
    ? randomIpv4Packet(random, random.between(100, 400))
    : randomIpv6Packet(random, random.between(100, 400));
  return {
    bytes: packet.slice(0, WINDOW_BYTES),
    window: 0,
    expect: 'ip',
    packetLength: packet.length,
    skb: null,
  };
}

function frameWindow(random: Random): VerdictInput {
  const packet = randomIpv4Packet(random, random.between(100, 400));
  const frame = ethernet(destinationMac(random), sourceMac(random), [], 0x0800, packet, false);
  return {
    bytes: frame.slice(0, WINDOW_BYTES),
    window: 0,
    expect: 'ipv4',
    packetLength: frame.length,
    skb: null,
  };
}

function mixedWindow(random: Random): VerdictInput {
  const kinds = Object.values(GENERATORS);
  return random.pick(kinds)(random).input;
}

function verdictRate(inputs: readonly VerdictInput[], count: number): number {
  let sum = 0;
  const result = rate(count, () => {
    for (let done = 0; done < count; done += inputs.length) {
      for (const input of inputs) sum += verdictNumber(input);
    }
  });
  if (sum === 0) throw new Error('no verdict at all');
  return result;
}

function fieldRate(): { packets: number; fields: number } {
  const random = new Random(4);
  const frames = Array.from({ length: DISTINCT }, () =>
    ethernet(
      random.bytes(6),
      sourceMac(random),
      [],
      0x0800,
      randomIpv4Packet(random, random.between(0, 80)),
      true,
    ),
  );
  let fields = 0;
  const packets = rate(PACKETS, () => {
    fields = 0;
    for (let done = 0; done < PACKETS; done += frames.length) {
      for (const bytes of frames) {
        for (const layer of inspect(bytes, { start: 'ethernet', at: 0, packetLength: bytes.length })) {
          fields += layer.fields.length;
        }
      }
    }
  });
  return { packets, fields: Math.round((packets * fields) / PACKETS) };
}

/** Decodes every field of every packet of the file; returns the number of IPv4 sources seen. */
function inspectFile(path: string): number {
  const reader = new PcapReader();
  const file = openSync(path, 'r');
  let sources = 0;
  try {
    for (;;) {
      const chunk = new Uint8Array(CHUNK_BYTES);
      const length = readSync(file, chunk);
      if (length === 0) break;
      for (const { bytes, linktype, originalLength } of reader.push(chunk.subarray(0, length))) {
        const start = startOfLinktype(linktype);
        for (const layer of inspect(bytes, { start, at: 0, packetLength: originalLength })) {
          if (layer.protocol === 'ipv4') sources++;
        }
      }
    }
  } finally {
    closeSync(file);
  }
  if (reader.end() !== null) throw new Error(reader.problem?.message);
  return sources;
}

function writeCapture(path: string): void {
  const random = new Random(5);
  const packets = Array.from({ length: 20_000 }, (_, index) => ({
    ns: 1_700_000_000_000_000_000n + BigInt(index) * 1000n,
    bytes: ethernet(
      random.bytes(6),
      sourceMac(random),
      [],
      0x0800,
      randomIpv4Packet(random, random.pick([12, 40, 200, 500, 1400])),
      true,
    ),
  }));
  const block = classicPcap(packets, { little: true, nanoseconds: true, linktype: 1 });
  const file = openSync(path, 'w');
  writeSync(file, block.subarray(0, 24));
  for (let written = 0; written < FILE_BYTES; written += block.length) writeSync(file, block.subarray(24));
  closeSync(file);
}

function againstTshark(): BenchLine {
  const folder = mkdtempSync(join(tmpdir(), 'skblens-bench-'));
  const path = join(folder, 'large.pcap');
  try {
    writeCapture(path);
    const ours: number[] = [];
    const peers: number[] = [];
    let peerName: string | null = 'tshark -T fields -e ip.src';
    for (let round = 0; round < 3 && peerName !== null; round++) {
      let started = performance.now();
      inspectFile(path);
      ours.push((performance.now() - started) / 1000);
      started = performance.now();
      const run = spawnSync('tshark', ['-r', path, '-T', 'fields', '-e', 'ip.src'], {
        stdio: ['ignore', 'ignore', 'ignore'],
      });
      if (run.status === 0) peers.push((performance.now() - started) / 1000);
      else peerName = null;
    }
    const own = median(ours);
    const peer = peers.length === 0 ? null : median(peers);
    return {
      bench: 'inspect-vs-tshark',
      ours: own,
      peer,
      peerName,
      ratio: peer === null ? null : peer / own,
      unit: 's',
    };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

export async function run(): Promise<BenchLine[]> {
  const decoded = fieldRate();
  return Promise.resolve([
    line('verdicts-per-second', verdictRate(windows(goodWindow), WINDOWS), '1/s'),
    line('verdicts-per-second-frames', verdictRate(windows(frameWindow), WINDOWS), '1/s'),
    line('verdicts-per-second-all-kinds', verdictRate(windows(mixedWindow), WINDOWS / 4), '1/s'),
    line('packets-decoded-per-second', decoded.packets, '1/s'),
    line('fields-per-second', decoded.fields, '1/s'),
    againstTshark(),
  ]);
}
