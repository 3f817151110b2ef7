import { inspect } from '../../../../shared/packet/inspect.ts';
import type { Field, InspectStart } from '../../../../shared/packet/inspect.ts';
import type { PdmlField } from './pdml.ts';

/** Fields that tshark has no name for, or does not give as one value at one place; each with the reason. */
const OURS_ALONE: ReadonlyMap<string, string> = new Map([
  ['data.data', 'we call data what tshark hands to a dissector of an application'],
  ['ip.opt.data', 'the option is not taken apart'],
  ['ip.opt.route', 'ip.opt.addr, ip.rec_rt … by option'],
  ['tcp.option.data', 'by option'],
  ['tcp.options.mptcp.data', 'by subtype'],
  ['geneve.opt_len', 'given within text only'],
  ['gtp.ext_hdr.content', 'by type'],
  ['pppoed.tag.data', 'by tag'],
  ['arp.src.hw', 'given for other address sizes'],
  ['arp.dst.hw', 'given for other address sizes'],
  ['icmpv6.opt', 'a whole option there'],
]);

/** What tshark shows instead of the bits as they are. */
const SCALES: ReadonlyMap<string, (raw: bigint) => bigint> = new Map([
  ['ip.hdr_len', (raw) => raw * 4n],
  ['tcp.hdr_len', (raw) => raw * 4n],
  ['geneve.option.length', (raw) => raw * 4n + 4n],
]);

/** Names tshark has for the same field, by what stands around it. */
const ALIASES: ReadonlyMap<string, readonly string[]> = new Map([
  ['ieee8021ad.id', ['ieee8021ad.id', 'ieee8021ad.svid', 'ieee8021ad.cvid']],
]);

/** Between two 802.1ad tags tshark leaves the type of the second out. */
function leftOut(field: Field): boolean {
  return field.name === 'ieee8021ah.etype' && field.raw === 0x88a8;
}

function shownNumber(show: string): bigint | null {
  if (show === 'True' || show === 'true') return 1n;
  if (show === 'False' || show === 'false') return 0n;
  return /^(0x[0-9a-f]+|\d+)$/i.test(show) ? BigInt(show) : null;
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

/** Whether both call the same checksums bad; status 1 is good, 0 bad, others say nothing. */
function checksumOpinion(ours: Field, theirs: readonly PdmlField[]): string | null {
  if (!ours.name.endsWith('.checksum')) return null;
  const index = theirs.findIndex((candidate) => candidate.name === ours.name && candidate.pos === ours.at);
  const status = theirs.slice(index).find((candidate) => candidate.name === `${ours.name}.status`);
  if (status?.show === '1' && ours.problem !== null) return `we say ${ours.problem}, tshark says good`;
  if (status?.show === '0' && ours.problem === null) return 'we say nothing, tshark says bad';
  return null;
}

/** Null when tshark has this field at this place with this value, otherwise what differs. */
function disagreement(ours: Field, theirs: readonly PdmlField[]): string | null {
  const names = ALIASES.get(ours.name) ?? [ours.name];
  const named = theirs.filter((candidate) => names.includes(candidate.name));
  if (named.length === 0) return 'tshark has no such field here';
  const placed = named.filter((candidate) => candidate.pos === ours.at);
  if (placed.length === 0) return `tshark has it at ${named.map(({ pos }) => pos).join(', ')}`;
  const raw = ours.raw;
  for (const candidate of placed) {
    if (raw instanceof Uint8Array) {
      if (candidate.value === hex(raw) || candidate.show === ours.value) return null;
    } else if (raw !== null) {
      const scale = SCALES.get(ours.name) ?? ((same: bigint): bigint => same);
      if (shownNumber(candidate.show) === scale(BigInt(raw))) return null;
      if (
        candidate.show === ours.value &&
        candidate.value ===
          BigInt(raw)
            .toString(16)
            .padStart(ours.length * 2, '0')
      )
        return null;
    }
  }
  return `tshark shows ${placed.map(({ show, size }) => `${show} (${size} bytes)`).join(', ')}`;
}

export interface Comparison {
  /** Fields that both have, alike. */
  agreed: Map<string, number>;
  disagreed: string[];
}

/** Decodes each packet and holds every captured field against tshark's. */
export function compare(
  packets: readonly Uint8Array[],
  start: InspectStart,
  dissected: readonly (readonly PdmlField[])[],
): Comparison {
  const result: Comparison = { agreed: new Map(), disagreed: [] };
  for (const [index, bytes] of packets.entries()) {
    const theirs = dissected[index] ?? [];
    for (const layer of inspect(bytes, { start, at: 0, packetLength: bytes.length })) {
      for (const field of layer.fields) {
        if (field.coverage !== 'captured' || OURS_ALONE.has(field.name) || leftOut(field)) continue;
        const problem = disagreement(field, theirs) ?? (layer.quoted ? null : checksumOpinion(field, theirs));
        if (layer.quoted && !theirs.some(({ name }) => name === field.name)) continue;
        if (problem === null) result.agreed.set(field.name, (result.agreed.get(field.name) ?? 0) + 1);
        else
          result.disagreed.push(
            `${layer.protocol} ${field.name} at ${field.at} = ${field.value}: ${problem}\n  ${hex(bytes)}`,
          );
      }
    }
  }
  return result;
}
