import { NO_VERDICT } from './event-ring.ts';
import { VERDICT_KINDS } from '../../shared/packet/verdict-kinds.ts';
import type { VerdictKind } from '../../shared/packet/verdict-kinds.ts';

/** How a verdict is coloured: as it should be, another header, a damaged one, or not to be told. */
export type VerdictTone = 'good' | 'bad' | 'warn' | 'odd' | 'none';

const TONES = {
  'as-expected': 'good',
  'ethernet-where-ip-expected': 'bad',
  'ip-where-ethernet-expected': 'bad',
  'vlan-where-ip-expected': 'bad',
  'shifted-ip-header': 'bad',
  'wrong-ip-version': 'bad',
  'other-protocol': 'bad',
  'tun-packet-information': 'bad',
  'virtio-net-header': 'bad',
  'corrupt-ip-header': 'warn',
  truncated: 'odd',
  'all-zero': 'odd',
  unrecognised: 'odd',
} as const satisfies Record<VerdictKind, VerdictTone>;

/** The tone of a verdict by its index in VERDICT_KINDS; an unknown index is 'odd', NO_VERDICT has none. */
export function verdictTone(verdict: number): VerdictTone {
  if (verdict === NO_VERDICT) return 'none';
  const kind = VERDICT_KINDS[verdict];
  return kind === undefined ? 'odd' : TONES[kind];
}
