import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FLAG_ARGUMENTS, FLAG_DEVICE, FLAG_SKB, NO_VALUE } from '../../../shared/capture/record.ts';
import type { EventRecord } from '../../../shared/capture/record.ts';
import type { KernelTotals } from '../../../shared/probe/stream.ts';
import type { TracefsProgram } from '../../../shared/probe/tracefs-program.ts';
import { TracefsStream } from '../../../shared/probe/tracefs-stream.ts';
import { probeProgram } from './probe-program.ts';

const TAG = 'k1234abcd';

function tracefsProgram(
  point: Parameters<typeof probeProgram>[1] = {},
  more: Partial<TracefsProgram> = {},
): TracefsProgram {
  return { ...probeProgram(TAG, point), engine: 'tracefs', stacks: false, valuesOf: [[]], ...more };
}

/** What trixie (6.12) printed for `lab break --case mac45`, an Ethernet frame on a TUN device, but for mark and hash. */
const FACTS =
  'skb=0xffff8d7c246cb700 head=0xffff8d7c0542ec00 data=0xffff8d7c0542ec40 len=98 dlen=0 mlen=0 prot=8 mach=64 neth=64 trah=65535 ptyp=0 ipsm=0 mark=7 hash=4042322160 dev=0xffff8d7c01c58000 ifi=3 dtyp=65534 dhhl=0 net=0xffffffff96c56a80 nsi=4026531840 name={0x6e75742d62616c,0x0} ' +
  'w={0x0,0x0,0x100105e00450000,0x80200105e0002,0x40461c54000045,0x200630a9b090140,0xbe400080100630a,0x1312111001001e5b,0x1b1a191817161514,0x232221201f1e1d1c,0x2b2a292827262524,0x333231302f2e2d2c,0x3b3a393837363534,0x434241403f3e3d3c,0x47464544,0x0}';
const HEAD = `         python3-469     [000]    510.959047: ${TAG}_0: (ip_rcv_core+0x0/0x330) `;
const LINE = `${HEAD}${FACTS} b0=0x2 comm="python3"\n`;

function collect(chunks: readonly (string | Uint8Array)[], program = tracefsProgram(), end = true) {
  const events: EventRecord[] = [];
  const strays: string[] = [];
  const totals: KernelTotals[] = [];
  const labels: string[] = [];
  let attached = 0;
  const stream = new TracefsStream(program, {
    attached: () => attached++,
    event: (record) => events.push({ ...record, bytes: record.bytes.slice() }),
    labels: (first, texts) => {
      expect(first).toBe(labels.length + 1);
      labels.push(...texts);
    },
    totals: (one) => totals.push(one),
    lost: () => undefined,
    stray: (line) => strays.push(line),
  });
  for (const chunk of chunks)
    stream.push(typeof chunk === 'string' ? Uint8Array.from(chunk, (one) => one.charCodeAt(0)) : chunk);
  if (end) stream.end();
  return { events, strays, totals, labels, attached, stream };
}

describe('the events of a kernel', () => {
  test('a line becomes a record with its sk_buff, device and window', () => {
    const { events, strays } = collect([LINE]);
    expect(strays).toEqual([]);
    expect(events).toMatchObject([
      {
        ...{ seq: 1, flags: FLAG_SKB | FLAG_DEVICE, cpu: 0, ns: 510_959_047_000n, pid: 469, window: -18 },
        ...{ len: 98, dataLen: 0, macLen: 0, protocol: 0x800, deviceType: 65534, hardHeaderLength: 0 },
        ...{ pktType: 0, ifindex: 3, netns: 4026531840, headroom: 64, macHeader: 0, networkHeader: 0 },
        ...{ device: 'lab-tun', comm: 'python3', skb: 0xffff8d7c246cb700n, point: 0, edge: 'entry' },
        ...{ mark: 7, hash: 4042322160, transportHeader: null, ipSummed: 0, reason: null, returned: 0n },
      },
    ]);
    // Words lose their leading zeros on the way and get them back, in the order of memory.
    expect(Buffer.from(events[0]?.bytes ?? []).toString('hex')).toBe(
      '0'.repeat(36) +
        '45005e100001' +
        '02005e100002' +
        '0800' +
        '450000541c4640004001099b0a6300020a630001' +
        '0800e40b5b1e0001' +
        Array.from({ length: 56 }, (_, i) => (0x10 + i).toString(16)).join(''),
    );
  });

  test('behind a NULL device nothing is believed: the kernel leaves those places as they were', () => {
    const { events } = collect([LINE.replace('dev=0xffff8d7c01c58000', 'dev=0x0')]);
    expect(events).toMatchObject([{ flags: FLAG_SKB, device: '', ifindex: 0, deviceType: 0, netns: 0 }]);
  });

  test('picked fields: behind a NULL pointer 0, where the point has none no value', () => {
    const line = LINE.replace(' comm=', ' g0=0x0 f0=1500 f1=-2 comm=');
    const field = (name: string, ...guards: string[]) => ({ name, guards });
    const program = tracefsProgram({}, { valuesOf: [[field('f0', 'g0'), field('f1'), null]] });
    expect(collect([line], program).events[0]?.values).toEqual([0n, -2n, NO_VALUE]);
    const other = collect([line.replace('g0=0x0', 'g0=0xffff8d7c01c58000')], program);
    expect(other.events[0]?.values).toEqual([1500n, -2n, NO_VALUE]);
  });

  test('a header behind skb->data: the window is cut from what was fetched around it', () => {
    const words = Array.from(
      { length: 26 },
      (_, i) => `0x${(0x0101010101010101n * BigInt(i + 1)).toString(16)}`,
    );
    const facts = FACTS.replace(/w=\{.*\}/, `w={${words.join(',')}}`)
      .replace('neth=64', 'neth=44')
      .replace('len=98', 'len=78');
    const program = tracefsProgram({ pointer: 'network' });
    const { events, strays } = collect([`${HEAD}${facts} comm="x"\n`], program);
    expect(strays).toEqual([]);
    // data - 78 is byte 0; the header is 20 before data, the window 18 before that: byte 40, in word 5.
    expect(events).toMatchObject([{ window: -18, networkHeader: -20 }]);
    expect([...(events[0]?.bytes.subarray(0, 8) ?? [])]).toEqual([6, 6, 6, 6, 6, 6, 6, 6]);
    expect(events[0]?.bytes).toHaveLength(18 + 98);
  });

  test('arguments, a result, a drop reason with the caller, a kernel stack', () => {
    const args = collect(
      [`${HEAD}a0=-1 a1=0xffff8d7c01c58000 ret=-22 comm="x"\n`],
      tracefsProgram({ captures: 'arguments', parameters: ['a', 'b'], edge: 'return' }),
    );
    expect(args.events).toMatchObject([{ flags: FLAG_ARGUMENTS, returned: -22n, edge: 'return' }]);
    expect(Buffer.from(args.events[0]?.bytes ?? []).toString('hex')).toBe(
      `${'f'.repeat(16)}ffff8d7c01c58000`,
    );
    const drop = collect([LINE.replace(' comm=', ' why=10 loc=nft_do_chain+0x1/0x2 [nf_tables] comm=')]);
    expect(drop.events).toMatchObject([{ reason: 10, callerLabel: 1 }]);
    expect(drop.labels).toEqual(['nft_do_chain+0x1/0x2 [nf_tables]']);
    const stack =
      '         python3-469     [000]    510.959050: <stack trace>\n => ip_rcv_core\n => ip_rcv\n => eprobe_trigger_func\n';
    const other = stack.replace('[000]', '[001]');
    const stacks = collect([LINE, stack, LINE, other, LINE, stack], tracefsProgram({}, { stacks: true }));
    expect(stacks.events.map((event) => event.stackLabel)).toEqual([1, 0, 1]);
    expect(stacks.labels).toEqual(['ip_rcv_core\nip_rcv']);
    expect(stacks.strays).toEqual([]);
    // 7.2: frames of the tracer itself, and totals in the middle of a stack.
    const [head = '', ...frames] = stack.trimEnd().split('\n');
    const totals = `${TAG}\tT\t1\t0\t0\t0\t1\t0\n`;
    const long = ['fprobe_ftrace_entry', '0xffffffffc042b095', 'arch_ftrace_ops_list_func', 'ip_rcv_core'];
    const tracer = collect(
      [LINE, `${head}\n`, ...long.map((one) => ` => ${one}\n`), totals, `${frames[1]}\n`, totals],
      tracefsProgram({}, { stacks: true }),
    );
    expect(tracer.labels).toEqual(['ip_rcv_core\nip_rcv']);
    const gone = collect([LINE, stack, totals, totals], tracefsProgram({}, { stacks: true }), false);
    expect(gone.events).toHaveLength(1);
  });
});

describe('the lines of the script', () => {
  const totals = (...numbers: number[]): string => `${TAG}\tT\t${numbers.join('\t')}\n`;

  test('one in the middle of an event: both are whole', () => {
    for (const at of [1, 40, 100, 400, LINE.length - 2]) {
      const {
        events,
        totals: told,
        strays,
      } = collect([LINE.slice(0, at) + totals(9, 0, 4, 0, 2, 0) + LINE.slice(at) + LINE]);
      expect(events.map((event) => event.comm)).toEqual(['python3', 'python3']);
      expect(told).toEqual([{ seen: 5, own: 4, matched: 2, limited: 0 }]);
      expect(strays).toEqual([]);
    }
  });

  test('what the kernel dropped is held back when no more was to be read in that second, else lost', () => {
    const limited = collect([
      `${TAG}\tB\n`,
      `${TAG}\tL\n`,
      totals(100, 0, 10, 0, 20, 70),
      totals(200, 0, 10, 0, 20, 100),
    ]);
    expect(limited.attached).toBe(1);
    expect(limited.totals.at(-1)).toEqual({ seen: 190, own: 10, matched: 120, limited: 70 });
    expect(limited.stream.gaps).toBe(30);
  });

  test('at the end, what was read and never came is lost too; before, it may be on its way', () => {
    const running = collect([LINE, totals(3, 0, 0, 0, 3, 0)]);
    expect(running.stream).toMatchObject({ gaps: 0, ended: false });
    const { stream } = collect([LINE, totals(3, 0, 0, 0, 3, 0), `${TAG}\tE\n`]);
    expect(stream).toMatchObject({ gaps: 2, ended: true });
    // The end of a function that more callers were in at a time than a kretprobe has places for.
    expect(collect([totals(10, 4, 0, 0, 10, 0)]).stream.gaps).toBe(4);
  });

  test('it says why it gave up', () => {
    const { stream } = collect([`${TAG}\tF\tdefine\tno_such_fn\tInvalid probed address or symbol\n`]);
    expect(stream.failure).toEqual(['define', 'no_such_fn', 'Invalid probed address or symbol']);
  });
});

describe('hostile input', () => {
  test('a comm with quotes, braces, equal signs: it reaches to the last quote', () => {
    for (const comm of ['a"b', '} w={0x1', 'x=1 y="', '']) {
      const { events, strays } = collect([LINE.replace('"python3"', `"${comm}"`)]);
      expect(events.map((event) => event.comm)).toEqual([comm]);
      expect(strays).toEqual([]);
    }
  });

  test('a comm with a newline makes a stray line, never an event', () => {
    const { events, strays } = collect([LINE.replace('"python3"', '"py\n[000] 1.0: x"'), LINE]);
    expect(events.map((event) => event.comm)).toEqual(['py', 'python3']);
    expect(strays).toHaveLength(1);
  });

  test.each([
    ['a point that is none', LINE.replace(`${TAG}_0`, `${TAG}_7`)],
    ['no window', LINE.replace(/ w=\{[^}]*\}/, '')],
    ['a short window', LINE.replace(/w=\{0x0,/, 'w={')],
    ['a word that is none', LINE.replace('w={0x0', 'w={0xg')],
    ['the same name twice', LINE.replace(' comm=', ' len=1 comm=')],
    ['no time', LINE.replace('510.959047', '510')],
    ['totals of a thousand', `${TAG}\tT${'\t1'.repeat(1000)}\n`],
    ['totals below nothing', `${TAG}\tT\t-1\t0\t0\t0\t0\t0\n`],
    ['a line of ours that is none', `${TAG}\tX\n`],
  ])('%s is a stray line', (_, line) => {
    const { events, strays } = collect([line, LINE]);
    expect(events).toHaveLength(1);
    expect(strays).toHaveLength(1);
  });

  test('an endless line is dropped, and what follows it is read', () => {
    const { events, strays } = collect([...Array.from({ length: 100 }, () => 'x'.repeat(5000)), '\n', LINE]);
    expect(strays).toHaveLength(1);
    expect(events).toHaveLength(1);
  });

  test('cut anywhere, the records are the same', () => {
    const text = LINE + `${TAG}\tT\t2\t0\t0\t0\t2\t0\n` + LINE + `${TAG}\tE\n`;
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: text.length }), { maxLength: 12 }), (cuts) => {
        const at = [0, ...cuts.sort((a, b) => a - b), text.length];
        const { events, strays, stream } = collect(at.slice(1).map((end, i) => text.slice(at[i], end)));
        expect(events).toHaveLength(2);
        expect([strays, stream.gaps, stream.ended]).toEqual([[], 0, true]);
      }),
    );
  });

  test('any bytes, any damage: no throw, no record without the tag, bounded records', () => {
    const piece = fc.oneof(
      fc.uint8Array({ maxLength: 400 }),
      fc
        .constantFrom(LINE, `${TAG}\t`, `: ${TAG}_0: (`, '\n', '\t', '"', '{', ' => x\n', ': <stack trace>\n')
        .map((text) => Uint8Array.from(text, (one) => one.charCodeAt(0))),
      fc
        .tuple(fc.nat(LINE.length - 1), fc.nat(255))
        .map(([at, byte]) => Uint8Array.from(LINE, (one, i) => (i === at ? byte : one.charCodeAt(0)))),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 20 }), fc.boolean(), (pieces, stacks) => {
        const { events } = collect(pieces, tracefsProgram({}, { stacks }));
        for (const event of events) {
          expect(event.bytes.length).toBeLessThanOrEqual(128);
          expect(event.device.length).toBeLessThanOrEqual(15);
          expect(event.seq).toBeGreaterThan(0);
        }
      }),
      { numRuns: 300 },
    );
  });
});
