import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseBtf } from '../../../shared/btf/decoder.ts';
import { FunctionIndex } from '../../../shared/btf/function-index.ts';
import type { SearchOptions } from '../../../shared/btf/function-index.ts';
import { NO_MATCH } from '../../../shared/btf/fuzzy.ts';
import { NameIndex, matchKinds } from '../../../shared/btf/name-index.ts';
import { parseQuery } from '../../../shared/btf/query.ts';
import { BtfWriter } from './writer.ts';

function example(): FunctionIndex {
  const w = new BtfWriter();
  const int = w.int('int', 4, 1);
  const bool = w.typedef('bool', w.int('_Bool', 1, 4));
  const ulong = w.int('long unsigned int', 8);
  const skb = w.composite('struct', 'sk_buff', 8, []);
  const device = w.composite('struct', 'net_device', 8, []);
  const alias = w.typedef('skb_t', skb);
  const reason = w.enum('skb_drop_reason', []);
  const toSkb = w.pointer(skb);
  const toDevice = w.pointer(w.const(device));
  const add = (name: string, returned: number, parameters: [string, number][]): void => {
    w.function(name, w.prototype(returned, parameters));
  };
  add('ip_rcv', int, [
    ['skb', toSkb],
    ['dev', toDevice],
  ]);
  add('ip_rcv_core', toSkb, [['skb', toSkb]]);
  add('ip_list_rcv', 0, [['head', int]]);
  add('skip_rcv', int, []);
  add('skb_can_shift', bool, [['skb', w.pointer(alias)]]);
  add('skb_pp_recycle', bool, [['skb', toSkb]]);
  add('icmp_echo', reason, [['skb', toSkb]]);
  add('skb_frag_address', w.pointer(0), [['n', ulong]]);
  add('dev_get_flags', ulong, [['dev', toDevice]]);
  add('IP_UPPER', int, []);
  const vmlinux = parseBtf(w.bytes());
  const m = new BtfWriter({ base: vmlinux });
  m.function('ip_rcv', m.prototype(bool, [['skb', toSkb]]));
  m.function('veth_xmit', m.prototype(int, [['dev', m.pointer(device)]]));
  return new FunctionIndex([
    { module: 'vmlinux', btf: vmlinux },
    { module: 'veth', btf: parseBtf(m.bytes(), { base: vmlinux }) },
  ]);
}

describe('functions are found', () => {
  const index = example();
  const find = (line: string, options: SearchOptions = {}): string[] =>
    index.search(line, options).hits.map(({ entry, match }) => {
      const { name, module } = index.at(entry);
      return `${module === 'vmlinux' ? '' : `${module}:`}${name} ${match}`;
    });

  test('the whole name first, then its beginning, behind _, anywhere', () => {
    expect(find('rcv')).toEqual([
      'ip_rcv part',
      'veth:ip_rcv part',
      'skip_rcv part',
      'ip_list_rcv part',
      'ip_rcv_core part',
    ]);
    expect(find('ip_rcv')).toEqual([
      'ip_rcv exact',
      'veth:ip_rcv exact',
      'ip_rcv_core prefix',
      'skip_rcv substring',
    ]);
  });

  test('whatever the case', () => {
    expect(find('ip_u')).toEqual(['IP_UPPER prefix']);
    expect(find('IP_RCV_C')).toEqual(['ip_rcv_core prefix']);
  });

  test('by several words in any order', () => {
    expect(find('core ip')).toEqual(['ip_rcv_core part']);
    expect(find('ip nosuch')).toEqual([]);
  });

  test('letter by letter, behind all others', () => {
    expect(find('iprc')).toEqual([]);
    expect(find('iprc', { mode: 'fuzzy' })).toEqual([
      'ip_rcv fuzzy',
      'veth:ip_rcv fuzzy',
      'ip_list_rcv fuzzy',
      'ip_rcv_core fuzzy',
      'skip_rcv fuzzy',
    ]);
    expect(find('ip_rc', { mode: 'fuzzy' })[0]).toBe('ip_rcv prefix');
  });

  test('by what they return', () => {
    expect(find('skb ->bool')).toEqual(['skb_can_shift prefix', 'skb_pp_recycle prefix']);
    expect(find('ret:enum skb_drop_reason')).toEqual(['icmp_echo exact']);
    expect(find('ret:skb_drop_reason')).toEqual(['icmp_echo exact']);
    expect(find('ret:struct skb_drop_reason')).toEqual([]);
    expect(find('-> sk_buff *')).toEqual(['ip_rcv_core exact']);
    expect(find('->struct sk_buff')).toEqual(['ip_rcv_core exact']);
    expect(find('-> sk_buff **')).toEqual([]);
    expect(find('->unsigned long')).toEqual(['dev_get_flags exact']);
    expect(find('->unsigned long int dev')).toEqual(['dev_get_flags prefix']);
    expect(find('ret:_Bool')).toEqual([]);
  });

  test('by what they take', () => {
    expect(find('arg:net_device')).toEqual(['dev_get_flags exact', 'ip_rcv exact', 'veth:veth_xmit exact']);
    expect(find('arg:net_device arg:sk_buff')).toEqual(['ip_rcv exact']);
    expect(find('arg:skb_t')).toEqual(['skb_can_shift exact']);
    expect(find('arg:sk_buff skb_')).toEqual(['skb_can_shift prefix', 'skb_pp_recycle prefix']);
  });

  test('by a type still being typed', () => {
    expect(find('arg:net_dev')).toEqual(['dev_get_flags exact', 'ip_rcv exact', 'veth:veth_xmit exact']);
    expect(find('arg:')).toHaveLength(12);
    expect(find('veth ret:')).toEqual(['veth_xmit prefix'].map((hit) => `veth:${hit}`));
  });

  test('in a module', () => {
    expect(find('module:veth')).toEqual(['veth:ip_rcv exact', 'veth:veth_xmit exact']);
  });

  test('in the signature', () => {
    expect(find('dev', { signatures: true })).toEqual([
      'dev_get_flags prefix',
      'ip_rcv signature',
      'veth:veth_xmit signature',
    ]);
  });

  test('all, in order of name, and no more than asked', () => {
    expect(find('', { limit: 3 })).toEqual(['IP_UPPER exact', 'dev_get_flags exact', 'icmp_echo exact']);
    expect(index.search('', { limit: 3 }).total).toBe(12);
    expect(index.named('ip_rcv').map((entry) => index.at(entry).module)).toEqual(['vmlinux', 'veth']);
    expect(index.named('nosuch')).toEqual([]);
  });
});

describe('search lines', () => {
  test('are read in parts', () => {
    expect(parseQuery('Skb xmit ->struct sk_buff** arg:unsigned int module:Veth')).toEqual({
      words: ['skb', 'xmit'],
      returns: [{ keyword: 'struct', name: 'sk_buff', pointers: 2 }],
      takes: [{ keyword: null, name: 'unsigned int', pointers: null }],
      modules: ['veth'],
    });
    expect(parseQuery('ip_rcv*')).toMatchObject({ words: ['ip_rcv'] });
    expect(parseQuery('->')).toEqual({ words: [], returns: [], takes: [], modules: [] });
  });

  test('never fail', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.string({ unit: 'binary' }), fc.stringMatching(/^[a-z:>* -]{0,40}$/)),
        (line) => {
          parseQuery(line);
          example().search(line, { mode: 'fuzzy', signatures: true });
        },
      ),
      { numRuns: 60 },
    );
  });
});

describe('an index of names', () => {
  const name = fc.oneof(fc.stringMatching(/^[a-z_.]{0,9}$/), fc.string({ unit: 'binary', maxLength: 6 }));

  test('finds each word just where a plain search does', () => {
    fc.assert(
      fc.property(fc.array(name, { maxLength: 20 }), fc.stringMatching(/^[a-z_.]{1,3}$/), (names, word) => {
        const found = new NameIndex(names).findWord(word);
        const expected = names.map((text) => {
          const lower = text.toLowerCase().length === text.length ? text.toLowerCase() : text;
          if (lower === word) return 'exact';
          if (lower.startsWith(word)) return 'prefix';
          if (lower.includes(`_${word}`) || lower.includes(`.${word}`)) return 'part';
          return lower.includes(word) ? 'substring' : undefined;
        });
        expect([...found].map((rank) => matchKinds[rank])).toEqual(expected);
      }),
      { numRuns: 500 },
    );
  });

  test('spells only what is there', () => {
    fc.assert(
      fc.property(
        fc.array(fc.stringMatching(/^[a-e_]{1,9}$/), { maxLength: 10 }),
        fc.stringMatching(/^[a-e]{2,3}$/),
        (names, word) => {
          const index = new NameIndex(names);
          const found = index.findWord(word);
          index.addSpelt(word, found);
          const spelt = new RegExp([...word].join('.*'));
          for (const [n, text] of names.entries()) {
            if (found[n] !== NO_MATCH) expect(text).toMatch(spelt);
          }
        },
      ),
      { numRuns: 300 },
    );
  });
});
