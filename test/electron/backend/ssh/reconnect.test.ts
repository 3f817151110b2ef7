import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { HOST_DEFAULTS } from '../../../../electron/backend/ssh/config.ts';
import { Reconnector } from '../../../../electron/backend/ssh/reconnect.ts';
import { connect } from '../../../../electron/backend/ssh/connection.ts';
import { runCommand } from '../../../../electron/backend/ssh/command.ts';
import { startLeashed } from '../../../../electron/backend/ssh/leash.ts';
import { Fail } from '../../../../shared/contract/failure.ts';
import type { LinkState } from '../../../../shared/contract/ssh-session.ts';
import { needs } from '../../../support/needs.ts';
import { startSilentProxy, startSshd } from '../../../support/sshd.ts';
import type { Sshd } from '../../../support/sshd.ts';

const away = new Fail('connect-refused', { host: 'h', port: 22 });
const refused = new Fail('authentication-failed', { user: 'u', host: 'h', offered: 'a key' });
const known = { hostKey: async () => expect.fail('it is known') };

function reconnector(results: (Fail | null)[], delays: readonly number[] = [0.01, 0.02]) {
  const told: LinkState[] = [];
  const interactive: boolean[] = [];
  const one = new Reconnector({
    delays,
    tell: (state) => void told.push(state),
    attempt: async (asks) => {
      interactive.push(asks);
      const result = results.shift() ?? null;
      if (result !== null) throw result;
    },
  });
  return { one, told, interactive, kinds: () => told.map(({ kind }) => kind) };
}

describe('a lost connection', () => {
  test('is tried again while the network is away, ever later, and nobody is asked', async () => {
    const { one, told, interactive } = reconnector([away, away, away, null]);
    one.begin();
    await expect.poll(() => told.at(-1)?.kind).toBe('resumed');
    expect(told.filter(({ kind }) => kind === 'waiting')).toEqual([
      { kind: 'waiting', attempt: 1, seconds: 0.01 },
      { kind: 'waiting', attempt: 2, seconds: 0.02 },
      { kind: 'waiting', attempt: 3, seconds: 0.02 },
      { kind: 'waiting', attempt: 4, seconds: 0.02 },
    ]);
    expect(interactive).toEqual([false, false, false, false]);
  });

  test.each([
    refused,
    new Fail('host-key-changed'),
    new Fail('closed-before-handshake'),
    new Fail('jump-host-failed', { code: 'authentication-failed' }),
    new Fail('sudo-password-wrong'),
  ])('is given up at the first answer that only a person can deal with: %s', async (failure) => {
    const { one, kinds, interactive } = reconnector([away, failure, null]);
    one.begin();
    await expect.poll(() => kinds().at(-1)).toBe('gave-up');
    await delay(100);
    expect(interactive).toHaveLength(2);
  });

  test('a person may try at once, and is asked; stop ends all of it', async () => {
    const { one, kinds, interactive } = reconnector([refused, away, null], [30]);
    one.begin();
    await expect(one.now()).rejects.toBe(refused);
    expect(kinds()).toEqual(['waiting', 'connecting', 'gave-up']);
    await expect(one.now()).rejects.toBe(away);
    expect(kinds().at(-1)).toBe('waiting');
    one.stop();
    const before = kinds().length;
    await delay(50);
    expect(kinds()).toHaveLength(before);
    expect(interactive).toEqual([true, true]);
  });
});

needs('sshd', 'ssh-keygen')('several hosts at once', () => {
  const hosts: Sshd[] = [];
  beforeAll(async () => {
    hosts.push(await startSshd(), await startSshd());
  });
  afterAll(() => {
    for (const host of hosts) host.stop();
  });

  test('a link that falls silent is noticed in under 15 s, and the other host does not notice', async () => {
    const [first, second] = hosts as [Sshd, Sshd];
    const proxy = await startSilentProxy(first.port);
    const { serverAliveIntervalSeconds, serverAliveCountMax } = HOST_DEFAULTS;
    const aliases = { serverAliveIntervalSeconds, serverAliveCountMax };
    const silent = await connect(
      first.config({
        ...aliases,
        port: proxy.port,
        hostKeyAlias: null,
        strictHostKeyChecking: 'no',
        userKnownHostsFiles: [],
      }),
      known,
    );
    const well = await connect(second.config(aliases), known);
    const lost = new Promise<Fail>((resolve) => silent.onLost(resolve));
    let wellLost = false;
    well.onLost(() => {
      wellLost = true;
    });
    const began = Date.now();
    proxy.silence();
    expect((await lost).failure).toMatchObject({ code: 'connection-lost' });
    expect((Date.now() - began) / 1000).toBeLessThan(15);
    expect(wellLost).toBe(false);
    well.close();
    proxy.close();
  });

  test('a flood from one does not delay the other', async () => {
    const [first, second] = await Promise.all(hosts.map((host) => connect(host.config(), known)));
    if (!first || !second) return expect.fail('two were started');
    const flood = await startLeashed(first, {
      command: '/bin/sh',
      input: 'exec yes "$(seq 1 20)"',
      sudo: false,
    });
    let bytes = 0;
    flood.onStdout((chunk) => {
      bytes += chunk.length;
    });
    const target = { connection: second, sudo: false, onCommand: () => undefined };
    const times: number[] = [];
    for (let round = 0; round < 5; round++) {
      const began = Date.now();
      await runCommand(target, 'echo here', 'test', { seconds: 10, bytes: 100 });
      times.push(Date.now() - began);
    }
    flood.interrupt(1);
    await flood.exit;
    expect(bytes).toBeGreaterThan(1e6);
    expect(Math.max(...times)).toBeLessThan(2500);
    first.close();
    second.close();
  });
});
