/** What the bytes at a position really are, compared with what the code that reads them expects. */
import { causeOf } from './causes.ts';
import type { Cause } from './causes.ts';
import { u16, u8 } from './cursor.ts';
import type { Evidence } from './evidence.ts';
import { exhibitOf, explain } from './explain.ts';
import { judge } from './judge.ts';
import { ipv4Repair, REPAIR_TOTAL_LENGTH, REPAIR_TTL, REPAIR_VERSION_IHL } from './repair.ts';
import { LEAST_BITS, newFinding } from './scene.ts';
import { text } from './texts.ts';
import type { Locale } from './texts.ts';
import type { Finding, VerdictInput, VerdictKind } from './verdict-kinds.ts';
import { NOWHERE, VERDICT_KINDS } from './verdict-kinds.ts';

export { EXPECTATIONS, VERDICT_KINDS } from './verdict-kinds.ts';
export type { VerdictInput, VerdictKind } from './verdict-kinds.ts';
export type { Cause } from './causes.ts';
export type { Evidence } from './evidence.ts';
export type { Locale } from './texts.ts';

export interface VerdictDetail {
  /** shifted-ip-header: bytes from the expected position to the header that was expected; negative: it lies before. */
  shift: number | null;
  /** The protocol of the header that was found: `arp`, `mpls`, `ethernet`, `ipv4` … */
  protocol: string | null;
  /** corrupt-ip-header: the iphdr or ipv6hdr member that is wrong; truncated: the length that says more than is there. */
  field: string | null;
  /** Version of the IP header that was found, wherever it lies. */
  version: number | null;
  /** VLAN tags between the Ethernet header and the network header. */
  tags: number;
}

export interface Verdict {
  kind: VerdictKind;
  /** English; other locales by `describe`. */
  title: string;
  /** 0..1: how sure the reading is against the next best one. */
  confidence: number;
  evidence: Evidence[];
  /** Inferred; `proven` says whether what was observed shows it. */
  cause: Cause | null;
  /** Where the expected header really begins, relative to the expected position; null: nowhere in the window. */
  headerAt: number | null;
  detail: VerdictDetail;
}

/** Allocated once: judging is synchronous and copies out what it gives back. */
const shared = newFinding();

function judgeInto(input: VerdictInput, finding: Finding): VerdictKind {
  const { bytes, window, expect, packetLength, skb } = input;
  judge(bytes, window, expect, packetLength ?? -1, skb, input.output === true, finding);
  return VERDICT_KINDS[finding.kind] ?? 'unrecognised';
}

/** The cheap path, once per event: no texts. Agrees with {@link verdict} always. */
export function verdictCode(input: VerdictInput): { kind: VerdictKind; headerAt: number | null } {
  const kind = judgeInto(input, shared);
  return { kind, headerAt: shared.headerAt === NOWHERE ? null : shared.headerAt };
}

/**
 * The same without any allocation: the index of the kind in VERDICT_KINDS in the low 4 bits, and above them
 * headerAt + 0x8000, where 0 stands for null.
 */
export function verdictNumber(input: VerdictInput): number {
  const { bytes, window, expect, packetLength, skb } = input;
  judge(bytes, window, expect, packetLength ?? -1, skb, input.output === true, shared);
  return ((shared.headerAt + 0x8000) << 4) | shared.kind;
}

/**
 * The verdict with its reasons. Never throws, whatever the bytes.
 *
 * @param brief no evidence that a packet is as expected: whoever does not show it saves most of the time
 */
export function verdict(input: VerdictInput, brief = false): Verdict {
  const finding = newFinding();
  const kind = judgeInto(input, finding);
  const exhibit = exhibitOf(input);
  const repair =
    kind === 'corrupt-ip-header'
      ? ipv4Repair(exhibit.bytes, exhibit.origin, exhibit.limit, exhibit.left ?? -1)
      : 0;
  // What was expected is shifted: a whole frame, if its header was found.
  const frameAt =
    kind === 'shifted-ip-header' && input.expect === 'ethernet' && finding.headerAt !== NOWHERE
      ? finding.headerAt
      : null;
  const detail: VerdictDetail = {
    shift: kind === 'shifted-ip-header' ? (frameAt ?? finding.networkAt) : null,
    protocol: frameAt !== null ? 'ethernet' : finding.protocol === '' ? null : finding.protocol,
    field:
      kind === 'corrupt-ip-header'
        ? corruptField(input, finding, repair)
        : kind === 'truncated' && finding.bits > LEAST_BITS && finding.networkAt === 0
          ? finding.version === 6
            ? 'payload_len'
            : 'tot_len'
          : null,
    version: finding.version === 0 ? null : finding.version,
    tags: finding.tags,
  };
  return {
    kind,
    title: titleText(kind, detail, 'en'),
    confidence: confidenceOf(kind, finding),
    evidence: brief && kind === 'as-expected' ? [] : explain(input, kind, finding),
    cause: causeOf({ input, kind, finding, repair }),
    headerAt: finding.headerAt === NOWHERE ? null : finding.headerAt,
    detail,
  };
}

/** The title of a verdict: the name of its kind, with the shift, protocol, version or field that it is about. */
function titleText(kind: VerdictKind, detail: VerdictDetail, locale: Locale): string {
  switch (kind) {
    case 'shifted-ip-header':
      if (detail.protocol === 'ethernet')
        return text('title.shifted-frame', { shift: detail.shift ?? 0 }, locale);
      return text('title.shifted-ip-header', { shift: detail.shift ?? 0 }, locale);
    case 'wrong-ip-version':
      return text('title.wrong-ip-version', { version: detail.version ?? 0 }, locale);
    case 'other-protocol':
      return text('title.other-protocol', { protocol: detail.protocol ?? '' }, locale);
    case 'truncated':
      if (detail.field === null) return text('kind.truncated', {}, locale);
      return text('title.truncated-packet', { field: detail.field }, locale);
    case 'corrupt-ip-header':
      return text('title.corrupt-ip-header', { field: detail.field ?? '' }, locale);
    default:
      return text(`kind.${kind}`, {}, locale);
  }
}

/** From the margin over the next best reading in bits, capped: nothing is certain but lengths and zeros. */
function confidenceOf(kind: VerdictKind, finding: Finding): number {
  if (kind === 'all-zero') return 0.999;
  if (kind === 'truncated' && finding.bits <= LEAST_BITS) return 0.95;
  const margin =
    kind === 'unrecognised'
      ? LEAST_BITS - finding.runnerUp
      : finding.bits - Math.max(LEAST_BITS - 4, finding.runnerUp);
  const odds = Math.pow(2, -Math.min(10, Math.max(0, margin)));
  return Math.round(1000 / (1 + odds)) / 1000;
}

function corruptField(input: VerdictInput, finding: Finding, repair: number): string {
  const { bytes, origin, left } = exhibitOf(input);
  const first = u8(bytes, origin);
  if (finding.version === 6) {
    if (first >> 4 !== 6) return 'version';
    if (u8(bytes, origin + 8) === 0xff) return 'saddr';
    return 'payload_len';
  }
  if (repair === REPAIR_VERSION_IHL || first < 0x45 || first > 0x4f)
    return first >> 4 !== 4 ? 'version' : 'ihl';
  if (repair === REPAIR_TOTAL_LENGTH) return 'tot_len';
  if (repair === REPAIR_TTL) return 'ttl';
  const total = u16(bytes, origin + 2);
  return total < (first & 15) * 4 || (left !== null && total > left) ? 'tot_len' : 'check';
}

/** A kind, a verdict, one item of its evidence, or its cause, in the words of `locale`. */
export function describe(thing: VerdictKind | Verdict | Evidence | Cause, locale: Locale): string {
  if (typeof thing === 'string') return text(`kind.${thing}`, {}, locale);
  if ('basis' in thing) return text(`evidence.${thing.code}`, thing.values, locale);
  if ('kind' in thing) return titleText(thing.kind, thing.detail, locale);
  return text(`cause.${thing.code}`, thing.values, locale);
}

/** What to do about a cause, in the words of `locale`. */
export function describeRemedy(cause: Cause, locale: Locale): string {
  return text(`remedy.${cause.code}`, cause.values, locale);
}
