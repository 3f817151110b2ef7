import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { machine, tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Fail } from '../../../shared/contract/failure.ts';
import type { ProgramFacts } from '../../../shared/probe/program.ts';
import type { ResolvedPoint } from '../../../shared/probe/resolved-point.ts';
import type { Place, SkbFact, SkbOffsets } from '../../../shared/probe/skb-offsets.ts';
import { probeSpec } from '../../../shared/probe/spec.ts';
import { writeTracefsProgram } from '../../../shared/probe/tracefs-program.ts';
import { TRACEFS_AFTER, TRACEFS_LEFT } from '../../../shared/probe/tracefs-script.ts';

/** Offsets of bookworm (6.1) where they matter; the rest at 0. */
const place = (offset: number, type = 'u32', pointers: readonly number[] = []): Place => ({
  offset,
  type,
  pointers,
});
const KNOWN: Partial<Record<SkbFact, Place>> = {
  head: place(200, 'x64'),
  data: place(208, 'x64'),
  len: place(112),
  ptyp: place(128, 'b3@0/8'),
  dev: place(16, 'x64'),
  ifi: place(216, 's32', [16]),
  nsi: place(144, 'u32', [16, 1272]),
  name: place(0, 'x64[2]', [16]),
};
const offsets: SkbOffsets = {
  skb: new Proxy({} as SkbOffsets['skb'], { get: (_, name) => KNOWN[name as SkbFact] ?? place(0) }),
  sock: { snum: place(14, 'u16'), sdpo: place(12, 'u16') },
};
const facts: ProgramFacts = {
  connection: { clientAddress: '10.0.2.2', clientPort: 52917, serverAddress: '10.0.2.15', serverPort: 22 },
  machine: 'x86_64',
  tag: 'k1234abcd',
  reasons: null,
  fieldTypes: (_, rest) =>
    rest === '->dev->mtu'
      ? { type: 'unsigned int', kind: 'integer', signed: false, bits: 32, loads: [16, 224] }
      : rest === '->cloned'
        ? { type: 'unsigned char', kind: 'integer', signed: false, bits: 1, loads: [126], firstBit: 7 }
        : rest === '->wide'
          ? { type: 'unsigned int', kind: 'integer', signed: false, bits: 3, loads: [16, 8], firstBit: 6 }
          : rest === '->below'
            ? { type: 'int', kind: 'integer', signed: true, bits: 3, loads: [8], firstBit: 0 }
            : `there is no ${rest}`,
};

/** Of /sys/kernel/tracing/README what counts, as Debian 12 (6.1) and 13 (6.12) have it. */
const OF_6_1 = `           p[:[<group>/][<event>]] <place> [<args>]
           e[:[<group>/][<event>]] <attached-group>.<attached-event> [<args>] [if <filter>]
           $stack<index>, $stack, $retval, $comm, $arg<N>,
`;
const OF_6_12 = `${OF_6_1}           f[:[<group>/][<event>]] <func-name>[%return] [<args>]
           t[:[<group>/][<event>]] <tracepoint> [<args>]
     kernel return probes support: $retval, $arg<N>, $comm
`;

function point(
  symbol: string,
  more: Partial<ResolvedPoint> = {},
  types = ['struct sk_buff *skb', 'struct net *net'],
): ResolvedPoint {
  const parameters = types.map((text) => {
    const [, type = '', name = ''] = /^(.*?)(\w+)$/.exec(text) ?? [];
    return { type: type.trim(), name };
  });
  return {
    ...{ name: symbol, kind: 'function', group: 'vmlinux', symbol, edge: 'entry', tracepointFields: [] },
    signature: { name: symbol, module: 'vmlinux', parameters, returns: 'int' },
    ...more,
  };
}

function write(
  spec: Record<string, unknown> = {},
  points = [point('ip_rcv_core')],
  more: Partial<ProgramFacts> = {},
) {
  const whole = probeSpec.parse({ function: points[0]?.name, ...spec });
  return writeTracefsProgram(whole, points, { ...facts, ...more }, offsets).program;
}

const KFREE: ResolvedPoint = {
  ...{
    name: 'tracepoint:skb:kfree_skb',
    kind: 'tracepoint',
    group: 'skb',
    symbol: 'kfree_skb',
    edge: 'entry',
  },
  signature: null,
  tracepointFields: [
    { name: 'skbaddr', type: 'void *', offset: 8, size: 8, signed: false },
    { name: 'location', type: 'void *', offset: 16, size: 8, signed: false },
    { name: 'reason', type: 'enum skb_drop_reason', offset: 28, size: 4, signed: false },
  ],
};

describe('the script', () => {
  test('is a shell script: sh, and busybox where it is there, read it without a word', () => {
    const specs = [
      write(),
      write({ filter: 'misfit', stack: true, seconds: 5, fields: ['skb->dev->mtu'] }),
      write({ dryRun: true }, [point('ip_rcv_core'), point('ip_rcv_core', { edge: 'return' }), KFREE]),
      write({}, [point('tcp_rcv_established', {}, ['struct sock *sk', 'struct sk_buff *skb'])]),
    ];
    const shells = [['sh'], ['bash', '--posix'], ['busybox', 'sh']].filter(
      ([shell = '']) => spawnSync('which', [shell]).status === 0,
    );
    expect(shells.length).toBeGreaterThan(0);
    for (const [shell = '', ...words] of shells)
      for (const script of [...specs.map((one) => one.script), TRACEFS_AFTER, TRACEFS_LEFT]) {
        const checked = spawnSync(shell, [...words, '-n'], { input: script, encoding: 'utf8' });
        expect([checked.status, checked.stderr]).toEqual([0, '']);
      }
  });

  /**
   * Runs that part of the script with a kernel's README; what it writes into dynamic_events, then what it would write
   * elsewhere and why it gives up.
   */
  function expand(script: string, readme = OF_6_12, release = '7.2.13+deb14-cloud-amd64'): string {
    const from = script.indexOf('# What this kernel has');
    const to = script.indexOf('# hits, missed');
    const own = script.slice(from, to).replace(/^(?:filter|count_own|count_seen)\(\) \{[\s\S]*?^\}/gm, '');
    const folder = mkdtempSync(join(tmpdir(), 'skblens-tracefs-'));
    writeFileSync(join(folder, 'README'), readme);
    const stubs = 'for f in filter count_own count_seen; do eval "$f() { echo $f \\"\\$@\\"; }"; done\n';
    const set = `readme=$(cat ${folder}/README) release=${release} T=${folder} D=${folder}/dynamic_events name=N\nfail() { echo "$@"; exit; }\n`;
    const rest = execFileSync('sh', { input: `${set}${stubs}${own}cat $D\n`, encoding: 'utf8' });
    rmSync(folder, { recursive: true });
    return rest;
  }

  test('what it writes into tracefs for ip_rcv_core: offsets from BTF, the window, our own connection', () => {
    const text = expand(write({ filter: 'bad-ip-header', fields: ['skb->dev->mtu'] }).script);
    expect(text).toMatch(
      /^f:N\/k1234abcd_0 ip_rcv_core skb=\$arg1:x64 head=\+200\(\$arg1\):x64 data=\+208\(\$arg1\):x64 /m,
    );
    expect(text).toContain(' len=+112($arg1):u32 ');
    expect(text).toContain(' ptyp=+128($arg1):b3@0/8 ');
    expect(text).toContain(' ifi=+216(+16($arg1)):s32 ');
    expect(text).toContain(
      ' nsi=+144(+1272(+16($arg1))):u32 name=+0(+16($arg1)):x64[2] w=-18(+208($arg1)):x64[16] ',
    );
    expect(text).toContain(' b0=+0(+208($arg1)):x8 ');
    expect(text).toContain(' g0=+16($arg1):x64 f0=+224(+16($arg1)):u32 comm=$comm:string');
    const own =
      '(b0 >= 0x45 && b0 <= 0x4f && b9 == 6 && ((w20 == 0x1600b5ce && w12 == 0x202000a && w16 == 0xf02000a) || ' +
      '(w20 == 0xb5ce1600 && w12 == 0xf02000a && w16 == 0x202000a))) || (sk != 0 && snum == 22 && sdpo == 46542)';
    expect(text).toContain(`filter k1234abcd_0 ((b0 < 0x45 || b0 > 0x4f)) && !(${own})\n`);
    expect(text).toContain(`count_own k1234abcd_0 ${own}\n`);
    for (const line of text.split('\n')) expect(line.length).toBeLessThan(4096);
  });

  test('IPv6 on the wire: four words each way, the ports behind forty bytes', () => {
    const connection = { clientAddress: 'fd99::2', clientPort: 5, serverAddress: 'fd99::1', serverPort: 22 };
    const text = expand(write({}, [point('ip6_rcv_core')], { connection }).script);
    expect(text).toMatch(
      /filter \S+ !\(\(b0 >= 0x60 && b0 <= 0x6f && b6 == 6 && \(\(w40 == 0x16000500 && w8 == 0x99fd /,
    );
    expect(text).toContain(' w20=+20(+208($arg1)):x32 ');
  });

  test('a header behind skb->data: fetched around it, tested on arrival, our own before data', () => {
    const program = write({ filter: 'bad-ip-header' }, [point('icmp_rcv')]);
    const text = expand(program.script);
    expect(text).toContain(' w=-78(+208($arg1)):x64[26] ');
    expect(text).toContain(' wm8=-8(+208($arg1)):x32 ');
    expect(text).toMatch(/filter k1234abcd_0 !\(/);
    expect(program.points[0]).toMatchObject({ pointer: 'network', captures: 'packet' });
  });

  test('a tracepoint becomes an event on it: the packet behind skbaddr, its reason, its caller', () => {
    const program = write({}, [KFREE]);
    const text = expand(program.script);
    expect(text).toMatch(/^e:N\/k1234abcd_0 skb\.kfree_skb skb=\$skbaddr:x64 /m);
    expect(text).toContain(' why=$reason:u32 loc=$location:symbol ');
    expect(program.points).toMatchObject([{ captures: 'packet', reason: true, caller: true }]);
  });

  test('a return has its result at the width of its type; arguments without an sk_buff are read as they are', () => {
    const returns = write({}, [point('ip_rcv_core', { edge: 'return' })]);
    const text = expand(returns.script);
    expect(text).toContain('f:N/k1234abcd_0 ip_rcv_core%return skb=$arg1:x64 ');
    expect(text).toContain(' ret=$retval:s32 ');
    expect(returns.points).toMatchObject([{ captures: 'arguments', parameters: [], edge: 'return' }]);
    const plain = write({}, [point('fib_lookup', {}, ['struct net *net', 'u8 flags', 'int how'])]);
    expect(expand(plain.script)).toContain(' a0=$arg1:s64 a1=$arg2:u8 a2=$arg3:s32 comm=');
    expect(plain.points[0]?.parameters).toEqual(['net', 'flags', 'how']);
  });

  test("the kernel's word on what it refused is told, and not what it said to somebody before", () => {
    const { script } = write();
    const own = script.slice(script.indexOf('I=\n'), script.indexOf('[ -r $T/README ] || fail'));
    const folder = mkdtempSync(join(tmpdir(), 'skblens-tracefs-'));
    const log = join(folder, 'error_log');
    writeFileSync(log, '[ 1.5] trace_kprobe: error: Old\n  Command: p:x\n      ^\n');
    const said = (more: string): string => {
      const input = `tag=k T=${folder}\n${own}${more}\nfail define it\n`;
      return spawnSync('sh', { input, encoding: 'utf8' }).stdout;
    };
    expect(said('')).toBe('k\tF\tdefine\tit\t\n');
    expect(said(`echo '[ 2.5] trace_kprobe: error: New' >>${log}`)).toBe('k\tF\tdefine\tit\tNew\n');
    rmSync(folder, { recursive: true });
  });

  test('a bitfield is fetched from the smallest word that holds it', () => {
    const text = expand(write({ fields: ['skb->cloned', 'skb->wide'] }).script);
    expect(text).toContain(' f0=+126($arg1):b1@7/8 f1=+8(+16($arg1)):b3@6/16 ');
  });

  test('a function of a module is named with it', () => {
    expect(expand(write({}, [point('nft_do_chain', { group: 'nf_tables' })]).script)).toContain(
      '\np:N/k1234abcd_0 nf_tables:nft_do_chain ',
    );
  });

  test('fprobe events only where README lists them and a name says all; the rest as this kernel can', () => {
    const both = [point('ip_rcv_core'), point('fib_lookup', { edge: 'return' }, ['struct net *net'])];
    const { script } = write({}, both);
    expect(expand(script)).toMatch(
      /^f:N\/k1234abcd_0 ip_rcv_core [^]*^f:N\/k1234abcd_1 fib_lookup%return ret=/m,
    );
    expect(expand(script)).toContain('count_seen k1234abcd_1\n');
    expect(expand(script, OF_6_12, '6.14-rc1')).toMatch(/^f:N\/k1234abcd_1 fib_lookup%return ret=/m);
    // 6.12: its fprobe events miss ends of functions without a word.
    const older = expand(script, OF_6_12, '6.12.107+deb13-cloud-amd64');
    expect(older).toMatch(
      /^p:N\/k1234abcd_0 ip_rcv_core skb=\$arg1:x64 [^]*^r256:N\/k1234abcd_1 fib_lookup ret=/m,
    );
    // 6.1: arguments by number at the start alone, and no events of fprobes.
    const old = expand(script, OF_6_1);
    expect(old).toMatch(
      /^p:N\/k1234abcd_0 ip_rcv_core skb=\$arg1:x64 [^]*^r256:N\/k1234abcd_1 fib_lookup ret=/m,
    );
    expect(old).not.toContain('count_seen');
    const returns = write({}, [point('ip_rcv_core', { edge: 'return' })]).script;
    expect(expand(returns, OF_6_1)).toContain('unfit return-arguments\n');
    if (machine() === 'x86_64')
      expect(expand(script, '')).toContain('ip_rcv_core skb=%di:x64 head=+200(%di):x64 ');
    const asked = expand(write({}, [point('ip_rcv_core', { kind: 'kprobe' })]).script);
    expect(asked).toMatch(/^p:N\/k1234abcd_0 ip_rcv_core skb=/m);
  });

  test('pages of the buffer are sent where they say all: no stack, no symbol, a little-endian machine', () => {
    const sends = (script: string): boolean => script.includes('trace_pipe_raw');
    expect(sends(write().script)).toBe(true);
    expect(sends(write({}, undefined, { machine: 's390x' }).script)).toBe(false);
    expect(sends(write({ stack: true }).script)).toBe(false);
    expect(sends(write({}, [point('ip_rcv_core'), KFREE]).script)).toBe(false);
    // Never more pages than there must be: 4080 bytes hold at most so many events of the shortest kind.
    const both = write({}, [point('ip_rcv_core'), point('ip_rcv_core', { edge: 'return' })]).script;
    const least = Number(/each=\$\(\(\(page - data\) \/ (\d+)\)\)/.exec(both)?.[1]);
    // As the format file of 6.12 has it: 24 bytes before the values, 66 before comm.
    expect(least).toBeGreaterThan(40);
    expect(least).toBeLessThanOrEqual(66 + 4 + 4);
  });

  test('a raw tracepoint is an event on what it is passed, where the kernel has those', () => {
    const raw = point('kfree_skb', { kind: 'rawtracepoint', group: null }, [
      'struct sk_buff *skb',
      'void *location',
      'enum skb_drop_reason reason',
    ]);
    const { script } = write({}, [raw]);
    expect(expand(script)).toMatch(/^t:N\/k1234abcd_0 kfree_skb skb=\$arg1:x64 .* why=\$arg3:u32 comm=/m);
    expect(expand(script)).toContain('count_seen k1234abcd_0\n');
    expect(expand(script, OF_6_1)).toBe('unfit raw-tracepoints\n');
  });
});

describe('refused, before anything runs', () => {
  test.each([
    ['function-without-sk_buff', { filter: 'misfit' }, [point('fib_lookup', {}, ['struct net *net'])]],
    ['field-unknown', { fields: ['skb->nothing'] }, [point('ip_rcv_core')]],
    ['field-unknown', { fields: ['skb->below'] }, [point('ip_rcv_core')]],
    ['engine-unfit', { filter: 'bad-ip-header' }, [point('ip_rcv_core', { edge: 'return' })]],
  ] as const)('%s', (code, spec, points) => {
    let failed: unknown = null;
    try {
      write(spec, [...points]);
    } catch (error) {
      failed = error;
    }
    expect((failed as Fail).failure.code).toBe(code);
  });
});
