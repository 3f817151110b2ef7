/** The confusion matrix of `verdictCode` on packets that were made to be something, and its two hard cases. */
import { verdictCode, VERDICT_KINDS } from '../../shared/packet/verdict.ts';
import type { VerdictInput, VerdictKind } from '../../shared/packet/verdict.ts';
import { ethernet, randomIpv4Packet, randomIpv6Packet, sourceMac } from '../shared/packet/generator/build.ts';
import { destinationMac, GENERATORS, spellingPacket } from '../shared/packet/generator/cases.ts';
import { Random } from '../shared/packet/generator/random.ts';
import type { BenchLine } from './bench-line.ts';

const CASES_PER_KIND = 20_000;
const GOOD_PACKETS = 1_000_000;
const FRAMES = 200_000;

const SHORT: Readonly<Record<VerdictKind, string>> = {
  'as-expected': 'ok',
  'ethernet-where-ip-expected': 'eth',
  'ip-where-ethernet-expected': 'ip',
  'vlan-where-ip-expected': 'vlan',
  'shifted-ip-header': 'shift',
  'wrong-ip-version': 'ver',
  'other-protocol': 'other',
  'tun-packet-information': 'pi',
  'virtio-net-header': 'vnet',
  'corrupt-ip-header': 'bad',
  truncated: 'cut',
  'all-zero': 'zero',
  unrecognised: '?',
};

function line(bench: string, ours: number, unit: string): BenchLine {
  return { bench, ours, peer: null, peerName: null, ratio: null, unit };
}

function matrix(): { lines: BenchLine[]; table: string[] } {
  const table = [
    'made as / judged as'.padEnd(28) + VERDICT_KINDS.map((kind) => SHORT[kind].padStart(7)).join(''),
  ];
  const lines: BenchLine[] = [];
  for (const kind of VERDICT_KINDS) {
    const random = new Random(1000 + VERDICT_KINDS.indexOf(kind));
    const judged = new Map<VerdictKind, number>();
    let placed = 0;
    for (let run = 0; run < CASES_PER_KIND; run++) {
      const known = GENERATORS[kind](random);
      const code = verdictCode(known.input);
      judged.set(code.kind, (judged.get(code.kind) ?? 0) + 1);
      if (code.kind === kind && code.headerAt === known.headerAt) placed++;
    }
    table.push(
      kind.padEnd(28) + VERDICT_KINDS.map((other) => String(judged.get(other) ?? 0).padStart(7)).join(''),
    );
    lines.push(line(`verdict-right-${kind}`, (100 * (judged.get(kind) ?? 0)) / CASES_PER_KIND, '%'));
    lines.push(line(`verdict-placed-${kind}`, (100 * placed) / CASES_PER_KIND, '%'));
  }
  return { lines, table };
}

/** Good packets; of the IPv4 ones one in ten has a source address that spells an EtherType and a first byte. */
function falseAlarms(version: 4 | 6, count: number): BenchLine[] {
  const random = new Random(7);
  const expectation = version === 4 ? 'ipv4' : 'ipv6';
  let ethernetAlarms = 0;
  let others = 0;
  for (let run = 0; run < count; run++) {
    const length = random.below(100);
    const spelling = version === 4 && run % 10 === 0;
    const good = version === 4 ? randomIpv4Packet(random, length) : randomIpv6Packet(random, length);
    const bytes = spelling ? spellingPacket(random) : good;
    const { kind } = verdictCode({
      bytes,
      window: 0,
      expect: expectation,
      packetLength: bytes.length,
      skb: null,
    });
    if (kind === 'ethernet-where-ip-expected') ethernetAlarms++;
    else if (kind !== 'as-expected') others++;
  }
  return [
    line(`verdict-false-ethernet-in-good-ipv${version}`, ethernetAlarms, `of ${count}`),
    line(`verdict-other-than-expected-in-good-ipv${version}`, others, `of ${count}`),
  ];
}

/** Frames to every sort of destination, the inner header captured. */
function recall(): BenchLine {
  const random = new Random(8);
  let found = 0;
  for (let run = 0; run < FRAMES; run++) {
    const version = random.chance(0.8) ? 4 : 6;
    const packet =
      version === 4 ? randomIpv4Packet(random, random.below(80)) : randomIpv6Packet(random, random.below(80));
    const type = version === 4 ? 0x0800 : 0x86dd;
    const bytes = ethernet(destinationMac(random), sourceMac(random), [], type, packet, false);
    const input: VerdictInput = { bytes, window: 0, expect: 'ipv4', packetLength: bytes.length, skb: null };
    const code = verdictCode(input);
    if (code.kind === 'ethernet-where-ip-expected' && code.headerAt === 14) found++;
  }
  return line('verdict-recall-ethernet', (100 * found) / FRAMES, '%');
}

export async function run(): Promise<BenchLine[]> {
  const { lines, table } = matrix();
  process.stderr.write(table.join('\n') + '\n');
  return Promise.resolve([
    ...lines,
    ...falseAlarms(4, GOOD_PACKETS),
    ...falseAlarms(6, GOOD_PACKETS / 5),
    recall(),
  ]);
}
