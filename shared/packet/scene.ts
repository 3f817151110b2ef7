import { newEthernetScan } from './ethernet-scan.ts';
import type { EthernetScan } from './ethernet-scan.ts';
import type { Finding, FoundProtocol } from './verdict-kinds.ts';
import { NOWHERE, UNRECOGNISED } from './verdict-kinds.ts';

/** What is judged: the window, where in it the header was expected, and what else is known. Reused. */
export interface Scene {
  bytes: Uint8Array;
  /** Index of the expected position; negative if the window begins behind it. */
  origin: number;
  /** Index behind the last byte that is both captured and part of the packet. */
  limit: number;
  /** Bytes of the packet from the expected position on, or -1. */
  left: number;
  output: boolean;
  /** ARPHRD_ number of the device, or -1. */
  deviceType: number;
  /** skb->protocol in host order, or -1. */
  skbProtocol: number;
  finding: Finding;
  scan: EthernetScan;
}

/** Readings lighter than this are not told from chance. */
export const LEAST_BITS = 12;
/** The reading the kernel code relies on needs less evidence than any other. */
export const EXPECTED_BITS = 6;

export function newFinding(): Finding {
  return {
    kind: UNRECOGNISED,
    bits: 0,
    runnerUp: 0,
    runnerUpKind: UNRECOGNISED,
    headerAt: NOWHERE,
    linkAt: NOWHERE,
    typeAt: NOWHERE,
    networkAt: NOWHERE,
    version: 0,
    tags: 0,
    protocol: '',
    verified: false,
  };
}

export function resetFinding(finding: Finding): void {
  finding.kind = UNRECOGNISED;
  finding.bits = LEAST_BITS;
  finding.runnerUp = 0;
  finding.runnerUpKind = UNRECOGNISED;
  finding.headerAt = NOWHERE;
  finding.linkAt = NOWHERE;
  finding.typeAt = NOWHERE;
  finding.networkAt = NOWHERE;
  finding.version = 0;
  finding.tags = 0;
  finding.protocol = '';
  finding.verified = false;
}

export function newScene(): Scene {
  return {
    bytes: new Uint8Array(0),
    origin: 0,
    limit: 0,
    left: -1,
    output: false,
    deviceType: -1,
    skbProtocol: -1,
    finding: newFinding(),
    scan: newEthernetScan(),
  };
}

/** Bytes of the packet from `offset` (relative to the expected position) on, or -1 where not known. */
export function leftFrom(scene: Scene, offset: number): number {
  return scene.left < 0 ? -1 : Math.max(0, scene.left - offset);
}

/** Puts a reading forward: it stands if it weighs more than all before it. Offsets as in {@link Finding}. */
export function offer(
  scene: Scene,
  kind: number,
  protocol: FoundProtocol,
  bits: number,
  linkAt: number,
  typeAt: number,
  networkAt: number,
  version: number,
  verified: boolean,
): void {
  const finding = scene.finding;
  if (bits <= finding.bits) {
    if (bits > finding.runnerUp && kind !== finding.kind) {
      finding.runnerUp = bits;
      finding.runnerUpKind = kind;
    }
    return;
  }
  if (kind !== finding.kind && finding.kind !== UNRECOGNISED) {
    finding.runnerUp = finding.bits;
    finding.runnerUpKind = finding.kind;
  }
  finding.kind = kind;
  finding.protocol = protocol;
  finding.bits = bits;
  finding.linkAt = linkAt;
  finding.typeAt = typeAt;
  finding.networkAt = networkAt;
  finding.version = version;
  finding.tags = 0;
  finding.verified = verified;
}
