import { randomInt } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { connect } from '../../../../electron/backend/ssh/connection.ts';
import type { Connection } from '../../../../electron/backend/ssh/connection.ts';
import { startLeashed } from '../../../../electron/backend/ssh/leash.ts';
import { needs } from '../../../support/needs.ts';
import { startSshd } from '../../../support/sshd.ts';
import type { Sshd } from '../../../support/sshd.ts';
import { until } from './leash-children.ts';
import { processesWith } from './processes.ts';

const MEGABYTE = 1 << 20;

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

/** What this process holds, garbage aside. */
function heldBytes(): number {
  collectGarbage();
  return process.memoryUsage().rss;
}

/** Bytes that a process of this machine has written so far (proc(5), /proc/PID/io). */
function writtenBy(pid: number): number {
  return Number(/^wchar: (\d+)$/m.exec(readFileSync(`/proc/${pid}/io`, 'latin1'))?.[1] ?? Number.NaN);
}

needs('sshd', 'ssh-keygen')('a consumer that stops reading', () => {
  let sshd: Sshd;
  let connection: Connection;
  beforeAll(async () => {
    sshd = await startSshd();
    connection = await connect(sshd.config({ serverAliveIntervalSeconds: 5 }), {
      hostKey: async () => expect.fail('the host key is known'),
    });
  });
  afterAll(() => {
    connection.close();
    sshd.stop();
  });

  test('stops the command on the target: under 64 MB are held here, and nothing is lost', async () => {
    const total = 256 * MEGABYTE + randomInt(MEGABYTE);
    const before = heldBytes();
    const leash = await startLeashed(connection, {
      command: '/bin/sh',
      input: `exec head -c ${total} /dev/zero`,
      sudo: false,
    });
    let bytes = 0;
    leash.pause();
    leash.onStdout((chunk) => (bytes += chunk.length));
    leash.pause();
    const isHead = ({ command }: { command: string }): boolean => command.startsWith('head');
    await until('it runs', () => processesWith(String(total)).some(isHead));
    const { pid } = processesWith(String(total)).find(isHead) ?? expect.fail('it has ended');
    let written = -1;
    while (written !== writtenBy(pid)) {
      written = writtenBy(pid);
      await delay(1000);
    }
    expect(written).toBeGreaterThan(0);
    expect(written).toBeLessThan(32 * MEGABYTE);
    expect(heldBytes() - before).toBeLessThan(64 * MEGABYTE);
    const other = await startLeashed(connection, { command: 'cat', input: 'meanwhile', sudo: false });
    const said: Buffer[] = [];
    other.onStdout((chunk) => said.push(chunk));
    expect((await other.exit).code).toBe(0);
    expect(Buffer.concat(said).toString()).toBe('meanwhile');
    expect(writtenBy(pid)).toBe(written);
    leash.resume();
    expect((await leash.exit).code).toBe(0);
    expect(bytes).toBe(total);
    expect(heldBytes() - before).toBeLessThan(64 * MEGABYTE);
  });
});
