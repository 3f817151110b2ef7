import { describe, expect, test } from 'vitest';
import { attachability } from '../../../shared/btf/attach/attachability.ts';
import type { AttachFacts, ProbeEngine } from '../../../shared/btf/attach/attachability.ts';
import { parseBlacklist } from '../../../shared/btf/attach/blacklist.ts';
import { parseSymbols } from '../../../shared/btf/attach/symbols.ts';
import { parseTraceable } from '../../../shared/btf/attach/traceable.ts';
import { parseVersion } from '../../../shared/btf/attach/version.ts';
import { parseBtf } from '../../../shared/btf/decoder.ts';
import { BtfWriter } from './writer.ts';

const w = new BtfWriter();
const int = w.int('int', 4, 1);
const wide = w.int('__int128', 16, 1);
const small = w.composite('struct', 'small', 16, []);
const large = w.composite('struct', 'large', 24, []);
const union = w.composite('union', 'u', 8, []);
const double = w.add(16, 'double', 8);
const prototypes: Record<string, number> = {
  plain: w.prototype(int, [['a', w.pointer(small)]]),
  varargs: w.prototype(int, [
    ['a', int],
    ['', 0],
  ]),
  returnsStruct: w.prototype(w.const(small), []),
  returnsWide: w.prototype(wide, []),
  smallStruct: w.prototype(int, [['a', w.typedef('t', small)]]),
  largeStruct: w.prototype(int, [['a', large]]),
  union: w.prototype(int, [['a', union]]),
  float: w.prototype(int, [['a', double]]),
  seven: w.prototype(
    int,
    Array.from({ length: 7 }, () => ['a', int] as const),
  ),
  nine: w.prototype(
    int,
    Array.from({ length: 9 }, () => ['a', int] as const),
  ),
  thirteen: w.prototype(
    int,
    Array.from({ length: 13 }, () => ['a', int] as const),
  ),
  loop: w.prototype(w.nextId + 1, []),
};
w.const(w.nextId);
const names: [string, string][] = [
  ...Object.keys(prototypes).map((name): [string, string] => [name, name]),
  ...[
    'hidden_symbol',
    'twice',
    'boot',
    'quiet',
    'dark',
    'do_exit',
    'migrate_disable',
    'rcu_read',
    'refused',
  ].map((name): [string, string] => [name, 'plain']),
  ...['__traceiter_x', '_raw_spin_lock', 'gone'].map((name): [string, string] => [name, 'plain']),
];
const ids = new Map(names.map(([name, prototype]) => [name, w.function(name, prototypes[prototype] ?? 0)]));
const btf = parseBtf(w.bytes());

const listed = [...ids.keys()].filter(
  (name) => !['boot', 'quiet', 'dark', '__traceiter_x', 'gone'].includes(name),
);
const facts: AttachFacts = {
  arch: 'x86_64',
  kernel: { major: 7, minor: 2 },
  bpftrace: { major: 0, minor: 27 },
  traceable: parseTraceable(
    [...listed, 'twice', 'only_here.isra.0', '__ftrace_invalid_address___16', 'in_module [veth]', ''].join(
      '\n',
    ),
  ),
  symbols: parseSymbols(
    [
      'ffffffff82000000 T _sinittext',
      'ffffffff82100000 T _einittext',
      'ffffffff81f00000 T __noinstr_text_start',
      'ffffffff81f10000 T __noinstr_text_end',
      'ffffffff82000010 t boot',
      'ffffffff81f00020 t quiet',
      'ffffffff81000000 D not_a_function',
      'ffffffff81000000 t gone.constprop.0',
      'ffffffffc0000000 t in_module\t[veth]',
      'ffffffff81000001 t only_here.isra.0',
      ...[...ids.keys(), 'twice']
        .filter((name) => !['boot', 'quiet', 'gone'].includes(name))
        .map((name) => `ffffffff81000002 t ${name}`),
    ].join('\n'),
  ),
  blacklist: parseBlacklist('0xffffffff81000000-0xffffffff81000010\trefused\n0x1-0x2\tother+0x10\n'),
};

function ask(
  name: string,
  engine: ProbeEngine = 'bpftrace',
  changed: Partial<AttachFacts> = {},
  module = 'vmlinux',
) {
  const id = ids.get(name);
  const target = { name, module, type: id === undefined ? null : { btf, id } };
  const { answer, reason, useKprobe, detail, instances } = attachability(
    target,
    { ...facts, ...changed },
    engine,
  );
  return [
    answer,
    reason,
    ...(detail === null ? [] : [detail]),
    ...(instances === 1 ? [] : [instances]),
    ...(useKprobe ? ['kprobe'] : []),
  ].join(' ');
}

describe('attachability with everything known', () => {
  test.each([
    ['plain', 'yes ', 'yes '],
    ['smallStruct', 'yes ', 'yes '],
    ['union', 'yes ', 'yes '],
    ['varargs', 'no VARARGS kprobe', 'yes '],
    ['returnsStruct', 'no RET_STRUCT kprobe', 'yes '],
    ['returnsWide', 'entry-only RET_GT8', 'yes '],
    ['largeStruct', 'no ARG_STRUCT_GT16 kprobe', 'yes '],
    ['float', 'no FLOAT kprobe', 'yes '],
    ['seven', 'no BPFTRACE_ARGS_GT6 kprobe', 'yes '],
    ['thirteen', 'no ARGS_GT_n kprobe', 'yes '],
    ['loop', 'unknown DAMAGED_BTF', 'yes '],
    ['twice', 'ambiguous AMBIGUOUS 2', 'ambiguous AMBIGUOUS 2'],
    ['boot', 'no NOT_TRACEABLE init', 'no NOT_TRACEABLE init'],
    ['quiet', 'no NOT_TRACEABLE noinstr', 'no NOT_TRACEABLE noinstr'],
    ['dark', 'no NOT_TRACEABLE other', 'no NOT_TRACEABLE other'],
    ['__traceiter_x', 'no NOT_TRACEABLE tracepoint-glue', 'no NOT_TRACEABLE tracepoint-glue'],
    ['gone', 'no NO_SYMBOL', 'no NO_SYMBOL'],
    ['do_exit', 'entry-only NORETURN', 'entry-only NORETURN'],
    ['migrate_disable', 'no DENYLIST kprobe', 'yes '],
    ['rcu_read', 'no BPFTRACE_HIDDEN kprobe', 'yes '],
    ['refused', 'no KPROBE_BLACKLIST', 'no KPROBE_BLACKLIST'],
    ['only_here.isra.0', 'no NO_BTF kprobe', 'yes '],
  ])('%s', (name, bpftrace, tracefs) => {
    expect(ask(name)).toBe(bpftrace);
    expect(ask(name, 'tracefs')).toBe(tracefs);
  });

  test('modules are apart from the kernel proper', () => {
    expect(ask('in_module', 'tracefs', {}, 'veth')).toBe('yes ');
    expect(ask('in_module', 'tracefs')).toBe('no NO_SYMBOL');
  });

  test('warnings', () => {
    const type = { btf, id: ids.get('_raw_spin_lock') ?? 0 };
    const target = { name: '_raw_spin_lock', module: 'vmlinux', type, implicitArguments: true };
    expect(attachability(target, facts, 'bpftrace')).toMatchObject({
      answer: 'yes',
      warnings: ['IMPLICIT_ARGS_KFUNC', 'RECURSION_RISK'],
    });
  });

  test('a clone is named', () => {
    const type = { btf, id: ids.get('gone') ?? 0 };
    const { sentence } = attachability({ name: 'gone', module: 'vmlinux', type }, facts, 'bpftrace');
    expect(sentence).toContain('gone.constprop.0');
  });
});

describe('what is not known is never yes', () => {
  test('available_filter_functions unreadable', () => {
    for (const name of ids.keys()) {
      for (const engine of ['bpftrace', 'tracefs'] as const) {
        for (const symbols of [facts.symbols, null]) {
          const { answer } = attachability(
            { name, module: 'vmlinux', type: { btf, id: ids.get(name) ?? 0 } },
            { ...facts, traceable: null, symbols },
            engine,
          );
          expect(['no', 'unknown']).toContain(answer);
        }
      }
    }
    expect(ask('plain', 'bpftrace', { traceable: null })).toBe('unknown AFF_UNREADABLE');
    expect(ask('varargs', 'bpftrace', { traceable: null })).toBe('no VARARGS');
  });

  test('no bpftrace', () => {
    expect(ask('plain', 'bpftrace', { bpftrace: null })).toBe('no BPFTRACE_MISSING');
    expect(ask('plain', 'tracefs', { bpftrace: null })).toBe('yes ');
  });

  test('symbols unreadable: the list of ftrace decides', () => {
    expect(ask('plain', 'bpftrace', { symbols: null })).toBe('yes ');
    expect(ask('twice', 'bpftrace', { symbols: null })).toBe('ambiguous AMBIGUOUS 2');
  });

  test('an architecture without a table', () => {
    expect(ask('seven', 'bpftrace', { arch: 'riscv64' })).toBe('unknown ARGS_GT_n');
  });
});

describe('older kernels', () => {
  const on = (name: string, major: number, minor: number, arch = 'x86_64') =>
    ask(name, 'bpftrace', { kernel: { major, minor }, arch });

  test('x86_64', () => {
    expect(on('seven', 6, 5)).toBe('no ARGS_GT_n kprobe');
    expect(on('seven', 6, 6)).toBe('no BPFTRACE_ARGS_GT6 kprobe');
    expect(on('smallStruct', 6, 0)).toBe('no ARG_STRUCT kprobe');
    expect(on('smallStruct', 6, 1)).toBe('yes ');
    expect(on('union', 6, 12)).toBe('no ARG_UNION kprobe');
    expect(on('union', 7, 0)).toBe('unknown ARG_UNION');
  });

  test('arm64', () => {
    expect(on('seven', 6, 1, 'aarch64')).toBe('yes ');
    expect(on('nine', 6, 1, 'aarch64')).toBe('no ARGS_GT_n kprobe');
  });
});

describe('what the target prints', () => {
  test('versions', () => {
    expect(parseVersion('6.12.107-cloud-amd64')).toEqual({ major: 6, minor: 12 });
    expect(parseVersion('bpftrace v0.23.2')).toEqual({ major: 0, minor: 23 });
    expect(parseVersion('unknown')).toBeNull();
  });

  test('hidden addresses are no sections', () => {
    const zero = '0000000000000000';
    const symbols = parseSymbols(`${zero} T _sinittext\n${zero} T _einittext\n${zero} t f\n`);
    expect(symbols.init.size).toBe(0);
    expect(symbols.counts.count('f', 'vmlinux')).toBe(1);
  });

  test('nonsense is no function', () => {
    expect(parseTraceable('\n\n[x]\n').count('x', 'vmlinux')).toBe(0);
    expect(parseSymbols('garbage\n \nffff').counts.size).toBe(0);
    expect(parseBlacklist('garbage').size).toBe(0);
  });
});
