import { describe, expect, test } from 'vitest';
import { allPrototypes, declaration, prototype, typeText } from '../../../shared/btf/declare.ts';
import { parseBtf } from '../../../shared/btf/decoder.ts';
import { signature } from '../../../shared/btf/functions.ts';
import { refusal } from './refusal.ts';
import { BtfWriter } from './writer.ts';

const w = new BtfWriter();
const int = w.int('int', 4, 1);
const char = w.int('char', 1);
const skb = w.composite('struct', 'sk_buff', 0, []);
const unnamed = w.composite('union', '', 4, [{ name: 'a', type: int, bitOffset: 0 }]);
const size = w.typedef('size_t', int);
const array = w.array(int, 4);
const twoDimensional = w.array(w.array(char, 3), 2);
const callback = w.prototype(int, [
  ['data', w.pointer(0)],
  ['', size],
]);
const toCallback = w.pointer(callback);
const none = w.prototype(0, []);
const reason = w.enum('skb_drop_reason', []);
const forwarded = w.forward('bpf_prog');

const cases: [number, string, string, string][] = [
  [0, 'x', 'void x', 'void'],
  [int, 'x', 'int x', 'int'],
  [w.pointer(char), 'x', 'char *x', 'char *'],
  [w.pointer(w.pointer(skb)), 'x', 'struct sk_buff **x', 'struct sk_buff **'],
  [w.pointer(w.const(char)), 'x', 'const char *x', 'const char *'],
  [w.const(w.pointer(char)), 'x', 'char * const x', 'char * const'],
  [w.pointer(w.const(w.pointer(w.const(char)))), 'x', 'const char * const *x', 'const char * const *'],
  [w.const(w.volatile(int)), 'x', 'const volatile int x', 'const volatile int'],
  [w.volatile(w.const(int)), 'x', 'volatile const int x', 'volatile const int'],
  [w.restrict(w.const(w.pointer(int))), 'x', 'int * const restrict x', 'int * const restrict'],
  [array, 'x', 'int x[4]', 'int[4]'],
  [w.array(char, 0), 'x', 'char x[]', 'char[]'],
  [twoDimensional, 'x', 'char x[2][3]', 'char[2][3]'],
  [w.array(w.pointer(int), 4), 'x', 'int *x[4]', 'int *[4]'],
  [w.pointer(array), 'x', 'int (*x)[4]', 'int (*)[4]'],
  [w.const(array), 'x', 'const int x[4]', 'const int[4]'],
  [w.const(w.array(w.const(int), 2)), 'x', 'const int x[2]', 'const int[2]'],
  [w.const(w.array(w.pointer(int), 2)), 'x', 'int * const x[2]', 'int * const[2]'],
  [toCallback, 'x', 'int (*x)(void *data, size_t)', 'int (*)(void *data, size_t)'],
  [w.pointer(toCallback), 'x', 'int (**x)(void *data, size_t)', 'int (**)(void *data, size_t)'],
  [w.const(toCallback), 'x', 'int (* const x)(void *data, size_t)', 'int (* const)(void *data, size_t)'],
  [w.array(toCallback, 3), 'x', 'int (*x[3])(void *data, size_t)', 'int (*[3])(void *data, size_t)'],
  [w.pointer(none), 'x', 'void (*x)(void)', 'void (*)(void)'],
  [
    w.pointer(w.prototype(toCallback, [['a', int]])),
    'x',
    'int (*(*x)(int a))(void *data, size_t)',
    'int (*(*)(int a))(void *data, size_t)',
  ],
  [w.pointer(w.prototype(w.pointer(array), [])), 'x', 'int (*(*x)(void))[4]', 'int (*(*)(void))[4]'],
  [unnamed, 'x', 'union {...} x', 'union {...}'],
  [reason, 'x', 'enum skb_drop_reason x', 'enum skb_drop_reason'],
  [w.pointer(forwarded), 'x', 'struct bpf_prog *x', 'struct bpf_prog *'],
  [w.pointer(w.typeTag('user', char)), 'x', 'char __user *x', 'char __user *'],
  [
    w.typeTag('odd', int),
    'x',
    'int __attribute__((btf_type_tag("odd"))) x',
    'int __attribute__((btf_type_tag("odd")))',
  ],
  [
    w.pointer(w.typeTag('address_space(1)', 0, true)),
    'x',
    'void __attribute__((address_space(1))) *x',
    'void __attribute__((address_space(1))) *',
  ],
];
const receive = w.function('ip_rcv_core', w.prototype(w.pointer(skb), [['skb', w.pointer(skb)]]));
const variadic = w.function(
  '_printk',
  w.prototype(int, [
    ['fmt', w.pointer(w.const(char))],
    ['', 0],
  ]),
);
const returnsFunction = w.function('signal', w.prototype(toCallback, [['number', int]]));
const btf = parseBtf(w.bytes());

describe('declarations', () => {
  test.each(cases)('type %i as %s', (id, name, named, bare) => {
    expect(declaration(btf, id, name)).toBe(named);
    expect(typeText(btf, id)).toBe(bare);
  });

  test('prototypes', () => {
    expect(prototype(btf, receive)).toBe('struct sk_buff *ip_rcv_core(struct sk_buff *skb)');
    expect(prototype(btf, variadic)).toBe('int _printk(const char *fmt, ...)');
    expect(prototype(btf, returnsFunction)).toBe('int (*signal(int number))(void *data, size_t)');
    expect(refusal(() => prototype(btf, int)).code).toBe('E_NOTFOUND');
  });

  test('all at once are the same as one by one', () => {
    const evil = new BtfWriter({ base: btf });
    for (const name of ['plain', 'a;b', 'x'.repeat(600), 'é', '']) {
      evil.function(name, evil.prototype(toCallback, [['p', receive]]));
      evil.function(
        name,
        evil.prototype(skb, [
          ['p;', w.nextId > 0 ? array : 0],
          ['', 0],
        ]),
      );
      evil.function(name, none);
    }
    const loop = evil.const(evil.nextId);
    evil.function('endless', evil.prototype(loop, []));
    evil.function(
      'wide',
      evil.prototype(
        0,
        Array.from({ length: 5_000 }, () => ['p', array] as const),
      ),
    );
    evil.function('last', evil.prototype(0, []));
    const module = parseBtf(evil.bytes(), { base: btf });
    for (const file of [btf, module]) {
      const single = [...file.functions()].map((id) => {
        const text = signature(file, id);
        return text.includes('/* E_') ? '' : text;
      });
      expect(allPrototypes(file)).toBe(single.map((text) => `${text}\n`).join(''));
    }
    expect(allPrototypes(module).split('\n').slice(-4)).toEqual(['', '', 'void last(void)', '']);
  });

  test('a split BTF declares with the types of its base', () => {
    const split = new BtfWriter({ base: btf });
    const id = split.function(
      'module_rcv',
      split.prototype(reason, [['skb', split.const(w.nextId > 0 ? skb : 0)]]),
    );
    const module = parseBtf(split.bytes(), { base: btf });
    expect(prototype(module, id)).toBe('enum skb_drop_reason module_rcv(const struct sk_buff skb)');
  });
});

describe('hostile declarations', () => {
  test('names are escaped', () => {
    const evil = new BtfWriter();
    evil.int('int\u001b[31m\u202e<b>', 4);
    const f = evil.function('a;\n"b', evil.prototype(1, [['é', 1]]));
    const text = prototype(parseBtf(evil.bytes()), f);
    expect(text).toBe(
      'int\\x1b[31m\\u{202e}\\x3cb\\x3e a;\\x0a\\x22b(int\\x1b[31m\\u{202e}\\x3cb\\x3e \\xe9)',
    );
  });

  test('a very long name is cut', () => {
    const evil = new BtfWriter();
    evil.int('x'.repeat(100_000), 4);
    expect(typeText(parseBtf(evil.bytes()), 1)).toBe(`${'x'.repeat(512)}...`);
  });

  test('a loop of qualifiers', () => {
    const evil = new BtfWriter();
    evil.const(2);
    evil.volatile(1);
    const loop = parseBtf(evil.bytes());
    expect(refusal(() => typeText(loop, 1)).code).toBe('E_DEPTH');
  });

  test('the depth limit does not depend on what was asked first', () => {
    const evil = new BtfWriter();
    let top = evil.int('int', 4);
    for (let i = 0; i < 40; i++) top = evil.pointer(top);
    const bytes = evil.bytes();
    const cold = parseBtf(bytes);
    expect(refusal(() => typeText(cold, top)).code).toBe('E_DEPTH');
    const warm = parseBtf(bytes);
    for (let id = 1; id <= 33; id++) expect(typeText(warm, id)).toMatch(/^int/);
    expect(refusal(() => typeText(warm, 34)).code).toBe('E_DEPTH');
    expect(refusal(() => typeText(warm, top)).code).toBe('E_DEPTH');
  });

  test('a function that takes itself', () => {
    const evil = new BtfWriter();
    const f = evil.function('f', 2);
    evil.prototype(2, [
      ['a', 3],
      ['b', 3],
    ]);
    evil.pointer(2);
    const looped = parseBtf(evil.bytes());
    expect(refusal(() => prototype(looped, f)).code).toBe('E_DEPTH');
    expect(signature(looped, f)).toBe('f(/* E_DEPTH: no C text */)');
  });

  test('a text that doubles with every type', () => {
    const evil = new BtfWriter();
    let top = evil.int('int', 4);
    for (let i = 0; i < 15; i++) {
      top = evil.pointer(
        evil.prototype(0, [
          ['a', top],
          ['b', top],
        ]),
      );
    }
    const doubled = parseBtf(evil.bytes());
    expect(refusal(() => typeText(doubled, top)).code).toBe('E_BUDGET');
  });

  test('ten thousand functions of one endless prototype', () => {
    const evil = new BtfWriter();
    evil.int('int', 4);
    const endless = evil.prototype(
      1,
      Array.from({ length: 60_000 }, (_, i) => [`p${i % 10}`, 1] as const),
    );
    for (let i = 0; i < 10_000; i++) evil.function(`f${i}`, endless);
    const many = parseBtf(evil.bytes());
    for (const id of many.functions())
      expect(signature(many, id).endsWith('E_BUDGET: no C text */)')).toBe(true);
  });
});
