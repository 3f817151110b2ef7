import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { breakGuest, breakGuestByTun, fixGuest, type BreakResult } from './break.ts';
import { FAULT_CASES, faultCase, type CounterName } from './cases.ts';
import { runCommand } from './commands.ts';
import { upGuest, type Guest } from './guest.ts';
import { LOGINS } from './logins.ts';
import { labObstacle } from './obstacle.ts';
import type { LabPaths } from './paths.ts';
import { closePrivateLab, openPrivateLab } from './private-lab.ts';

const GUESTS = [
  { name: 'bookworm', kernel: /^6\.1\./, bpftrace: /v0\.17\./ },
  { name: 'trixie', kernel: /^6\.12\./, bpftrace: /v0\.23\./ },
  { name: 'sid', kernel: /^7\.\d+/, bpftrace: /v0\.2[5-9]\.|v0\.[3-9]\d\./ },
] as const;

/** Enough to tell "each" from "once"; the guests are slow. */
const COUNT = 3;

const obstacle = await labObstacle();
if (obstacle !== null) console.warn(`SKIPPED: ${obstacle}`);

describe.skipIf(obstacle !== null).each(GUESTS)('$name', ({ name, kernel, bpftrace }) => {
  let paths: LabPaths;
  let guest: Guest;

  beforeAll(async () => {
    paths = await openPrivateLab();
    guest = await upGuest(name, { paths });
  }, 900_000);

  afterAll(async () => {
    await closePrivateLab(paths);
  });

  async function output(command: string, login = ''): Promise<string> {
    const { code, stdout, stderr } = await guest.run(command, { login });
    expect(code, `${command}: ${stderr}`).toBe(0);
    return stdout.trim();
  }

  it('is the kernel and bpftrace that its name promises, with BTF and tracefs', async () => {
    const lines = await output(
      'id -u; uname -r; bpftrace --version; stat -c %s /sys/kernel/btf/vmlinux; ' +
        'test -r /sys/kernel/tracing/available_filter_functions && echo tracefs; ' +
        'ping -c 1 -W 2 127.0.0.1 >/dev/null && ping -c 1 -W 2 ::1 >/dev/null && echo loopback',
    );
    const [user, release, version, btfBytes, ...rest] = lines.split('\n');
    expect(user).toBe('0');
    expect(release).toMatch(kernel);
    expect(version).toMatch(bpftrace);
    expect(Number(btfBytes)).toBeGreaterThan(1_000_000);
    expect(rest).toEqual(['tracefs', 'loopback']);
  }, 60_000);

  it('is returned at once when it is up', async () => {
    const started = Date.now();
    const again = await upGuest(name, { paths });
    expect(again.pid).toBe(guest.pid);
    expect(Date.now() - started).toBeLessThan(30_000);
  }, 60_000);

  it('lets every login in by key, with just its own rights', async () => {
    for (const { alias, user, shell, sudo } of LOGINS) {
      const facts =
        `id -un; getent passwd ${user} | cut -d: -f7; sudo -n true 2>/dev/null; echo $?; ` +
        `echo ${guest.password} | sudo -S -k -p : id -u 2>/dev/null`;
      const { stdout } = await guest.run(`sh -c '${facts}'`, { login: alias });
      const [name, ownShell, silent, asked = ''] = stdout.split('\n');
      expect([name, ownShell]).toEqual([user, shell]);
      expect(silent === '0', `sudo -n as ${user}`).toBe(sudo === 'no-password' || sudo === 'is-root');
      expect(asked, `sudo -S as ${user}`).toBe(sudo === 'never' ? '' : '0');
    }
  }, 120_000);

  it('takes the password of the users that have one, and never of root', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'skblens-askpass-'));
    try {
      const askpass = join(folder, 'askpass');
      await writeFile(askpass, `#!/bin/sh\necho ${guest.password}\n`);
      await chmod(askpass, 0o700);
      const login = async (alias: string) =>
        await runCommand(
          'ssh',
          [
            ...[
              '-F',
              guest.sshConfigPath,
              '-o',
              'PubkeyAuthentication=no',
              '-o',
              'NumberOfPasswordPrompts=1',
            ],
            ...[
              '-o',
              'PreferredAuthentications=password',
              '-o',
              'LogLevel=ERROR',
              `${name}${alias}`,
              'id -un',
            ],
          ],
          {
            environment: { SSH_ASKPASS: askpass, SSH_ASKPASS_REQUIRE: 'force' },
            timeoutMilliseconds: 60_000,
          },
        );
      const [sudoer, plain, root] = await Promise.all([login('-sudo'), login('-nobody'), login('')]);
      expect(sudoer.stdout.trim()).toBe('sudoer');
      expect(plain.stdout.trim()).toBe('plain');
      expect(root.code).toBe(255);
      expect(root.stderr).toContain('Permission denied');
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }, 60_000);

  it.each(caseNames('xdp'))(
    'fault %s moves its counters by exactly the bad packets, and good packets get through',
    async (caseName) => {
      expectEffect(await breakGuest(guest, { case: caseName, count: COUNT, intervalMilliseconds: 5 }));
    },
    120_000,
  );

  describe('on a TUN device', () => {
    const results = new Map<string, BreakResult>();

    beforeAll(async () => {
      const done = await breakGuestByTun(guest, { count: COUNT, intervalMilliseconds: 5 });
      for (const result of done) results.set(result.case, result);
    }, 240_000);

    it.each(caseNames('tun'))(
      'fault %s moves its counters by exactly the bad packets, and good packets get through',
      (caseName) => {
        const result = results.get(caseName);
        if (!result) throw new Error(`${caseName} was not sent`);
        expectEffect(result);
      },
    );
  });

  it('can be broken again without a fix between, and shows the bytes of the default fault', async () => {
    const program =
      'BEGIN { printf("ready\\n"); } kfunc:ip_rcv_core { $iph = (struct iphdr *)args->skb->data; ' +
      'if ($iph->ihl < 5 || $iph->version != 4) { printf("%rx\\n", buf(args->skb->data, 34)); } }';
    const trace = guest.runInput(`timeout -s INT 60 bpftrace -q -B line - > /run/lab-trace`, program);
    const wait =
      'for i in $(seq 60); do grep -q ready /run/lab-trace 2>/dev/null && exit 0; sleep 0.5; done; exit 1';
    await output(wait);
    for (let round = 0; round < 2; round++) {
      expectEffect(await breakGuest(guest, { count: COUNT, intervalMilliseconds: 5 }));
    }
    await output('pkill -INT -x bpftrace');
    await trace;
    const seen = (await output('cat /run/lab-trace; rm /run/lab-trace'))
      .split('\n')
      .filter((line) => line.startsWith('\\x'));
    expect(seen).toHaveLength(2 * COUNT);
    for (const line of seen) {
      const bytes = line.replaceAll('\\x', '');
      expect(bytes.slice(0, 28)).toBe('02005e200002' + '02005e200001' + '0800');
      // Version, header length, protocol ICMP, and the way from S to R's end of the tunnel.
      expect(bytes.slice(28, 30)).toBe('45');
      expect(bytes.slice(46, 48)).toBe('01');
      expect(bytes.slice(52, 68)).toBe('0a620101' + '0a620302');
    }
  }, 180_000);

  it('is as it was after a fix', async () => {
    await fixGuest(guest);
    const links = await output("ip -br link | cut -d' ' -f1");
    expect(links.split('\n')).toEqual(['lo', 'eth0']);
    expect(await output('ip netns list')).toBe('');
    expect(await output('ls /sys/fs/bpf')).toBe('');
    expect(await output('bpftool prog show name to_tunnel || true')).not.toContain('to_tunnel');
    expect(await output('ls /run | grep skblens | grep -v lock || true')).toBe('');
    expect(await output('cat /proc/sys/net/core/fb_tunnels_only_for_init_net')).toBe('0');
  }, 120_000);
});

function expectEffect(result: BreakResult): void {
  const { source, effect } = faultCase(result.case);
  const sendsBad = source.kind === 'xdp' || source.bad !== null;
  expect(result.sentBad).toBe(sendsBad ? COUNT : 0);
  expect(result.sentGood).toBe(COUNT);
  expect(result.answered).toBe(COUNT);
  expect(result.namespace).toBe(
    source.kind === 'xdp' && source.receiver === 'namespace' ? 'skblens-r' : 'initial',
  );
  const moved = Object.fromEntries(
    Object.entries(result.counters).map(([name, { before, after }]) => [name, after - before]),
  );
  const expected = (name: CounterName) => (effect[name] ?? 0) * COUNT;
  expect(moved).toEqual({
    InHdrErrors: expected('InHdrErrors'),
    InCsumErrors: expected('InCsumErrors'),
    Ip6InHdrErrors: expected('Ip6InHdrErrors'),
  });
}

function caseNames(kind: 'tun' | 'xdp'): string[] {
  return FAULT_CASES.filter(({ source }) => source.kind === kind).map(({ name }) => name);
}
