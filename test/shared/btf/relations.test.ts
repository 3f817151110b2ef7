import { describe, expect, test } from 'vitest';
import { parseBtf } from '../../../shared/btf/decoder.ts';
import { diffComposites, diffFunctions, diffLayouts } from '../../../shared/btf/diff.ts';
import { bpfCallable, glueOf, implicitArgumentFunctions, namePrefix } from '../../../shared/btf/glue.ts';
import { FunctionStructs } from '../../../shared/btf/function-structs.ts';
import { layoutOf } from '../../../shared/btf/layout.ts';
import { usersOf, variantsOf } from '../../../shared/btf/users.ts';
import { BtfWriter } from './writer.ts';

function kernel(second: boolean) {
  const w = new BtfWriter();
  const int = w.int('int', 4);
  const long = w.int('long', 8);
  const skb = w.composite(
    'struct',
    'sk_buff',
    second ? 24 : 16,
    second
      ? [
          { name: 'fresh', type: long, bitOffset: 0 },
          { name: 'len', type: long, bitOffset: 64 },
          { name: 'flags', type: int, bitOffset: 128, bits: 2 },
          { name: 'kept', type: int, bitOffset: 160 },
        ]
      : [
          { name: 'len', type: int, bitOffset: 0 },
          { name: 'flags', type: int, bitOffset: 128, bits: 1 },
          { name: 'kept', type: int, bitOffset: 160 },
          { name: 'gone', type: int, bitOffset: 64 },
        ],
    true,
  );
  w.composite('struct', 'same', 4, [{ name: 'a', type: int, bitOffset: 0 }]);
  w.composite('union', second ? 'born' : 'dead', 4, []);
  const toSkb = w.pointer(skb);
  w.function('stays', w.prototype(int, []));
  w.function('changes', w.prototype(int, second ? [['skb', toSkb]] : []));
  w.function(second ? 'comes' : 'goes', w.prototype(0, []));
  return parseBtf(w.bytes());
}

describe('differences between two kernels', () => {
  const before = kernel(false);
  const after = kernel(true);
  const modules = (btf: typeof before) => [{ module: 'vmlinux', btf }];

  test('functions', () => {
    expect(diffFunctions(modules(before), modules(after))).toEqual([
      {
        kind: 'changed',
        name: 'changes',
        module: 'vmlinux',
        before: 'int changes(void)',
        after: 'int changes(struct sk_buff *skb)',
      },
      { kind: 'added', name: 'comes', module: 'vmlinux', before: null, after: 'void comes(void)' },
      { kind: 'removed', name: 'goes', module: 'vmlinux', before: 'void goes(void)', after: null },
    ]);
    expect(diffFunctions(modules(after), modules(after))).toEqual([]);
    expect(diffFunctions([], modules(after)).map(({ kind }) => kind)).toEqual(['added', 'added', 'added']);
  });

  test('one struct', () => {
    const layout = (btf: typeof before) => layoutOf(btf, btf.findAll('sk_buff')[0] ?? 0);
    const told = diffLayouts(layout(before), layout(after)).map(({ path, before: was, after: is, changes }) =>
      [path, was === null ? 'new' : is === null ? 'gone' : changes.join('+')].join(' '),
    );
    expect(told).toEqual(['fresh new', 'len moved+resized+retyped', 'flags resized', 'gone gone']);
    expect(diffLayouts(layout(after), layout(after))).toEqual([]);
  });

  test('all structs', () => {
    expect(
      diffComposites(before, after).map(({ kind, name, keyword }) => `${kind} ${keyword} ${name}`),
    ).toEqual(['added union born', 'removed union dead', 'changed struct sk_buff']);
  });
});

describe('who has to do with a type', () => {
  test('over a chain, all variants and forward declarations', () => {
    const w = new BtfWriter();
    const int = w.int('int', 4);
    const one = w.composite('struct', 'thing', 4, [{ name: 'a', type: int, bitOffset: 0 }]);
    const two = w.composite('struct', 'thing', 8, [{ name: 'b', type: int, bitOffset: 0 }]);
    const holder = w.composite('struct', 'holder', 8, [
      { name: 't', type: w.array(w.const(one), 2), bitOffset: 0 },
    ]);
    const pointer = w.composite('union', 'pointer', 8, [
      { name: 'p', type: w.pointer(w.pointer(two)), bitOffset: 0 },
    ]);
    const taker = w.function('taker', w.prototype(int, [['t', w.pointer(w.typedef('thing_t', one))]]));
    const vmlinux = parseBtf(w.bytes());
    const m = new BtfWriter({ base: vmlinux });
    const giver = m.function('giver', m.prototype(m.pointer(one), []));
    const module = parseBtf(m.bytes(), { base: vmlinux });
    expect(variantsOf(module, one)).toEqual(new Set([one, two]));
    expect(usersOf(module, variantsOf(module, two))).toEqual({
      embeds: [holder],
      pointsTo: [pointer],
      takes: [taker],
      returns: [giver],
    });
  });

  test('a loop of types ends', () => {
    const w = new BtfWriter();
    w.pointer(1);
    w.composite('struct', 's', 8, [{ name: 'p', type: 1, bitOffset: 0 }]);
    expect(usersOf(parseBtf(w.bytes()), new Set([2]))).toEqual({
      embeds: [],
      pointsTo: [],
      takes: [],
      returns: [],
    });
  });
});

describe('grouping', () => {
  const w = new BtfWriter();
  const int = w.int('int', 4);
  const attribute = w.pointer(w.composite('struct', 'device_attribute', 8, []));
  const device = w.pointer(w.composite('struct', 'device', 8, []));
  const seq = w.pointer(w.composite('struct', 'seq_file', 8, []));
  const add = (name: string, ...types: number[]) =>
    w.function(
      name,
      w.prototype(
        int,
        types.map((type) => ['a', type]),
      ),
    );
  const show = add('speed_show', device, attribute);
  const seqShow = add('tcp4_seq_show', seq, int);
  const plain = add('ip_rcv', int);
  const callable = add('bpf_skb_get', seq);
  w.declTag('bpf_kfunc', callable);
  const implicit = add('bpf_wq_set', seq);
  add('bpf_wq_set_impl', seq, int);
  w.declTag('bpf_kfunc', implicit);
  w.declTag('other', plain);
  const btf = parseBtf(w.bytes());

  test('glue', () => {
    expect(glueOf(btf, show)).toBe('attribute');
    expect(glueOf(btf, seqShow)).toBeNull();
    expect(glueOf(btf, plain, '__x64_sys_open')).toBe('syscall-wrapper');
    expect(glueOf(btf, plain, '__ia32_compat_sys_open')).toBe('syscall-wrapper');
    expect(glueOf(btf, plain, '__traceiter_sched_switch')).toBe('tracepoint');
    expect(glueOf(btf, plain, 'bpf_lsm_file_open')).toBe('bpf-lsm');
    expect(glueOf(btf, plain)).toBeNull();
  });

  test('structs and prefix', () => {
    const names = new FunctionStructs(btf, null);
    expect(names.ofFunction(show)).toEqual({
      first: 'device',
      taken: ['device', 'device_attribute'],
      returned: '',
    });
    expect(names.ofFunction(plain)).toEqual({ first: '', taken: [], returned: '' });
    expect(namePrefix('__tcp_push')).toBe('tcp');
    expect(namePrefix('vfs')).toBe('vfs');
    expect(namePrefix('___')).toBe('___');
  });

  test('functions that BPF may call', () => {
    expect(bpfCallable(btf)).toEqual(new Set([callable, implicit]));
    expect(implicitArgumentFunctions(btf)).toEqual(new Set([implicit]));
  });
});
