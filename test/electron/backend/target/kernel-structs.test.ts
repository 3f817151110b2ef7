import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import {
  compareStructs,
  diffKernelFunctions,
  diffKernelStructs,
} from '../../../../electron/backend/target/kernel-diff.ts';
import { KernelStructs } from '../../../../electron/backend/target/kernel-structs.ts';
import { openSentFile } from '../../../../electron/backend/target/opened-btf.ts';
import type { MemberNode, StructNode } from '../../../../shared/btf/body.ts';
import { parseBtf } from '../../../../shared/btf/decoder.ts';
import { Fail } from '../../../../shared/contract/failure.ts';
import { fakeKernel } from '../../../renderer/dev/fake-kernel.ts';
import { BtfWriter } from '../../../shared/btf/writer.ts';

const kernel = fakeKernel();
const newer = fakeKernel(true);
const skb = kernel.structs.layouts('sk_buff')[0] ?? expect.fail('no sk_buff');

function codeOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (error instanceof Fail) return error.failure.code;
    throw error;
  }
  return expect.fail('it did not fail');
}

function outline(nodes: readonly StructNode[]): string[] {
  return nodes.flatMap((node) =>
    node.kind === 'member'
      ? [
          `${node.bitOffset / 8} ${node.path}${node.leads === null ? '' : ` ${node.leads.step}${node.leads.name}`}`,
          ...outline(node.nodes),
        ]
      : [`${node.bitOffset / 8} ${node.kind} ${node.bits}`],
  );
}

function memberOf(nodes: readonly StructNode[], path: string): MemberNode {
  for (const node of nodes) {
    if (node.kind !== 'member') continue;
    if (node.path === path && node.name !== '') return node;
    if (node.nodes.length > 0 && (path.startsWith(node.path) || node.path === ''))
      try {
        return memberOf(node.nodes, path);
      } catch {
        continue;
      }
  }
  throw new Error(`no ${path}`);
}

describe('a struct as it is drawn', () => {
  test('unnamed members in place, gaps between, and what each member leads to', () => {
    expect(outline(skb.nodes)).toEqual([
      '0 ',
      '0 ',
      '0 next ->sk_buff',
      '8 prev ->sk_buff',
      '16 ',
      '16 dev ->net_device',
      '16 dev_scratch',
      '0 list .list_head',
      '24 sk',
      '32 cb',
      '80 len',
      '84 data_len',
      '88 mac_len',
      '90 pkt_type',
      '90.375 ignore_df',
      '90.5 hole 44',
      '96 protocol',
      '98 mac_header',
      '100 hole 32',
      '104 head',
      '112 data',
      '120 tail',
      '124 end',
      '128 truesize',
      '132 padding 32',
    ]);
    expect(skb.nodes[0]).toMatchObject({ body: 'union', nodes: [{ body: 'struct' }, { name: 'list' }] });
  });

  test('what a member leads to is another such struct', () => {
    const { leads } = memberOf(skb.nodes, 'dev');
    const device = kernel.structs.body({ module: 'vmlinux', type: leads?.type ?? 0 });
    expect(device).toMatchObject({ name: 'net_device', module: 'vmlinux', size: 1688 });
    expect(memberOf(device.nodes, 'netdev_ops').leads).toMatchObject({ name: 'net_device_ops', step: '->' });
    expect(memberOf(device.nodes, 'stats').leads).toMatchObject({ name: 'net_device_stats', step: '.' });
    expect(memberOf(device.nodes, 'mtu')).toMatchObject({ leads: null, type: 'unsigned int' });
  });

  test('of an array, any element; of a name only declared, the struct of that name', () => {
    const w = new BtfWriter();
    const int = w.int('int', 4);
    const forward = w.forward('late');
    const plain = w.composite('struct', 'plain', 4, [{ name: 'a', type: int, bitOffset: 0 }]);
    w.composite('struct', 'holder', 96, [
      { name: 'grid', type: w.array(w.array(plain, 2), 3), bitOffset: 0 },
      { name: 'many', type: w.array(w.pointer(w.const(plain)), 4), bitOffset: 192 },
      { name: 'late', type: w.pointer(forward), bitOffset: 448 },
      { name: 'never', type: w.pointer(w.forward('never')), bitOffset: 512 },
      { name: 'deep', type: w.pointer(w.pointer(plain)), bitOffset: 576 },
    ]);
    w.composite('struct', 'late', 4, [{ name: 'a', type: int, bitOffset: 0 }]);
    const structs = new KernelStructs([{ module: 'vmlinux', btf: parseBtf(w.bytes()) }], 'h');
    const [holder] = structs.layouts('holder');
    expect(outline(holder?.nodes ?? [])).toEqual([
      '0 grid [0][0].plain',
      '24 many [0]->plain',
      '56 late ->late',
      '64 never',
      '72 deep',
      '80 padding 128',
    ]);
  });

  test('what is not there is said', () => {
    for (const place of [
      { module: 'vmlinux', type: 1 },
      { module: 'vmlinux', type: 1_000_000 },
      { module: 'nothing', type: skb.type },
    ]) {
      expect(codeOf(() => kernel.structs.body(place))).toBe('struct-unknown');
      expect(codeOf(() => kernel.structs.at(place, 0))).toBe('struct-unknown');
      expect(codeOf(() => kernel.structs.users(place))).toBe('struct-unknown');
    }
  });
});

test('names that fit what is typed, best first; letter by letter only where nothing else fits', () => {
  const names = (line: string, limit = 10) => kernel.structs.named(line, limit);
  expect(names('net_device')).toEqual({
    total: 3,
    first: ['net_device', 'net_device_ops', 'net_device_stats'],
  });
  expect(names('struct  DEVICE ops').first).toEqual(['net_device_ops']);
  expect(names('e', 2)).toMatchObject({ total: 7, first: expect.objectContaining({ length: 2 }) as unknown });
  expect(names('config')).toEqual({ total: 1, first: ['config'] });
  expect(names('skbf').first).toContain('sk_buff');
  expect(names('zzz')).toEqual({ total: 0, first: [] });
  expect(names(' ')).toEqual({ total: 0, first: [] });
});

describe('types that are no struct', () => {
  const w = new BtfWriter();
  const u32 = w.typedef('u32', w.int('unsigned int', 4));
  w.typedef('gfp_t', u32);
  const reason = w.enum(
    'reason',
    [
      ['NONE', 0],
      ['LAST', -1],
    ],
    true,
  );
  w.typedef('reason_t', reason);
  w.typedef('reason', u32);
  const base = parseBtf(w.bytes());
  const m = new BtfWriter({ base });
  m.enum('reason', [['OF_MODULE', 7]]);
  const structs = new KernelStructs(
    [
      { module: 'vmlinux', btf: base },
      { module: 'veth', btf: parseBtf(m.bytes(), { base }) },
    ],
    'x',
  );

  test('enums have their values, typedefs what they are names for', () => {
    expect(structs.namedTypes('gfp_t')).toEqual([
      { kind: 'typedef', name: 'gfp_t', module: 'vmlinux', size: 4, text: 'typedef u32 gfp_t;', values: [] },
    ]);
    expect(structs.namedTypes('reason_t')[0]).toMatchObject({
      text: 'typedef enum reason reason_t;',
      values: [
        { name: 'NONE', value: '0' },
        { name: 'LAST', value: '-1' },
      ],
    });
  });

  test('with "enum" only enums, those of modules too; without it whatever has the name', () => {
    const told = (name: string) => structs.namedTypes(name).map(({ kind, module }) => `${kind} ${module}`);
    expect(told('enum reason')).toEqual(['enum vmlinux', 'enum veth']);
    expect(told(' reason ')).toEqual(['typedef vmlinux', 'enum vmlinux', 'enum veth']);
  });

  test.each(['enum gfp_t', 'no_such', 'enum ', '', 'a b'])('%j is none', (name) => {
    expect(() => structs.namedTypes(name)).toThrow(/no struct, union, enum or typedef/);
  });
});

describe('what lies at a byte', () => {
  const at = (offset: number) => kernel.structs.at(skb, offset);

  test('one member, every arm of a union, every bit field, an element', () => {
    expect(at(112).members).toMatchObject([{ path: 'data', byteOffset: 112, bits: 64 }]);
    expect(at(17).members.map(({ path }) => path)).toEqual(['dev', 'dev_scratch']);
    expect(at(90).members.map(({ path }) => path)).toEqual(['pkt_type', 'ignore_df']);
    expect(at(37).members).toMatchObject([{ path: 'cb[5]', byteOffset: 37 }]);
    expect(at(3).members.map(({ path }) => path)).toEqual(['next', 'list.next']);
  });

  test('a hole, the padding, nothing behind the end', () => {
    expect(at(92)).toEqual({ members: [], gap: { kind: 'hole', bitOffset: 724, bits: 44 } });
    expect(at(135).gap).toMatchObject({ kind: 'padding', bits: 32 });
    expect(at(136)).toEqual({ members: [], gap: null });
    expect(at(0xffffffff)).toEqual({ members: [], gap: null });
  });
});

describe('who has to do with a struct', () => {
  test('by value, by pointer also from inside an unnamed one, as parameter, as result', () => {
    const users = kernel.structs.users(skb);
    expect(users.embeds).toEqual({
      total: 1,
      first: [{ kind: 'struct', name: 'holder', module: 'vmlinux', members: ['skb'] }],
    });
    expect(users.pointsTo.first).toEqual([
      { kind: 'struct', name: 'sk_buff', module: 'vmlinux', members: ['next', 'prev'] },
      { kind: 'struct', name: 'sk_buff_head', module: 'vmlinux', members: ['next', 'prev'] },
    ]);
    expect(users.takes.first.map(({ name }) => name)).toEqual(['icmp_rcv', 'ip_rcv', 'netif_rx']);
    expect(users.takes.first[0]?.signature).toContain(
      'icmp_rcv(struct sk_buff *skb, struct net_device *dev)',
    );
    expect(users.returns.first.map(({ name }) => name)).toEqual(['alloc_skb']);
  });

  test('modules too, once; a list that is long is cut and counted', () => {
    const w = new BtfWriter();
    const int = w.int('int', 4);
    const thing = w.composite('struct', 'thing', 4, [{ name: 'a', type: int, bitOffset: 0 }]);
    const takes = w.prototype(int, [['t', w.pointer(thing)]]);
    for (let n = 0; n < 300; n++) w.function(`takes_${String(n).padStart(3, '0')}`, takes);
    const base = parseBtf(w.bytes());
    const module = (name: string) => {
      const m = new BtfWriter({ base });
      m.composite('struct', `of_${name}`, 8, [
        { name: 't', type: m.pointer(m.forward('thing')), bitOffset: 0 },
        { name: 'own', type: m.composite('struct', 'thing', 2, []), bitOffset: 64 },
      ]);
      return { module: name, btf: parseBtf(m.bytes(), { base }) };
    };
    const structs = new KernelStructs([{ module: 'vmlinux', btf: base }, module('a'), module('b')], 'h');
    const users = structs.users({ module: 'vmlinux', type: thing });
    expect(users.takes.total).toBe(300);
    expect(users.takes.first.map(({ name }) => name).slice(0, 2)).toEqual(['takes_000', 'takes_001']);
    expect(users.takes.first.length).toBe(200);
    expect(users.pointsTo.first).toEqual([
      { kind: 'struct', name: 'of_a', module: 'a', members: ['t'] },
      { kind: 'struct', name: 'of_b', module: 'b', members: ['t'] },
    ]);
    expect(users.embeds.total).toBe(0);
    const own = structs.layouts('thing').find((one) => one.module === 'b') ?? expect.fail('no own');
    const ownUsers = structs.users(own);
    expect(ownUsers.embeds.first).toEqual([{ kind: 'struct', name: 'of_b', module: 'b', members: ['own'] }]);
    expect(ownUsers.takes.total).toBe(0);
  });
});

describe('two kernels', () => {
  test('a struct side by side, those that did not change too', () => {
    const side = (types: typeof kernel) => ({
      types,
      place: types.structs.layouts('net_device')[0] ?? expect.fail('no net_device'),
    });
    const [before, after] = [side(kernel), side(newer)];
    const told = compareStructs(before, after);
    expect(told.before).toEqual({
      module: 'vmlinux',
      type: before.place.type,
      name: 'net_device',
      kind: 'struct',
      size: 1688,
    });
    expect(told.after.size).toBe(1696);
    expect(told.members.slice(0, 3)).toMatchObject([
      { path: 'name', changes: [], before: { bitOffset: 0 }, after: { bitOffset: 0 } },
      { path: 'lltx', before: null },
      { path: 'netdev_ops', changes: ['moved'], before: { bitOffset: 128 }, after: { bitOffset: 192 } },
    ]);
    const back = compareStructs(after, before);
    expect(back.members.slice(0, 3).map(({ path, after: is }) => [path, is === null])).toEqual([
      ['name', false],
      ['lltx', true],
      ['netdev_ops', false],
    ]);
    expect(back.members.length).toBe(told.members.length);
  });

  test('all functions, all structs', () => {
    expect(diffKernelFunctions(kernel, newer)).toEqual({
      modules: 1,
      leftOut: [],
      totals: { added: 0, removed: 0, changed: 0 },
      first: [],
    });
    const structs = diffKernelStructs(kernel, newer);
    expect(structs.totals).toEqual({ added: 0, removed: 0, changed: 1 });
    expect(structs.first).toMatchObject([{ name: 'net_device', sizeBefore: 1688, sizeAfter: 1696 }]);
    expect(structs.first[0]?.members).toBeGreaterThan(400);
  });

  test('a module that one side has not loaded is left out and named', () => {
    const module = { module: 'veth', btf: kernel.modules[0]?.btf ?? expect.fail('no kernel') };
    const loaded = { ...kernel, modules: [...kernel.modules, module] };
    const none = { added: 0, removed: 0, changed: 0 };
    expect(diffKernelFunctions(kernel, loaded)).toEqual({
      modules: 1,
      leftOut: ['veth'],
      totals: none,
      first: [],
    });
    const other = { ...kernel, modules: [...kernel.modules, { ...module, module: 'tun' }] };
    expect(diffKernelFunctions(loaded, other)).toMatchObject({ modules: 1, leftOut: ['tun', 'veth'] });
    expect(diffKernelFunctions(loaded, loaded)).toMatchObject({ modules: 2, leftOut: [], totals: none });
  });
});

describe('a file that a page sends', () => {
  const good = (): Uint8Array => {
    const w = new BtfWriter();
    const int = w.int('int', 4);
    w.composite('struct', 'sk_buff', 4, [{ name: 'len', type: int, bitOffset: 0 }]);
    w.function('ip_rcv', w.prototype(int, []));
    return w.bytes();
  };
  const packed = (bytes: Uint8Array): string => gzipSync(bytes).toString('base64');
  const refusal = async (text: string): Promise<string> => {
    try {
      await openSentFile(text, 'kernel.btf', null);
    } catch (error) {
      if (error instanceof Fail) return error.failure.code;
      throw error;
    }
    return 'taken';
  };

  test('is a kernel of which only the types are known', async () => {
    const { types, files } = await openSentFile(packed(good()), 'kernel.btf', null);
    expect(files.get('kernel.btf')?.length).toBe(good().length);
    expect(types.structs.layouts('sk_buff')[0]?.size).toBe(4);
    expect(types.modules.map(({ btf }) => btf.functionNames())).toEqual([['ip_rcv']]);
  });

  test('damaged, cut, or a bomb: a plain failure', async () => {
    expect(await refusal(packed(good().subarray(0, 30)))).toBe('btf-damaged');
    expect(await refusal(packed(new TextEncoder().encode('no BTF at all')))).toBe('btf-damaged');
    expect(await refusal(packed(good()).slice(0, 40))).toBe('btf-damaged');
    expect(await refusal('H4sI****')).toBe('btf-damaged');
    expect(await refusal(packed(new Uint8Array(65 << 20)))).toBe('btf-damaged');
  });
});
