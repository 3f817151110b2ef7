/**
 * Why bytes are where they are: rules from skb and device state to a likely cause. A cause is inferred; it is
 * `proven` only where the state shows the mechanism itself. The first rule that matches stands.
 */
import { u16, u8 } from './cursor.ts';
import { kernelVersion } from './kernel-release.ts';
import { etherTypeName } from './numbers.ts';
import { leastHeader } from './least-header.ts';
import { LEAST_BITS } from './scene.ts';
import { REPAIR_TOTAL_LENGTH, REPAIR_TTL, REPAIR_VERSION_IHL } from './repair.ts';
import { arphrdName, carriesBareIp } from './skb.ts';
import { hexNumber } from './cursor.ts';
import { text } from './texts.ts';
import type { CauseCode, TextValues } from './texts.ts';
import type { Finding, VerdictInput, VerdictKind } from './verdict-kinds.ts';

export interface Cause {
  code: CauseCode;
  /** English; other locales by `describe`. */
  text: string;
  remedy: string;
  /** True only where what was observed shows the mechanism; otherwise the cause is not proven. */
  proven: boolean;
  values: Record<string, string | number>;
}

/** What rules look at, beside the input. */
export interface Circumstances {
  input: VerdictInput;
  kind: VerdictKind;
  finding: Finding;
  /** REPAIR_ number of the header at the expected position. */
  repair: number;
}

interface Rule {
  code: CauseCode;
  kinds: readonly VerdictKind[];
  /** Versions of the kernel (major * 1000 + minor) that have it, from inclusive, below exclusive. */
  from?: number;
  below?: number;
  proven: boolean;
  /** The values of the sentence, or null where the rule does not hold. */
  holds(circumstances: Circumstances): TextValues | null;
}

const NO_VALUES: TextValues = {};

function deviceValues({ input }: Circumstances): TextValues {
  const type = input.skb?.deviceType ?? null;
  const ifindex = input.skb?.ifindex ?? null;
  return {
    device: input.skb?.deviceName ?? (ifindex === null ? '?' : `#${ifindex}`),
    arphrd: type === null ? '?' : arphrdName(type),
  };
}

function byteAt({ input }: Circumstances, offset: number): number {
  const index = offset - input.window;
  return index < 0 || index >= input.bytes.length ? -1 : u8(input.bytes, index);
}

/** Whether an Ethernet header stands right before the expected position, as far as its EtherType tells. */
function frameBefore({ input }: Circumstances): boolean {
  const index = -input.window - 2;
  if (input.pseudoHeader === true || index < 12 || index + 2 > input.bytes.length) return false;
  const type = u16(input.bytes, index);
  return type > 0x5dc && etherTypeName(type) !== null;
}

/**
 * bpf_redirect() removes the MAC header only for the types that dev_is_mac_header_xmit() lists. ARPHRD_IP6GRE
 * came with 5.14 (a3fa449ffcf5), ARPHRD_PIMREG with 5.18 (4ee06de7729d), ARPHRD_PPP with 6.6 (August 2023);
 * the last two were carried over to older stable kernels.
 */
function keepsMacHeader(deviceType: number, below: number): Rule {
  const since = `${Math.floor(below / 1000)}.${below % 1000}`;
  return {
    code: 'redirect-keeps-mac-header',
    kinds: ['ethernet-where-ip-expected'],
    below,
    proven: false,
    holds: (it) => (it.input.skb?.deviceType === deviceType ? { ...deviceValues(it), since } : null),
  };
}

const ETHERNET: readonly VerdictKind[] = ['ethernet-where-ip-expected'];
const CORRUPT: readonly VerdictKind[] = ['corrupt-ip-header'];

const RULES: readonly Rule[] = [
  keepsMacHeader(823, 5014),
  keepsMacHeader(779, 5018),
  keepsMacHeader(512, 6006),
  {
    code: 'l2-frame-to-tun',
    kinds: ETHERNET,
    proven: false,
    holds: (it) => (it.input.skb?.deviceType === 65534 ? deviceValues(it) : null),
  },
  {
    code: 'l2-frame-to-l3-device',
    kinds: ETHERNET,
    proven: false,
    holds: (it) => (carriesBareIp(it.input.skb?.deviceType ?? -1) ? deviceValues(it) : null),
  },
  {
    code: 'two-ethernet-headers',
    kinds: ETHERNET,
    proven: true,
    holds: (it) => (frameBefore(it) ? NO_VALUES : null),
  },
  {
    code: 'mac-header-not-pulled',
    kinds: ETHERNET,
    proven: true,
    holds: (it) => (it.input.skb?.macHeader === 0 && it.input.skb.deviceType === 1 ? NO_VALUES : null),
  },
  {
    code: 'frame-on-ethernet-device',
    kinds: ETHERNET,
    proven: false,
    holds: (it) => (it.input.skb?.deviceType === 1 ? deviceValues(it) : null),
  },
  { code: 'frame-of-unknown-origin', kinds: ETHERNET, proven: false, holds: () => NO_VALUES },
  { code: 'tag-not-removed', kinds: ['vlan-where-ip-expected'], proven: false, holds: () => NO_VALUES },
  { code: 'pi-not-expected', kinds: ['tun-packet-information'], proven: false, holds: () => NO_VALUES },
  { code: 'vnet-header-not-expected', kinds: ['virtio-net-header'], proven: false, holds: () => NO_VALUES },
  { code: 'change-head-zeros', kinds: ['shifted-ip-header'], proven: false, holds: zerosBefore },
  {
    code: 'header-pulled',
    kinds: ['shifted-ip-header'],
    proven: false,
    holds: ({ finding }) => (finding.networkAt < 0 ? { bytes: -finding.networkAt } : null),
  },
  {
    code: 'wrong-room',
    kinds: ['shifted-ip-header'],
    proven: false,
    holds: ({ finding }) => ({ shift: finding.networkAt }),
  },
  { code: 'protocol-mismatch', kinds: ['wrong-ip-version'], proven: true, holds: protocolMismatch },
  {
    code: 'handed-to-wrong-handler',
    kinds: ['wrong-ip-version', 'other-protocol'],
    proven: false,
    holds: () => NO_VALUES,
  },
  {
    code: 'l3-packet-to-l2-device',
    kinds: ['ip-where-ethernet-expected'],
    proven: false,
    holds: () => NO_VALUES,
  },
  {
    code: 'ttl-without-checksum',
    kinds: CORRUPT,
    proven: false,
    holds: ({ repair }) => (repair === REPAIR_TTL ? NO_VALUES : null),
  },
  {
    code: 'length-without-checksum',
    kinds: CORRUPT,
    proven: false,
    holds: ({ repair }) => (repair === REPAIR_TOTAL_LENGTH ? NO_VALUES : null),
  },
  {
    code: 'header-damaged',
    kinds: CORRUPT,
    proven: false,
    holds: ({ repair, finding }) =>
      repair === REPAIR_VERSION_IHL || finding.version === 6 ? NO_VALUES : null,
  },
  { code: 'header-rewritten', kinds: CORRUPT, proven: false, holds: () => NO_VALUES },
  { code: 'in-fragments', kinds: ['truncated', 'all-zero'], proven: true, holds: inFragments },
  { code: 'packet-cut', kinds: ['truncated'], proven: false, holds: packetCut },
  { code: 'window-too-short', kinds: ['truncated'], proven: true, holds: () => NO_VALUES },
  { code: 'cleared-bytes', kinds: ['all-zero'], proven: false, holds: () => NO_VALUES },
];

function zerosBefore(it: Circumstances): TextValues | null {
  const shift = it.finding.networkAt;
  if (shift <= 0) return null;
  for (let offset = 0; offset < shift; offset++) if (byteAt(it, offset) !== 0) return null;
  return { shift };
}

function protocolMismatch({ input, finding }: Circumstances): TextValues | null {
  const protocol = input.skb?.protocol ?? null;
  if (protocol !== (finding.version === 4 ? 0x86dd : 0x0800)) return null;
  return {
    protocol: hexNumber(protocol, 4),
    expected: finding.version === 4 ? 6 : 4,
    version: finding.version,
  };
}

/** Bytes were wanted behind the linear part of the packet (`len - data_len`). */
function inFragments({ input }: Circumstances): TextValues | null {
  const { skb } = input;
  if (skb === null || skb.len === null || skb.dataLen === null || skb.dataLen <= 0) return null;
  const linear = skb.len - skb.dataLen;
  return linear >= 0 && linear < 40 ? { linear, fragments: skb.dataLen } : null;
}

/** The packet itself ends too early: before the least header, or before the length its header gives. */
function packetCut({ input, finding }: Circumstances): TextValues | null {
  const { packetLength } = input;
  if (packetLength === null) return null;
  const first = u8(input.bytes, Math.max(0, -input.window));
  return packetLength < leastHeader(input.expect, first) || finding.bits > LEAST_BITS ? NO_VALUES : null;
}

/** The cause that fits best, or null where none is known. */
export function causeOf(circumstances: Circumstances): Cause | null {
  const version = kernelVersion(circumstances.input.kernel);
  for (const rule of RULES) {
    if (!rule.kinds.includes(circumstances.kind)) continue;
    if (version === null ? rule.below !== undefined : version >= (rule.below ?? Infinity)) continue;
    if (version !== null && version < (rule.from ?? 0)) continue;
    const values = rule.holds(circumstances);
    if (values === null) continue;
    return {
      code: rule.code,
      text: text(`cause.${rule.code}`, values, 'en'),
      remedy: text(`remedy.${rule.code}`, values, 'en'),
      proven: rule.proven,
      values: { ...values },
    };
  }
  return null;
}
