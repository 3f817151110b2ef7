import type { HostMark } from '../../state/host-marks.svelte.ts';

/** The colour of a mark; its word always stands beside it. */
export const MARK_TONES = {
  production: 'bad',
  staging: 'warn',
  test: 'good',
} as const satisfies Record<HostMark, string>;
