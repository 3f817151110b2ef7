import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { breakGuest, breakGuestByTun, fixGuest } from '../lab/break.ts';
import { FAULT_CASES } from '../lab/cases.ts';
import { upGuest } from '../lab/guest.ts';
import type { Guest } from '../lab/guest.ts';
import { GUEST_NAMES } from '../lab/guest-names.ts';
import { closePrivateLab, openPrivateLab } from '../lab/private-lab.ts';
import type { LabPaths } from '../lab/paths.ts';
import { needs } from '../support/needs.ts';
import { startSkblens } from '../support/skblens.ts';
import type { JsonLine } from '../support/skblens.ts';

const TRACEFS = '/sys/kernel/tracing';
/** Of each fault of the lab, so many packets. */
const EACH = 2;

/** An event without what two probes of the same packet cannot share: their own clock, order and names. */
function same(line: JsonLine): Record<string, unknown> {
  const { seq, ns, run, engine, time, ...rest } = line;
  expect(typeof seq).toBe('number');
  expect(typeof ns).not.toBe('undefined');
  void run;
  void engine;
  void time;
  return rest;
}

function events(lines: readonly JsonLine[]): JsonLine[] {
  return lines.filter((line) => line.type === 'event');
}

/** Instances and events of ours, and processes that carry a mark. */
async function left(guest: Guest, owner = 'skblens_'): Promise<string> {
  const look = `ls ${TRACEFS}/instances | grep ${owner}; grep -o ':${owner}[^ ]*' ${TRACEFS}/dynamic_events; pgrep -af 'skblens[0-9a-f]' | grep -v pgrep; true`;
  return (await guest.run(look)).stdout.trim();
}

async function untilClean(guest: Guest, limit: number): Promise<string> {
  const began = Date.now();
  for (;;) {
    const found = await left(guest);
    if (found === '' || Date.now() - began > limit * 1000) return found;
    await delay(1000);
  }
}

const lab = needs('qemu-system-x86_64', 'mmdebstrap', 'mkfs.ext4', 'ssh');

lab('tracefs alone sees what bpftrace sees on', () => {
  for (const name of GUEST_NAMES) {
    let guest: Guest;
    beforeAll(async () => {
      guest = await upGuest(name);
    });

    test(`${name}: the same packets by both engines at once, field by field`, async () => {
      const probe = (engine: string) =>
        startSkblens([
          ...[
            'probe',
            name,
            'ip_rcv_core',
            '--also',
            'ip6_rcv_core',
            '--filter',
            'misfit',
            '--engine',
            engine,
          ],
          ...['--json', '-F', guest.sshConfigPath],
        ]);
      const [bpftrace, tracefs] = [probe('bpftrace'), probe('tracefs')];
      await Promise.all([bpftrace.line('attached'), tracefs.line('attached')]);
      await breakGuestByTun(guest, { count: EACH, intervalMilliseconds: 50 });
      // What both engines have by now was seen by both; each is asked to end when it has as many as the other.
      const missed = FAULT_CASES.filter(({ name: fault }) =>
        /^(?:good|corrupt-checksum)$/.test(fault),
      ).length;
      const wanted = EACH * (FAULT_CASES.filter(({ source }) => source.kind === 'tun').length - missed);
      for (let second = 0; second < 60; second++) {
        if ([bpftrace, tracefs].every(({ lines }) => events(lines).length >= wanted)) break;
        await delay(1000);
      }
      for (const one of [bpftrace, tracefs]) one.process.kill('SIGINT');
      expect([await bpftrace.exit, await tracefs.exit], tracefs.stderr()).toEqual([0, 0]);
      const [theirs, ours] = [events(bpftrace.lines).map(same), events(tracefs.lines).map(same)];
      expect(ours).toEqual(theirs);
      expect(ours).toHaveLength(wanted);
      const kinds = ours.map((event) => (event['verdict'] as { kind: string }).kind);
      expect(kinds[0]).toBe('ethernet-where-ip-expected');
      expect(kinds).toContain('truncated');
      expect(kinds.at(-1)).toBe('ethernet-where-ip-expected');
      expect(tracefs.lines.find((line) => line.type === 'stopped')).toMatchObject({
        totals: { received: wanted, lost: 0 },
      });
      await fixGuest(guest);
    });
  }
});

lab('nothing of tracefs outlives its run:', () => {
  let guest: Guest;
  beforeAll(async () => {
    guest = await upGuest('trixie');
  });
  const probing = async () => {
    const probe = startSkblens([
      ...['probe', 'trixie', 'ip_rcv_core', '--engine', 'tracefs', '--filter', 'bad-ip-header'],
      ...['--json', '-F', guest.sshConfigPath],
    ]);
    await probe.line('attached');
    return probe;
  };

  test('the client is killed with SIGKILL, then the script itself: no instance, event or process is left', async () => {
    const client = await probing();
    expect(await left(guest)).toMatch(/skblens_\d+_\d+/);
    client.process.kill('SIGKILL');
    expect(await untilClean(guest, 40)).toBe('');
    const script = await probing();
    const owner = /skblens_(\d+)_\d+/.exec(await left(guest))?.[1] ?? '';
    await guest.run(`kill -KILL ${owner}`);
    expect(await script.exit).toBe(1);
    expect(script.lines.find((line) => line.type === 'failure')).toBeDefined();
    expect(await untilClean(guest, 40)).toBe('');
  });

  test('what a killed run left is taken away by the next, what a living one has is not', async () => {
    const made = await guest.run(`
set -e
start=$(sed 's/.*) //' /proc/1/stat | cut -d ' ' -f 20)
for run in skblens_1_$start skblens_1_9 skblens_4194000_7; do
  mkdir ${TRACEFS}/instances/$run
  echo "p:$run/kdeadbeef_0 ip_rcv_core" >>${TRACEFS}/dynamic_events
  echo 1 >${TRACEFS}/instances/$run/events/$run/enable
done
echo skblens_1_$start`);
    const living = made.stdout.trim();
    expect(living, made.stderr).toMatch(/^skblens_1_\d+$/);
    const dry = startSkblens([
      ...[
        'probe',
        'trixie',
        'ip_rcv_core',
        '--engine',
        'tracefs',
        '--dry-run',
        '--json',
        '-F',
        guest.sshConfigPath,
      ],
    ]);
    expect(await dry.exit, dry.stderr()).toBe(0);
    const found = await left(guest);
    await guest.run(
      `rmdir ${TRACEFS}/instances/${living}; echo '-:${living}/kdeadbeef_0' >>${TRACEFS}/dynamic_events`,
    );
    expect(found.split('\n')).toEqual([living, `:${living}/kdeadbeef_0`]);
    expect(await left(guest)).toBe('');
  });

  test('a function that the kernel has not is said before anything is made', async () => {
    const probe = startSkblens([
      ...['probe', 'trixie', 'no_such_fn', '--engine', 'tracefs', '--json', '-F', guest.sshConfigPath],
    ]);
    expect(await probe.exit).toBe(1);
    expect(probe.lines.at(-1)).toMatchObject({ type: 'failure', code: 'function-unknown' });
  });
});

lab('a target without bpftrace', () => {
  let paths: LabPaths;
  beforeAll(async () => {
    paths = await openPrivateLab();
  });
  afterAll(async () => {
    await closePrivateLab(paths);
  });

  test('gives the verdict all the same', async () => {
    const guest = await upGuest('trixie', { paths });
    await guest.run('mv $(command -v bpftrace) /root/hidden');
    const probe = startSkblens([
      ...['probe', 'trixie', 'ip_rcv_core', '--filter', 'bad-ip-header', '--count', '2', '--json'],
      ...['-F', guest.sshConfigPath],
    ]);
    await probe.line('attached');
    await breakGuest(guest, { case: 'xdp', count: 4, intervalMilliseconds: 100 });
    expect(await probe.exit, probe.stderr()).toBe(0);
    expect(events(probe.lines)).toMatchObject([
      { verdict: { kind: 'ethernet-where-ip-expected', headerAt: 14 } },
      { verdict: { kind: 'ethernet-where-ip-expected', headerAt: 14 } },
    ]);
    expect(await untilClean(guest, 30)).toBe('');
  });
});
