import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createConnection, createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createBackend } from '../../../electron/backend/index.ts';
import type { Page, PageEvents } from '../../../shared/contract/api.ts';
import type { LinkState } from '../../../shared/contract/ssh-session.ts';
import { needs } from '../../support/needs.ts';
import { startSshd } from '../../support/sshd.ts';
import type { Sshd } from '../../support/sshd.ts';

/** A way to sshd that can be taken away and given back, on the same port. */
async function startBridge(
  targetPort: number,
): Promise<{ port: number; cut(): void; mend(): Promise<void> }> {
  const sockets = new Set<Socket>();
  let server: Server;
  const listen = async (port: number): Promise<number> => {
    server = createServer((near) => {
      const far = createConnection(targetPort, '127.0.0.1');
      for (const socket of [near, far]) {
        sockets.add(socket);
        socket.on('error', () => undefined);
      }
      near.pipe(far).pipe(near);
    });
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
    return (server.address() as AddressInfo).port;
  };
  const port = await listen(0);
  return {
    port,
    cut: () => {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
    mend: async () => void (await listen(port)),
  };
}

needs('sshd', 'ssh-keygen')('a session', () => {
  let sshd: Sshd;
  const directory = mkdtempSync(join(tmpdir(), 'skblens-session-'));
  beforeAll(async () => {
    sshd = await startSshd();
  });
  afterAll(() => {
    sshd.stop();
    rmSync(directory, { recursive: true });
  });

  const openPage = (port: number) => {
    const configFile = join(directory, `config-${port}`);
    const known = join(directory, `known-${port}`);
    writeFileSync(known, `[127.0.0.1]:${port} ${sshd.hostPublicKey}\n`);
    writeFileSync(
      configFile,
      `Host here\n HostName 127.0.0.1\n Port ${port}\n User ${userInfo().username}\n IdentityFile ${sshd.identity}\n` +
        ` IdentitiesOnly yes\n UserKnownHostsFile ${known}\n`,
    );
    const events: { name: string; payload: unknown }[] = [];
    const page: Page = {
      event: (name, payload) => void events.push({ name, payload }),
      batch: () => undefined,
      ask: async () => expect.fail('nothing was to be asked'),
    };
    const client = createBackend({
      version: 'test',
      shell: 'browser',
      profileDirectory: directory,
      cacheDirectory: directory,
      ssh: { configFile, identityFiles: [], port: null },
      demo: null,
    }).open(page);
    const all = <K extends keyof PageEvents>(name: K): Parameters<PageEvents[K]>[0][] =>
      events.filter((one) => one.name === name).map((one) => one.payload as never);
    const links = (): LinkState['kind'][] => all('sessionLink').map(({ state }) => state.kind);
    return { client, all, links };
  };

  test('whose connection is lost comes back by itself: survey and counters go on under the same name', async () => {
    const bridge = await startBridge(sshd.port);
    const { client, all, links } = openPage(bridge.port);
    const info = await client.handlers.connect({ host: 'here' });
    const { session } = info;
    expect(all('connectLog').map(({ line }) => line.step)).toContain('authentication');
    await client.handlers.watchCounters({ session, on: true });
    await expect.poll(() => all('counters').length, { timeout: 10_000 }).toBeGreaterThan(0);
    bridge.cut();
    await expect.poll(() => all('sessionLost').length, { timeout: 10_000 }).toBe(1);
    expect(links()).toEqual(['waiting']);
    await expect(client.handlers.survey({ session })).rejects.toMatchObject({
      failure: { code: 'not-connected' },
    });
    await expect.poll(() => links().filter((kind) => kind === 'waiting').length, { timeout: 10_000 }).toBe(2);
    const before = all('counters').length;
    await bridge.mend();
    await expect.poll(() => links().at(-1), { timeout: 15_000 }).toBe('resumed');
    expect((await client.handlers.survey({ session })).facts.hostname).not.toBe('');
    await expect.poll(() => all('counters').length, { timeout: 10_000 }).toBeGreaterThan(before);
    await client.close();
    bridge.cut();
  });

  test('that is closed while it is lost is not tried again', async () => {
    const bridge = await startBridge(sshd.port);
    const { client, links } = openPage(bridge.port);
    const { session } = await client.handlers.connect({ host: 'here' });
    bridge.cut();
    await expect.poll(() => links()).toEqual(['waiting']);
    await client.handlers.disconnect({ session });
    await bridge.mend();
    await new Promise((resolve) => setTimeout(resolve, 1500));
    expect(links()).toEqual(['waiting']);
    await client.close();
    bridge.cut();
  });

  test('can be tried at once by a person, and says what it failed with', async () => {
    const bridge = await startBridge(sshd.port);
    const { client, links } = openPage(bridge.port);
    const { session } = await client.handlers.connect({ host: 'here' });
    bridge.cut();
    await expect.poll(() => links()).toEqual(['waiting']);
    await expect(client.handlers.reconnect({ session })).rejects.toMatchObject({
      failure: { code: 'connect-refused' },
    });
    await bridge.mend();
    await client.handlers.reconnect({ session });
    expect(links().at(-1)).toBe('resumed');
    await expect(client.handlers.reconnect({ session: 'nothing' })).rejects.toMatchObject({
      failure: { code: 'not-connected' },
    });
    await client.close();
    bridge.cut();
  });

  test('that is being connected can be cancelled by the name its log has', async () => {
    const silent = createServer((socket) => socket.on('error', () => undefined));
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const { client, all } = openPage((silent.address() as AddressInfo).port);
    const pending = client.handlers.connect({ host: 'here' });
    const outcome = expect(pending).rejects.toMatchObject({ failure: { code: 'cancelled' } });
    await expect.poll(() => all('connectLog').length).toBeGreaterThan(0);
    await client.handlers.cancelConnect({ session: all('connectLog')[0]?.session ?? '' });
    await outcome;
    await client.close();
    silent.close();
  });
});
