import { describe, expect, test } from 'vitest';
import { KernelFunctions } from '../../../../electron/backend/target/kernel-functions.ts';
import { parseSymbols } from '../../../../shared/btf/attach/symbols.ts';
import { parseTraceable } from '../../../../shared/btf/attach/traceable.ts';
import { parseBtf } from '../../../../shared/btf/decoder.ts';
import type { FunctionGroup } from '../../../../shared/btf/function-groups.ts';
import { BtfWriter } from '../../../shared/btf/writer.ts';

const LISTED = [
  '__x64_sys_read',
  'bpf_get',
  'do_exit',
  'ip_output',
  'ip_rcv',
  'ip_rcv_core',
  'same',
  'same',
  'speed_show',
  'tcp_ack.isra.0',
  'veth_xmit [veth]',
  'veth_open.cold [veth]',
];

function kernel(options: { readonly file?: boolean; readonly bpftrace?: boolean } = {}): KernelFunctions {
  const w = new BtfWriter();
  const int = w.int('int', 4, 1);
  const skb = w.pointer(w.composite('struct', 'sk_buff', 8, []));
  const device = w.pointer(w.composite('struct', 'net_device', 8, []));
  const attribute = w.pointer(w.composite('struct', 'device_attribute', 8, []));
  const wide = w.composite('struct', 'wide', 24, []);
  const add = (name: string, returns: number, ...types: number[]): number =>
    w.function(
      name,
      w.prototype(
        returns,
        types.map((type, n) => [`a${n}`, type]),
      ),
    );
  add('__x64_sys_read', int, int);
  w.declTag('bpf_kfunc', add('bpf_get', int, skb));
  add('do_exit', 0, int);
  add('inlined', int, skb);
  add('ip_output', int, device, skb);
  add('ip_rcv', int, skb, device);
  add('ip_rcv_core', skb, skb);
  add('returns_wide', wide, int);
  add('same', int);
  add('speed_show', int, device, attribute);
  const vmlinux = parseBtf(w.bytes());
  const m = new BtfWriter({ base: vmlinux });
  m.function('veth_xmit', m.prototype(int, [['skb', skb]]));
  const modules = [
    { module: 'vmlinux', btf: vmlinux },
    { module: 'veth', btf: parseBtf(m.bytes(), { base: vmlinux }) },
  ];
  if (options.file === true) return new KernelFunctions(modules, null);
  const symbols = [...LISTED, 'returns_wide', 'ip_rcv.part.0'];
  return new KernelFunctions(modules, {
    arch: 'x86_64',
    kernel: { major: 6, minor: 12 },
    bpftrace: options.bpftrace === false ? null : { major: 0, minor: 23 },
    traceable: parseTraceable(`${LISTED.join('\n')}\nreturns_wide\n`),
    symbols: parseSymbols(symbols.map((name) => `0000000000000000 T ${name.replace(' ', '\t')}`).join('\n')),
    blacklist: new Set(),
  });
}

const functions = kernel();
const { names, modules, moduleOf, marks, markOf } = functions.table();
const named = (entry: number): string => `${modules[moduleOf[entry] ?? 0] ?? ''}:${names[entry] ?? ''}`;
const markOfName = (name: string) => marks[markOf[names.indexOf(name)] ?? -1];

describe('the table', () => {
  test('has what BTF describes in order of name, then what only ftrace lists', () => {
    expect(names.map((_name, entry) => named(entry))).toEqual([
      'vmlinux:__x64_sys_read',
      'vmlinux:bpf_get',
      'vmlinux:do_exit',
      'vmlinux:inlined',
      'vmlinux:ip_output',
      'vmlinux:ip_rcv',
      'vmlinux:ip_rcv_core',
      'vmlinux:returns_wide',
      'vmlinux:same',
      'vmlinux:speed_show',
      'veth:veth_xmit',
      'vmlinux:tcp_ack.isra.0',
      'veth:veth_open.cold',
    ]);
    expect(functions.size).toBe(names.length);
  });

  test('marks each', () => {
    const plain = { attachable: 'yes', reason: '', callable: false, glue: null, useKprobe: false };
    expect(markOfName('ip_rcv')).toEqual(plain);
    expect(markOfName('bpf_get')).toEqual({ ...plain, callable: true });
    expect(markOfName('__x64_sys_read')).toMatchObject({ glue: 'syscall-wrapper' });
    expect(markOfName('speed_show')).toMatchObject({ glue: 'attribute' });
    expect(markOfName('do_exit')).toMatchObject({ attachable: 'entry-only', reason: 'NORETURN' });
    expect(markOfName('same')).toMatchObject({ attachable: 'ambiguous', useKprobe: false });
    expect(markOfName('inlined')).toMatchObject({ attachable: 'no', reason: 'NO_SYMBOL', useKprobe: false });
    expect(markOfName('returns_wide')).toMatchObject({
      attachable: 'no',
      reason: 'RET_STRUCT',
      useKprobe: true,
    });
    expect(markOfName('tcp_ack.isra.0')).toMatchObject({ reason: 'NO_BTF', useKprobe: true });
    expect(marks.length).toBeLessThan(names.length);
  });

  test('without bpftrace says that a kprobe would do, and of a file nothing', () => {
    const bare = kernel({ bpftrace: false });
    const table = bare.table();
    expect(table.marks[table.markOf[bare.match('ip_rcv', 1).entries[0] ?? -1] ?? -1]).toMatchObject({
      attachable: 'no',
      reason: 'BPFTRACE_MISSING',
      useKprobe: true,
    });
    const file = kernel({ file: true });
    expect(file.table().names).not.toContain('tcp_ack.isra.0');
    expect(new Set(file.table().marks.map(({ attachable }) => attachable))).toEqual(new Set(['unknown']));
  });
});

describe('matches', () => {
  const found = (line: string, limit = 100): string[] =>
    functions.match(line, limit).entries.map((entry) => names[entry] ?? '');

  test.each([
    'ip_rcv',
    'rcv',
    'ip out',
    'iprcvc',
    'arg:net_device',
    'skb ->sk_buff',
    'sk_buff',
    'zzz',
    'module:veth',
  ])('%s: in the order of the command line, then names without BTF', (line) => {
    const search = functions.search(line).map(({ name }) => name);
    const all = found(line);
    expect(all.slice(0, search.length)).toEqual(search);
    for (const name of all.slice(search.length)) expect(name).toContain('.');
  });

  test('names without BTF are found behind all others, by words and module alone', () => {
    expect(found('tcp')).toEqual(['tcp_ack.isra.0']);
    expect(found('veth')).toEqual(['veth_xmit', 'veth_open.cold']);
    expect(found('module:veth')).toEqual(['veth_xmit', 'veth_open.cold']);
    expect(found('tcp ->int')).toEqual([]);
  });

  test('the total counts what the limit leaves out', () => {
    const { total, entries, spelt } = functions.match('ip', 2);
    expect([total, entries.length, spelt]).toEqual([3, 2, false]);
    expect(functions.match('iprcvc', 5)).toMatchObject({ total: 1, spelt: true });
  });
});

describe('groups', () => {
  const told = (groups: readonly FunctionGroup[]): unknown[] =>
    groups.map(({ kind, name, entries, groups: below }) => [
      kind,
      name,
      below.length > 0 ? told(below) : entries.map((entry) => names[entry]),
    ]);

  test('by module: glue and names without BTF come last', () => {
    expect(told(functions.groups('module'))).toEqual([
      [
        'module',
        'vmlinux',
        ['bpf_get', 'do_exit', 'inlined', 'ip_output', 'ip_rcv', 'ip_rcv_core', 'returns_wide', 'same'],
      ],
      ['module', 'veth', ['veth_xmit']],
      [
        'glue',
        '',
        [
          ['glue-kind', 'attribute', ['speed_show']],
          ['glue-kind', 'syscall-wrapper', ['__x64_sys_read']],
        ],
      ],
      ['without-btf', '', ['tcp_ack.isra.0', 'veth_open.cold']],
    ]);
  });

  test('by the first struct, the most taken first', () => {
    expect(told(functions.groups('first-struct'))).toEqual([
      ['struct', 'sk_buff', ['bpf_get', 'inlined', 'ip_rcv', 'ip_rcv_core', 'veth_xmit']],
      ['struct', 'net_device', ['ip_output']],
      ['no-struct', '', ['do_exit', 'returns_wide', 'same']],
    ]);
  });

  test('by any struct: a function stands under each that it takes', () => {
    const [skb, device] = functions.groups('any-struct');
    expect(skb?.entries.map((entry) => names[entry])).toContain('ip_output');
    expect(device?.entries.map((entry) => names[entry])).toEqual(['ip_output', 'ip_rcv']);
  });

  test('by what BPF may call', () => {
    expect(told(functions.groups('bpf-callable'))).toEqual([['other', '', ['bpf_get']]]);
  });
});

describe('details', () => {
  test('both ends of both engines, each with its reason', () => {
    expect(functions.details('do_exit')?.attach).toMatchObject([
      { engine: 'bpftrace', edge: 'entry', answer: 'yes', reason: '' },
      { engine: 'bpftrace', edge: 'return', answer: 'no', reason: 'NORETURN' },
      { engine: 'tracefs', edge: 'entry', answer: 'yes' },
      { engine: 'tracefs', edge: 'return', answer: 'no', reason: 'NORETURN' },
    ]);
    expect(functions.details('returns_wide')?.attach.map(({ answer }) => answer)).toEqual([
      'no',
      'no',
      'yes',
      'yes',
    ]);
  });

  test('the prototype in parts, the symbols, the clones', () => {
    expect(functions.details('ip_rcv')).toMatchObject({
      module: 'vmlinux',
      signature: 'int ip_rcv(struct sk_buff *a0, struct net_device *a1)',
      returns: 'int',
      parameters: [
        { type: 'struct sk_buff *', name: 'a0' },
        { type: 'struct net_device *', name: 'a1' },
      ],
      symbols: 1,
      clones: ['ip_rcv.part.0'],
    });
    expect(kernel({ file: true }).details('ip_rcv')?.symbols).toBeNull();
  });

  test('a name without BTF has no signature, and a kprobe', () => {
    expect(functions.details('tcp_ack.isra.0')).toMatchObject({
      signature: '',
      parameters: [],
      mark: { reason: 'NO_BTF', useKprobe: true },
    });
    expect(functions.details('veth:veth_open.cold')?.module).toBe('veth');
    expect(functions.signature(names.indexOf('tcp_ack.isra.0'))).toBe('');
  });

  test('of what is not there, none', () => {
    for (const name of ['nothing', 'veth:ip_rcv', '', ':', '__proto__', 'tcp_ack'])
      expect(functions.details(name), name).toBeNull();
    expect(functions.fellows('nothing')).toEqual([]);
  });

  test('who else takes and returns the same structs, the nearest name first', () => {
    const told = functions.fellows('ip_rcv').map(({ struct, how, total, entries }) => ({
      struct,
      how,
      total,
      first: names[entries[0] ?? -1],
    }));
    expect(told).toEqual([
      { struct: 'sk_buff', how: 'takes', total: 5, first: 'ip_rcv_core' },
      { struct: 'sk_buff', how: 'returns', total: 1, first: 'ip_rcv_core' },
      { struct: 'net_device', how: 'takes', total: 2, first: 'ip_output' },
    ]);
    expect(functions.fellows('do_exit')).toEqual([]);
    expect(functions.fellows('tcp_ack.isra.0')).toEqual([]);
  });
});

test('a hostile name reaches the page made safe', () => {
  const w = new BtfWriter();
  w.function('\u202eevil<b>', w.prototype(0, []));
  const hostile = new KernelFunctions([{ module: 'vmlinux', btf: parseBtf(w.bytes()) }], null);
  expect(hostile.table().names).toEqual(['\\u{202e}evil\\x3cb\\x3e']);
});
