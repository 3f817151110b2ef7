import { expect, test, vi } from 'vitest';
import { breakGuest } from '../lab/break.ts';
import { busyGuest, idleGuest } from '../lab/flood.ts';
import { guestAlone } from '../lab/guest-alone.ts';
import type { Guest } from '../lab/guest.ts';
import { guestsFrom } from '../lab/guest-names.ts';
import { probeFlood } from '../support/flooded-probe.ts';
import { secondsUntilClean } from '../support/leftovers.ts';
import { needs } from '../support/needs.ts';
import { startSkblens } from '../support/skblens.ts';
import type { JsonLine } from '../support/skblens.ts';

interface Event {
  readonly function: string;
  readonly edge: 'entry' | 'return';
  readonly ns: number;
  readonly point?: string;
  readonly skbAddress?: string;
  readonly returned?: number;
  readonly fields: Readonly<Record<string, number | null>>;
  readonly reason?: { readonly number: number; readonly name: string | null };
  readonly caller?: string;
  readonly stack?: readonly string[];
  readonly skb: { readonly ifindex: number; readonly deviceName: string } | null;
  readonly verdict: { readonly kind: string } | null;
}

needs(
  'qemu-system-x86_64',
  'mmdebstrap',
  'mkfs.ext4',
  'ssh',
)('many points in one run, on', () => {
  for (const name of guestsFrom('sid')) {
    let guest: Guest;
    const probe = (...words: string[]) =>
      startSkblens(['probe', name, ...words, '--json', '-F', guest.sshConfigPath]);
    const take = async () => {
      guest = await guestAlone(name);
    };

    test(`${name}: bad packets are followed by their sk_buff from ip_rcv through ip_rcv_core to the drop, with its reason by name`, async () => {
      await take();
      const running = probe(
        ...['ip_rcv_core', '--edge', 'both', '--also', 'ip_rcv', '--also', 'tracepoint:skb:kfree_skb'],
        ...['--field', 'skb->dev->ifindex', '--stack', '--for', '2m'],
      );
      await running.line('attached');
      await breakGuest(guest, { count: 6, intervalMilliseconds: 300 });
      const seen = () => running.lines.filter((line) => line.type === 'event') as unknown as Event[];
      await expect
        .poll(() => seen().filter(({ reason }) => reason?.name === 'IP_INHDR').length, { timeout: 90_000 })
        .toBeGreaterThanOrEqual(6);
      running.process.kill('SIGINT');
      expect(await running.exit, running.stderr()).toBe(0);
      const events = seen();
      const bad = events.filter(
        (one) => one.function === 'ip_rcv_core' && one.verdict?.kind === 'ethernet-where-ip-expected',
      );
      expect(bad.length).toBeGreaterThanOrEqual(6);
      for (const one of bad) {
        expect(one.fields['skb->dev->ifindex']).toBe(one.skb?.ifindex);
        expect(one.stack?.some((frame) => /ip_rcv|netif_receive_skb/.test(frame))).toBe(true);
        expect(one.stack?.every((frame) => !/bpf_(?:prog|trampoline)/.test(frame))).toBe(true);
        // Addresses are used again: the nearest in time is the same packet.
        const same = events.filter(({ skbAddress }) => skbAddress === one.skbAddress);
        const before = same.filter(({ function: at, ns }) => at === 'ip_rcv' && ns <= one.ns);
        expect(before.length).toBeGreaterThan(0);
        const after = same.filter(({ ns }) => ns >= one.ns);
        const drop = after.find(({ reason }) => reason !== undefined);
        expect(drop).toMatchObject({
          function: 'tracepoint:skb:kfree_skb',
          reason: { name: 'IP_INHDR' },
          caller: expect.stringMatching(/ip_rcv_core/) as string,
        });
        expect(after.find(({ edge }) => edge === 'return')).toMatchObject({
          function: 'ip_rcv_core',
          returned: 0,
          verdict: null,
        });
      }
      expect(await secondsUntilClean(guest, 10)).toBeTypeOf('number');
    });

    test(`${name}: a function without BTF is probed by kprobe, and an expression is taken where it can be decided`, async () => {
      await take();
      const listing = await guest.run(
        "grep -m1 -o '^__netif_receive_skb_core[^ ]*' /sys/kernel/tracing/available_filter_functions",
      );
      const bare = listing.stdout.trim();
      expect(bare).toMatch(/^__netif_receive_skb_core/);
      const running = probe(bare, '--count', '2', '--for', '2m');
      const attached = running.line('attached');
      await attached;
      await guest.run('ping -c 3 -i 0.3 127.0.0.1');
      expect(await running.exit, running.stderr()).toBe(0);
      const events = running.lines.filter((line) => line.type === 'event') as unknown as Event[];
      expect(events.length).toBeGreaterThan(0);
      expect(events[0]).toMatchObject({ function: bare, point: 'kprobe' });
    });

    test(`${name}: a filter over fields and protocols lets through what it says, and nothing else`, async () => {
      await take();
      const running = probe(
        ...['ip_rcv_core', '--filter', 'icmp and skb.dev.name == "lo"', '--count', '2', '--for', '2m'],
      );
      await running.line('attached');
      await guest.run('ping -c 4 -i 0.3 127.0.0.1');
      expect(await running.exit, running.stderr()).toBe(0);
      const events = running.lines.filter((line) => line.type === 'event') as unknown as Event[];
      expect(events).toHaveLength(2);
      expect(events.map((one) => one.skb?.deviceName)).toEqual(['lo', 'lo']);
    });

    test(`${name}: what cannot be is refused before anything runs, by the name of what is wrong`, async () => {
      await take();
      const unknown = probe('ip_rcv_core', '--field', 'skb->nothing', '--count', '1');
      expect(await unknown.exit).toBe(1);
      expect(unknown.lines.at(-1)).toMatchObject({ type: 'failure', code: 'field-unknown' });
      expect(String(unknown.lines.at(-1)?.['message'])).toContain('skb->nothing');
      const many = probe('ip_*', '--count', '1');
      expect(await many.exit).toBe(1);
      expect(many.lines.at(-1)).toMatchObject({ type: 'failure', code: 'too-many-points' });
      const dry = probe('ip_rcv_core', '--also', 'kprobe:ip_rcv', '--dry-run');
      expect(await dry.exit, dry.stderr()).toBe(0);
      expect(dry.lines.find(({ type }) => type === 'stopped')).toMatchObject({
        reason: 'dry-run',
        totals: { received: 0 },
      });
      expect(await secondsUntilClean(guest, 10)).toBeTypeOf('number');
    });
  }
});

needs(
  'qemu-system-x86_64',
  'mmdebstrap',
  'mkfs.ext4',
  'ssh',
)('more than the client can have', () => {
  test('is counted to the last packet by client and kernel alike, takes no memory, and a target that suffers ends the probe', async () => {
    const guest = await guestAlone('bookworm');
    const words = ['--filter', 'bad-ip-header', '--per-second', '1000000'];
    const heavy = (line: JsonLine): boolean =>
      line.type === 'load' &&
      Number(line['load']) - Number(line['loadAtAttach']) >= 16 &&
      Number(line['busyPercent']) >= 80;
    const suffers = async (lines: readonly JsonLine[]): Promise<void> => {
      const until = (test: () => boolean) =>
        vi.waitFor(() => expect(test()).toBe(true), { timeout: 90_000, interval: 200 });
      const busy = busyGuest(guest, 200, 90);
      // What is so busy takes very long to detach a probe.
      await until(() => lines.filter(heavy).length >= 3).finally(() => idleGuest(guest));
      await busy;
      await until(() => lines.some(({ type }) => type === 'stopped'));
    };
    const probe = await probeFlood(guest, words, 20_000, 6, suffers);
    const { flood, status, events, lines, memory, stderr } = probe;
    expect(status, stderr).toBe(0);
    const stopped = lines.find(({ type }) => type === 'stopped');
    expect(stopped).toMatchObject({ reason: 'load', totals: { limited: 0, received: events } });
    const { matched, lost } = stopped?.['totals'] as Record<'matched' | 'lost', number>;
    const { before, after } = flood.counters.InHdrErrors;
    // Each of them went through ip_rcv_core, and the kernel's counter saw it too.
    expect(matched).toBe(flood.sentBad);
    expect(after - before).toBe(flood.sentBad);
    expect(lost).toBeGreaterThan(0);
    expect(events + lost).toBe(matched);
    const told = lines.filter(({ type }) => type === 'lost').map(({ count }) => count as number);
    expect(told.reduce((sum, count) => sum + count, 0)).toBe(lost);
    // It keeps no more than some 10 MB of records that are on their way.
    expect(Math.max(...memory) - (memory[0] ?? 0)).toBeLessThan(150);
    expect(await secondsUntilClean(guest, 20)).toBeTypeOf('number');
  });

  test('what else can be probed is listed by the names that the target has', async () => {
    const guest = await guestAlone('bookworm');
    const listed = async (query: string) => {
      const { exit, lines, stderr } = startSkblens([
        ...['functions', 'bookworm', query, '--json', '-F', guest.sshConfigPath],
      ]);
      expect(await exit, stderr()).toBe(0);
      return (lines as unknown as { name: string; attachable: string }[]).map(
        ({ name, attachable }) => `${name} ${attachable}`,
      );
    };
    const names = async (command: string) => (await guest.run(command)).stdout.trim().split('\n').sort();
    const tracing = '/sys/kernel/tracing';
    const points = await names(`cd ${tracing}/events && ls -d skb/*/ | sed 's|/|:|; s|/$||'`);
    expect(points).toContain('skb:kfree_skb');
    expect((await listed('tracepoint:skb:*')).sort()).toEqual(points.map((name) => `tracepoint:${name} yes`));
    const bare = await names(
      `sed -n 's/^\\(__netif_receive_skb_core[^ ]*\\).*/\\1/p' ${tracing}/available_filter_functions`,
    );
    expect(bare).not.toEqual(['']);
    expect((await listed('kprobe:__netif_receive_skb_core*')).sort()).toEqual(
      bare.map((name) => `kprobe:${name} yes`),
    );
    // bpftrace 0.17 has no raw tracepoints by name.
    expect(await listed('rawtracepoint:kfree_skb')).toEqual(['rawtracepoint:kfree_skb no']);
  });
});
