import { execFileSync } from 'node:child_process';
import { chmodSync, copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createConnection, createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openDemoTarget } from '../../../electron/backend/demo/target.ts';
import { createBackend } from '../../../electron/backend/index.ts';
import { decodeBatch } from '../../../shared/capture/batch.ts';
import type { Page, PageEvents, RunState } from '../../../shared/contract/api.ts';
import type { SecretQuestion } from '../../../shared/contract/ssh-session.ts';
import { probeSpec } from '../../../shared/probe/spec.ts';
import { needs } from '../../support/needs.ts';
import { startSshd } from '../../support/sshd.ts';
import type { Sshd } from '../../support/sshd.ts';
import { writeFastRecording } from './demo/fast-recording.ts';

const directory = mkdtempSync(join(tmpdir(), 'skblens-sessions-'));
let demo: Awaited<ReturnType<typeof openDemoTarget>>;
beforeAll(async () => {
  demo = await openDemoTarget(writeFastRecording(join(directory, 'recording.gz'), 10));
});
afterAll(async () => {
  await demo.close();
  rmSync(directory, { recursive: true });
});

/** A page that keeps what it is told, and answers no question. */
function openPage(configText: string) {
  const configFile = join(directory, `config-${Math.random()}`);
  writeFileSync(configFile, configText);
  const events: { name: string; payload: unknown }[] = [];
  const records = new Map<number, number>();
  const asked: SecretQuestion[] = [];
  const page: Page = {
    event: (name, payload) => void events.push({ name, payload }),
    batch: (bytes) => {
      const batch = decodeBatch(bytes) ?? expect.fail('no batch');
      records.set(batch.run, (records.get(batch.run) ?? 0) + batch.count);
    },
    ask: async (name, question) => {
      if (name !== 'secret') return 'cancel' as never;
      asked.push(question as SecretQuestion);
      return null as never;
    },
  };
  const client = createBackend({
    version: 'test',
    shell: 'browser',
    profileDirectory: directory,
    cacheDirectory: join(directory, 'cache'),
    ssh: { configFile, identityFiles: [], port: null },
    demo,
  }).open(page);
  const all = <K extends keyof PageEvents>(name: K): Parameters<PageEvents[K]>[0][] =>
    events.filter((one) => one.name === name).map((one) => one.payload as never);
  const lastState = (run: number): RunState | undefined =>
    all('runState').findLast((payload) => payload.run === run)?.state;
  return { client, all, records, lastState, asked };
}

test('two sessions of a page probe at once, and the end of one is not that of the other', async () => {
  const { client, all, records, lastState } = openPage('');
  const [first, second] = await Promise.all([
    client.handlers.connectDemo({}),
    client.handlers.connectDemo({}),
  ]);
  expect(first.session).not.toBe(second.session);
  const spec = probeSpec.parse({ function: 'ip_rcv_core', filter: 'bad-ip-header' });
  const one = await client.handlers.startProbe({ session: first.session, spec });
  const two = await client.handlers.startProbe({ session: second.session, spec });
  await expect.poll(() => lastState(one.run), { timeout: 25_000 }).toMatchObject({ kind: 'attached' });
  await expect.poll(() => records.get(one.run) ?? 0, { timeout: 25_000 }).toBeGreaterThan(2);
  await expect.poll(() => records.get(two.run) ?? 0, { timeout: 25_000 }).toBeGreaterThan(2);
  for (const { run, session } of all('runState'))
    expect(session).toBe(run === one.run ? first.session : second.session);

  await client.handlers.disconnect({ session: first.session });
  expect(['stopped', 'failed']).toContain(lastState(one.run)?.kind);
  expect(lastState(two.run)?.kind).toBe('attached');
  const before = records.get(two.run) ?? 0;
  await expect.poll(() => records.get(two.run) ?? 0, { timeout: 25_000 }).toBeGreaterThan(before);
  await expect(client.handlers.survey({ session: first.session })).rejects.toMatchObject({
    failure: { code: 'not-connected' },
  });
  expect((await client.handlers.survey({ session: second.session })).facts.uid).toBe(0);
  await client.handlers.stopProbe({ run: two.run });
  await expect.poll(() => lastState(two.run)?.kind, { timeout: 25_000 }).toBe('stopped');
  await client.close();
});

needs('sshd', 'ssh-keygen')('two hosts of one page', () => {
  let sshd: Sshd;
  beforeAll(async () => {
    sshd = await startSshd();
  });
  afterAll(() => sshd.stop());

  test('fail alone: with the way to one cut, the other answers and counts on', async () => {
    const sockets = new Set<Socket>();
    const bridge = createServer((near) => {
      const far = createConnection(sshd.port, '127.0.0.1');
      for (const socket of [near, far]) sockets.add(socket.on('error', () => undefined));
      near.pipe(far).pipe(near);
    });
    await new Promise<void>((resolve) => bridge.listen(0, '127.0.0.1', resolve));
    const { port } = bridge.address() as AddressInfo;
    const known = join(directory, 'known');
    writeFileSync(
      known,
      [port, sshd.port].map((one) => `[127.0.0.1]:${one} ${sshd.hostPublicKey}\n`).join(''),
    );
    const host = (name: string, at: number): string => `Host ${name}\n Port ${at}\n`;
    const { client, all } = openPage(
      `${host('bridged', port)}${host('direct', sshd.port)}Host *\n HostName 127.0.0.1\n` +
        ` User ${userInfo().username}\n IdentityFile ${sshd.identity}\n IdentitiesOnly yes\n UserKnownHostsFile ${known}\n`,
    );
    const bridged = await client.handlers.connect({ host: 'bridged' });
    const direct = await client.handlers.connect({ host: 'direct' });
    for (const { session } of [bridged, direct]) await client.handlers.watchCounters({ session, on: true });
    const readings = (session: string): number =>
      all('counters').filter((payload) => payload.session === session).length;
    await expect.poll(() => Math.min(readings(bridged.session), readings(direct.session))).toBeGreaterThan(0);

    bridge.close();
    for (const socket of sockets) socket.destroy();
    await expect.poll(() => all('sessionLost').length, { timeout: 10_000 }).toBe(1);
    expect(all('sessionLost')[0]).toMatchObject({ session: bridged.session });
    const before = readings(direct.session);
    await expect.poll(() => readings(direct.session), { timeout: 10_000 }).toBeGreaterThan(before);
    expect((await client.handlers.survey({ session: direct.session })).facts.hostname).not.toBe('');
    expect(all('sessionLink').map(({ session }) => session)).not.toContain(direct.session);
    await client.close();
  });

  test('say how a name was looked up, and of an address nothing', async () => {
    const { client, all } = openPage(
      `Host *\n Port ${sshd.port}\n User ${userInfo().username}\n IdentityFile ${sshd.identity}\n` +
        ` IdentitiesOnly yes\n HostKeyAlias [127.0.0.1]:${sshd.port}\n UserKnownHostsFile ${sshd.knownHosts}\n`,
    );
    const keysOf = (session: string): string[] =>
      all('connectLog').flatMap((one) =>
        one.session === session && one.line.step === 'connect' ? [one.line.key] : [],
      );
    const named = await client.handlers.connect({ host: 'localhost' });
    expect(keysOf(named.session).slice(0, 3)).toEqual(['connecting', 'resolving', 'resolved']);
    const resolved = all('connectLog').find(({ line }) => line.key === 'resolved');
    expect(resolved?.line.text).toMatch(/^localhost is (?:127\.0\.0\.1|::1)$/);
    expect(keysOf(named.session).at(-1)).toBe('connected');
    const numbered = await client.handlers.connect({ host: '127.0.0.1' });
    expect(keysOf(numbered.session)).toEqual(['connecting', 'connected']);
    await client.close();
  });

  test('ask under the name of their own attempt', async () => {
    const locked = join(directory, 'locked');
    copyFileSync(sshd.identity, locked);
    copyFileSync(`${sshd.identity}.pub`, `${locked}.pub`);
    chmodSync(locked, 0o600);
    execFileSync('ssh-keygen', ['-q', '-p', '-P', '', '-N', 'moon', '-f', locked]);
    const { client, all, asked } = openPage(
      `Host *\n HostName 127.0.0.1\n Port ${sshd.port}\n User ${userInfo().username}\n IdentityFile ${locked}\n` +
        ` IdentitiesOnly yes\n UserKnownHostsFile ${sshd.knownHosts}\n`,
    );
    const outcomes = await Promise.allSettled(['a', 'b'].map((host) => client.handlers.connect({ host })));
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    const attempts = all('progress').flatMap(({ what, session }) => (what === 'connect' ? [session] : []));
    expect(new Set(attempts).size).toBe(2);
    expect(asked.map(({ session, kind }) => `${kind} ${session}`).toSorted()).toEqual(
      attempts.map((session) => `passphrase ${session}`).toSorted(),
    );
    await client.close();
  });
});
