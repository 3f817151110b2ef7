import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'vitest';
import type { ChannelExit, Connection } from '../../../../electron/backend/ssh/connection.ts';
import type { Leash, LeashTimes } from '../../../../electron/backend/ssh/leash.ts';

export const TIMES: LeashTimes = { limitSeconds: 3, graceSeconds: 1, heartbeatSeconds: 1 };
/** What a silent link may take: the limit, the grace, a tick of the timer, and a loaded machine. */
export const SILENT_SECONDS = TIMES.limitSeconds + TIMES.graceSeconds + 6;

/** Commands whose process holds a marker of its own in its command line. */
export const CHILDREN = {
  quiet: (marker: string) => ({ command: '/bin/sh', input: `exec sleep 86400.${marker}` }),
  stubborn: (marker: string) => ({
    command: `/bin/sh -s ${marker}`,
    input: `trap '' INT TERM HUP\nwhile :; do sleep 0.2; done\n`,
  }),
  flooding: (marker: string) => ({ command: '/bin/sh', input: `exec yes ${marker}` }),
  /** Not the child itself holds the marker, but what it has started: one in front and one behind. */
  parental: (marker: string) => ({
    command: '/bin/sh',
    input: `sleep 86400.${marker} & sleep 86401.${marker}; echo never`,
  }),
  /** Deaf to everything that can be ignored, also to the loss of its reader. */
  deaf: (marker: string) => ({
    command: `/bin/sh -s ${marker}`,
    input: `trap '' INT TERM HUP PIPE\nwhile :; do echo ${marker} 2>/dev/null; sleep 0.1; done\n`,
  }),
} as const;
export type ChildKind = keyof typeof CHILDREN;
export const KINDS = Object.keys(CHILDREN) as ChildKind[];

/** Digits, so that `sleep` takes it too. */
export function newMarker(): string {
  return String(BigInt(`0x${randomBytes(7).toString('hex')}`)).padStart(17, '7');
}

/** The connection, with the nonce of each command that is started on it. */
export function watched(connection: Connection): Connection & { readonly nonces: string[] } {
  const nonces: string[] = [];
  return {
    ...connection,
    nonces,
    exec: (command) => {
      nonces.push(/skblens[0-9a-f]+/.exec(command)?.[0] ?? expect.fail(`no nonce in ${command}`));
      return connection.exec(command);
    },
  };
}

export async function output(leash: Leash): Promise<{ bytes: Buffer; exit: ChannelExit }> {
  const chunks: Buffer[] = [];
  leash.onStdout((chunk) => chunks.push(chunk));
  const exit = await leash.exit;
  return { bytes: Buffer.concat(chunks), exit };
}

export async function until(what: string, holds: () => boolean, seconds = 10): Promise<void> {
  for (let waited = 0; !holds(); waited += 0.05) {
    if (waited > seconds) expect.fail(`after ${seconds} s still not: ${what}`);
    await delay(50);
  }
}
