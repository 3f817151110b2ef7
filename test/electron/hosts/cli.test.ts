import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openDemoTarget } from '../../../electron/backend/demo/target.ts';
import { PcapReader } from '../../../shared/capture/pcap-reader.ts';
import { startSkblens } from '../../support/skblens.ts';
import { writeFastRecording } from '../backend/demo/fast-recording.ts';
import { runCli } from './run-cli.ts';

const RUN = fileURLToPath(new URL('../../../build/bootstrap/run.mjs', import.meta.url));

const cacheHome = process.env['XDG_CACHE_HOME'];
let directory = '';
let config = '';
let demo: Awaited<ReturnType<typeof openDemoTarget>>;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'skblens-cli-'));
  process.env['XDG_CACHE_HOME'] = join(directory, 'cache');
  demo = await openDemoTarget(writeFastRecording(join(directory, 'recording.gz'), 20));
  const to = await demo.start();
  config = join(directory, 'config');
  writeFileSync(
    config,
    `Host one two
  HostName ${to.hostName}
  Port ${to.port}
  User ${to.user}
  IdentityFile ${to.identityFiles[0]}
  IdentitiesOnly yes
  UserKnownHostsFile ${to.userKnownHostsFiles[0]}
Host gone
  HostName 127.0.0.1
  Port 1
  IdentityFile ${to.identityFiles[0]}
`,
  );
});
afterAll(async () => {
  if (cacheHome === undefined) delete process.env['XDG_CACHE_HOME'];
  else process.env['XDG_CACHE_HOME'] = cacheHome;
  await demo.close();
  await rm(directory, { recursive: true });
});

/** A folder for temporary files of a program of its own: what it leaves there it has forgotten. */
function scratch(): { environment: NodeJS.ProcessEnv; left: () => string[] } {
  const folder = join(directory, `tmp-${Math.random()}`);
  mkdirSync(folder);
  return {
    environment: { TMPDIR: folder, XDG_CACHE_HOME: join(directory, 'cache') },
    left: () => readdirSync(folder),
  };
}

const profile = (host: string): string => {
  const file = join(directory, `profile-${Math.random()}.json`);
  const probe = { function: 'ip_rcv_core', filter: 'bad-ip-header', count: 2 };
  writeFileSync(
    file,
    JSON.stringify({ skblens: 'investigation', version: 1, name: 'Lost pings', host, probe }),
  );
  return file;
};

describe('against a recorded kernel', () => {
  test('probe: attached, events with their bytes and verdict, stopped; and the packets as pcapng', async () => {
    const pcapng = join(directory, 'out.pcapng');
    const { status, lines } = await runCli(
      ...['probe', 'one', 'ip_rcv_core', '-F', config, '--json', '--filter', 'bad-ip-header', '--count', '3'],
      ...['--pcapng', pcapng],
    );
    expect(status).toBe(0);
    const seen = lines().map(({ type }) => type);
    expect(seen.filter((type) => /^(attached|event|stopped|failure)$/.test(type))).toEqual([
      'attached',
      'event',
      'event',
      'event',
      'stopped',
    ]);
    for (const event of lines().filter(({ type }) => type === 'event'))
      expect(event).toMatchObject({
        host: 'one',
        function: 'ip_rcv_core',
        bytes: expect.stringMatching(/^([0-9a-f]{2})+$/) as string,
        verdict: { kind: 'ethernet-where-ip-expected', headerAt: 14 },
      });
    const reader = new PcapReader();
    const packets = reader.push(readFileSync(pcapng));
    expect([packets.length, reader.end()]).toEqual([3, null]);
    for (const packet of packets) expect(packet.linktype).toBe(1);
    // Read again, the file still knows what the function took the packets for, and from which device they came.
    const again = await runCli('inspect', pcapng, '--json');
    const live = lines().filter(({ type }) => type === 'event');
    expect(again.lines().map(({ verdict }) => (verdict as { kind: string }).kind)).toEqual(
      live.map(({ verdict }) => (verdict as { kind: string }).kind),
    );
    expect(again.lines().map(({ verdict }) => (verdict as { cause: unknown }).cause)).toEqual(
      live.map(({ verdict }) => (verdict as { cause: unknown }).cause),
    );
  });

  test('--expect-verdict that is never seen is 3; a pcapng that cannot be written is 1', async () => {
    const args = [
      'probe',
      'one',
      'ip_rcv_core',
      '-F',
      config,
      '--json',
      '--filter',
      'bad-ip-header',
      '--count',
      '1',
    ];
    expect((await runCli(...args, '--expect-verdict', 'all-zero')).status).toBe(3);
    expect((await runCli(...args, '--expect-verdict', 'ethernet-where-ip-expected')).status).toBe(0);
    for (const file of ['/nonexistent/out.pcapng', '/dev/full']) {
      const { status, lines } = await runCli(...args, '--pcapng', file);
      expect([file, status]).toEqual([file, 1]);
      expect(lines().at(-1)).toMatchObject({ type: 'failure', code: 'file-unwritable' });
    }
  });

  test('--print-script runs nothing', async () => {
    const { status, lines } = await runCli(
      'probe',
      'one',
      'ip_rcv_core',
      '-F',
      config,
      '--json',
      '--print-script',
    );
    expect(status).toBe(0);
    expect(lines()).toMatchObject([{ type: 'script', engine: 'bpftrace' }]);
    expect(lines()[0]?.['script']).toContain('ip_rcv_core');
  });

  test('survey: an item a line', async () => {
    const { status, lines } = await runCli('survey', 'one', '-F', config, '--json');
    expect(status).toBe(0);
    expect(lines()[0]).toMatchObject({
      type: 'survey',
      host: 'one',
      facts: { release: demo.recording.kernel },
    });
    expect(
      lines()
        .slice(1)
        .every(({ type, state }) => type === 'item' && /^(ok|warn|bad)$/.test(String(state))),
    ).toBe(true);
  });

  test('run: a saved investigation on several hosts at once; each fails alone', async () => {
    const file = profile('one');
    const both = await runCli('run', file, 'one', 'two', '-F', config, '--json');
    expect(both.status).toBe(0);
    for (const host of ['one', 'two'])
      expect(both.lines().filter((line) => line.type === 'event' && line['host'] === host)).toHaveLength(2);
    const mixed = await runCli('run', file, 'gone', 'one', '-F', config, '--json');
    expect(mixed.status).toBe(1);
    expect(mixed.lines().filter(({ type }) => type === 'failure')).toMatchObject([
      { host: 'gone', code: 'connect-refused' },
    ]);
    expect(mixed.lines().filter(({ type }) => type === 'event')).toHaveLength(2);
    const own = await runCli(
      'run',
      file,
      '-F',
      config,
      '--json',
      '--count',
      '1',
      '--expect-verdict',
      'all-zero',
    );
    expect(own.status).toBe(3);
    expect(own.lines().filter((line) => line.type === 'event' && line['host'] === 'one')).toHaveLength(1);
  });
});

describe.concurrent('as a program', () => {
  test('demo --json proves the reference case, and nothing but JSON lines is on stdout', async () => {
    const { environment, left } = scratch();
    const demoRun = startSkblens(['demo', '--json'], environment);
    expect(await demoRun.exit, demoRun.stderr()).toBe(0);
    const kinds = demoRun.lines
      .filter(({ type }) => type === 'event')
      .map(({ verdict }) => (verdict as { kind: string }).kind);
    expect(kinds).toEqual(Array(3).fill('ethernet-where-ip-expected'));
    expect(demoRun.stderr()).toContain('REPLAY');
    expect(left()).toEqual([]);
  });

  test.each(['SIGINT', 'SIGTERM'] as const)(
    '%s stops gently: totals come, nothing is left',
    async (signal) => {
      const { environment, left } = scratch();
      const probe = startSkblens(['demo', '--json', '--count', '1000000'], environment);
      await probe.line('event');
      probe.process.kill(signal);
      expect(await probe.exit, probe.stderr()).toBe(0);
      expect(probe.lines.at(-1)).toMatchObject({ type: 'stopped', reason: 'user' });
      expect(left()).toEqual([]);
    },
  );

  test('SIGINT before it is attached cancels, at once', async () => {
    const { environment, left } = scratch();
    const probe = startSkblens(['demo', '--json', '-v'], environment);
    await expect.poll(() => probe.stderr(), { timeout: 20_000 }).toContain('running there (');
    const began = Date.now();
    probe.process.kill('SIGINT');
    expect([0, 1]).toContain(await probe.exit);
    expect(Date.now() - began).toBeLessThan(4000);
    expect(probe.lines.some(({ type }) => type === 'event')).toBe(false);
    expect(probe.lines.at(-1)).toMatchObject({ type: expect.stringMatching(/failure|stopped/) as string });
    expect(left()).toEqual([]);
  });

  test('SIGINT while a host does not answer cancels, at once', async () => {
    const { createServer } = await import('node:net');
    const silent = createServer((socket) => void socket.on('error', () => undefined));
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const address = silent.address() as { port: number };
    const connected = new Promise((resolve) => silent.once('connection', resolve));
    const survey = startSkblens(
      ['survey', `127.0.0.1:${address.port}`, '--json', '-F', '/dev/null'],
      scratch().environment,
    );
    await connected;
    await new Promise((resolve) => setTimeout(resolve, 200));
    const began = Date.now();
    survey.process.kill('SIGINT');
    expect(await survey.exit).toBe(1);
    expect(Date.now() - began).toBeLessThan(3000);
    expect(survey.lines).toMatchObject([{ type: 'failure', code: 'cancelled' }]);
    silent.close();
  });

  test('a reader that goes away (| head -1) ends the probe, without a failure and with nothing left', async () => {
    const { environment, left } = scratch();
    const child = spawn(process.execPath, [RUN, 'skblens', 'demo', '--json', '--count', '1000000'], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...environment },
    });
    let stderr = '';
    child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
    const exit = new Promise<number | null>((resolve) => child.on('exit', resolve));
    await new Promise((resolve) => child.stdout.once('data', resolve));
    child.stdout.destroy();
    expect(await exit, stderr).toBe(0);
    expect(stderr).not.toMatch(/EPIPE|Error/);
    expect(left()).toEqual([]);
  });

  test('inspect, too, ends with its reader', async () => {
    const { classicPcap } = await import('../../shared/capture/capture-bytes.ts');
    const packets = Array.from({ length: 20_000 }, (_, i) => ({ ns: BigInt(i), bytes: new Uint8Array(60) }));
    const file = join(directory, 'many.pcap');
    writeFileSync(file, classicPcap(packets, { little: true, nanoseconds: false, linktype: 1 }));
    const child = spawn(process.execPath, [RUN, 'skblens', 'inspect', file, '--json'], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let stderr = '';
    child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
    const exit = new Promise<number | null>((resolve) => child.on('exit', resolve));
    await new Promise((resolve) => child.stdout.once('data', resolve));
    child.stdout.destroy();
    expect(await exit, stderr).toBe(0);
    expect(stderr).not.toMatch(/EPIPE|unsettled|Error/);
  });

  test('a full disk behind stdout is a failure', async () => {
    const child = spawn('/bin/sh', ['-c', `"$0" "$1" skblens help >/dev/full`, process.execPath, RUN], {
      stdio: ['ignore', 'inherit', 'pipe'],
    });
    let stderr = '';
    child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
    expect(await new Promise((resolve) => child.on('exit', resolve)), stderr).toBe(1);
    expect(stderr).toContain('cannot be written');
  });

  test('serve prints an address that opens the app, and ends on SIGTERM', async () => {
    if (!existsSync(fileURLToPath(new URL('../../../dist/renderer/index.html', import.meta.url)))) {
      const unbuilt = startSkblens(['serve', '--json'], scratch().environment);
      expect(await unbuilt.exit).toBe(1);
      expect(unbuilt.lines).toMatchObject([{ type: 'failure', code: 'file-unreadable' }]);
      return;
    }
    const serve = startSkblens(['serve', '--json'], scratch().environment);
    const { url } = await serve.line('serving');
    const response = await fetch(String(url), { redirect: 'manual' });
    expect(response.status).toBe(303);
    serve.process.kill('SIGTERM');
    expect(await serve.exit).toBe(0);
  });
});
