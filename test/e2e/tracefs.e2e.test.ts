import { setTimeout as delay } from 'node:timers/promises';
import { beforeAll, describe, expect, test } from 'vitest';
import { breakGuest, breakGuestByTun, fixGuest } from '../lab/break.ts';
import { FAULT_CASES } from '../lab/cases.ts';
import { guestAlone } from '../lab/guest-alone.ts';
import type { Guest } from '../lab/guest.ts';
import { GUEST_NAMES } from '../lab/guest-names.ts';
import { needs } from '../support/needs.ts';
import { startSkblens } from '../support/skblens.ts';
import type { JsonLine } from '../support/skblens.ts';

const TRACEFS = '/sys/kernel/tracing';
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

interface Seen {
  readonly function: string;
  readonly edge: string;
  readonly skbAddress?: string;
  readonly returned?: number;
  readonly stack?: readonly string[];
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
  describe.each(GUEST_NAMES)('%s:', (name) => {
    let guest: Guest;
    beforeAll(async () => {
      guest = await guestAlone(name);
    });

    test('the same packets by both engines at once, field by field', async () => {
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
      await breakGuestByTun(guest, { count: 1, intervalMilliseconds: 50 });
      // What both engines have by now was seen by both; each is asked to end when it has as many as the other.
      const missed = FAULT_CASES.filter(({ name: fault }) =>
        /^(?:good|corrupt-checksum)$/.test(fault),
      ).length;
      const wanted = FAULT_CASES.filter(({ source }) => source.kind === 'tun').length - missed;
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
  });
});

lab('on a kernel with fprobe events:', () => {
  let guest: Guest;
  const probe = (...words: readonly string[]) =>
    startSkblens(['probe', 'sid', ...words, '--json', '-F', guest.sshConfigPath]);
  beforeAll(async () => {
    guest = await guestAlone('sid');
    await guest.run('! [ -e /root/bpftrace ] || mv /root/bpftrace /usr/bin/bpftrace');
  });

  test('start, end, raw tracepoint and kprobe in one run, with stacks; killed with SIGKILL, nothing of it is left', async () => {
    const client = probe(
      ...[
        'ip_rcv_core',
        '--edge',
        'both',
        '--also',
        'kprobe:ip_rcv',
        '--also',
        'rawtracepoint:netif_receive_skb',
      ],
      ...['--also', 'tracepoint:skb:kfree_skb', '--engine', 'tracefs', '--stack', '--filter', 'icmp'],
    );
    await client.line('attached');
    const made = await guest.run(`cut -d ' ' -f 1,2 ${TRACEFS}/dynamic_events; ping -c 2 -i 0.3 127.0.0.1`);
    expect(made.stdout.replace(/skblens_\d+_\d+\/k[0-9a-f]{8}_\d/g, 'E').split('\n')).toEqual(
      expect.arrayContaining([
        ...[
          'f:E ip_rcv_core',
          'f:E ip_rcv_core%return',
          'p:E ip_rcv',
          't:E netif_receive_skb',
          'e:E skb.kfree_skb',
        ],
      ]),
    );
    for (let second = 0; second < 30 && events(client.lines).length < 10; second++) await delay(1000);
    client.process.kill('SIGKILL');
    const seen = events(client.lines) as unknown as Seen[];
    const [first] = seen.filter((one) => one.function === 'ip_rcv_core' && one.edge === 'entry');
    expect(first).toMatchObject({ skb: { deviceName: 'lo' }, verdict: { kind: 'as-expected' } });
    // Up to the first function of the kernel's, nothing of the tracer.
    expect(first?.stack?.slice(0, 2)).toEqual(['ip_rcv_core', 'ip_rcv']);
    const same = seen.filter(({ skbAddress }) => skbAddress === first?.skbAddress);
    expect(same.find(({ edge }) => edge === 'return')).toMatchObject({
      returned: Number(BigInt.asIntN(64, BigInt(first?.skbAddress ?? 0))),
      stack: expect.arrayContaining(['ip_rcv']) as string[],
    });
    expect(same.map((one) => one.function)).toEqual(
      expect.arrayContaining(['kprobe:ip_rcv', 'rawtracepoint:netif_receive_skb']),
    );
    expect(await untilClean(guest, 40)).toBe('');
  });

  test('the script itself is killed; what a killed run left is taken away by the next, what a living one has is not', async () => {
    const script = probe('ip_rcv_core', '--engine', 'tracefs', '--filter', 'bad-ip-header');
    await script.line('attached');
    const owner = /skblens_(\d+)_\d+/.exec(await left(guest))?.[1] ?? '';
    await guest.run(`kill -KILL ${owner}`);
    expect(await script.exit).toBe(1);
    expect(script.lines.find((line) => line.type === 'failure')).toBeDefined();
    expect(await untilClean(guest, 40)).toBe('');
    const made = await guest.run(`
set -e
start=$(sed 's/.*) //' /proc/1/stat | cut -d ' ' -f 20)
for run in skblens_1_$start skblens_1_9 skblens_4194000_7; do
  mkdir ${TRACEFS}/instances/$run
  echo "f:$run/kdeadbeef_0 ip_rcv_core%return" >>${TRACEFS}/dynamic_events
  echo 1 >${TRACEFS}/instances/$run/events/$run/enable
done
echo skblens_1_$start`);
    const living = made.stdout.trim();
    expect(living, made.stderr).toMatch(/^skblens_1_\d+$/);
    const dry = probe('ip_rcv_core', '--engine', 'tracefs', '--dry-run');
    expect(await dry.exit, dry.stderr()).toBe(0);
    const found = await left(guest);
    await guest.run(
      `rmdir ${TRACEFS}/instances/${living}; echo '-:${living}/kdeadbeef_0' >>${TRACEFS}/dynamic_events`,
    );
    expect(found.split('\n')).toEqual([living, `:${living}/kdeadbeef_0`]);
    expect(await left(guest)).toBe('');
  });

  test('without bpftrace, the verdict all the same', async () => {
    try {
      await guest.run('mv /usr/bin/bpftrace /root/bpftrace');
      const running = probe('ip_rcv_core', '--filter', 'bad-ip-header', '--count', '2');
      await running.line('attached');
      await breakGuest(guest, { case: 'xdp', count: 4, intervalMilliseconds: 100 });
      expect(await running.exit, running.stderr()).toBe(0);
      expect(events(running.lines)).toMatchObject([
        { verdict: { kind: 'ethernet-where-ip-expected', headerAt: 14 } },
        { verdict: { kind: 'ethernet-where-ip-expected', headerAt: 14 } },
      ]);
    } finally {
      await guest.run('mv /root/bpftrace /usr/bin/bpftrace');
    }
  });
});
