import { expect, test } from 'vitest';
import fc from 'fast-check';
import type { Node } from '../../../shared/filter/ast.ts';
import { parse } from '../../../shared/filter/parse.ts';
import { print } from '../../../shared/filter/print.ts';
import { FilterError } from '../../../shared/filter/problem.ts';
import { filterNode } from './arbitrary.ts';

/** The tree without positions. */
function bare(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(bare);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key]) => key !== 'at' && key !== 'length')
      .map(([key, inner]) => [key, bare(inner)]),
  );
}

function problemOf(text: string): { code: string; at: number; length: number } {
  try {
    parse(text);
  } catch (thrown) {
    if (thrown instanceof FilterError) return thrown.problem;
    throw thrown;
  }
  throw new Error(`${text} is no error`);
}

test('what is printed is read back as the same tree', () => {
  fc.assert(
    fc.property(filterNode(), (node: Node) => {
      expect(bare(parse(print(node)))).toEqual(bare(node));
    }),
    { numRuns: 3000 },
  );
});

const alphabet = [
  'ip.ttl', 'skb->dev', 'host', 'net', 'port', 'tcp', 'and', '||', '!', '(', ')', '{', '}', '[', ']', '"', '==', '&',
  '10.0.0.1', '::1', '0x', '7', 'in', '..', ',', '-', '/', '\\', ':', 'src', 'dst', 'or', ' ', '\u0000', '字', 'vlan',
]; // prettier-ignore

test('any text is a tree or a FilterError inside of the text', () => {
  const texts = fc.oneof(
    fc.string({ maxLength: 200 }),
    fc.array(fc.constantFrom(...alphabet), { maxLength: 60 }).map((words) => words.join('')),
    fc.array(fc.constantFrom(...alphabet), { maxLength: 60 }).map((words) => words.join(' ')),
  );
  fc.assert(
    fc.property(texts, (text) => {
      try {
        const node = parse(text);
        expect(bare(parse(print(node)))).toEqual(bare(node));
      } catch (thrown) {
        if (!(thrown instanceof FilterError)) throw thrown;
        const { at, length } = thrown.problem;
        expect(at).toBeGreaterThanOrEqual(0);
        expect(at).toBeLessThanOrEqual(text.length);
        expect(length).toBeGreaterThan(0);
      }
    }),
    { numRuns: 5000 },
  );
});

test.each([
  ['('.repeat(1900), 'too-deep'],
  ['!'.repeat(1900) + 'ip', 'too-deep'],
  ['-'.repeat(1900) + '1', 'too-deep'],
  ['1' + '+1'.repeat(900), 'too-deep'],
  ['x'.repeat(2001), 'too-long'],
  ['ip['.repeat(600), 'too-deep'],
])('nesting and length are bounded (%#)', (text, code) => {
  expect(problemOf(text).code).toBe(code);
});

test.each([
  ['ip.ttl <', 'end-missing', 8, 1],
  ['ip.ttl < 5 &&', 'end-missing', 13, 1],
  ['(ip.ttl < 5', 'close-missing', 0, 1],
  ['ip.ttl < 5)', 'unexpected', 10, 1],
  ['ip.ttl ? 5', 'character', 7, 1],
  ['comm == "ping', 'string-open', 8, 5],
  ['comm == "\\q"', 'escape', 9, 2],
  ['ip.ttl == 010', 'number-octal', 10, 3],
  ['ip.ttl == 12abc', 'number-bad', 10, 5],
  ['ip.src == 10.0.0.256', 'address-bad', 10, 10],
  ['ip.src == 10.0.0.0/33', 'prefix-bad', 18, 3],
  ['host example', 'host-name', 5, 7],
  ['port 65536', 'port-bad', 5, 5],
  ['portrange 90-80', 'range-reversed', 0, 15],
  ['skb.len in {}', 'in-empty', 11, 2],
  ['tcp[2:3]', 'slice-size', 6, 1],
  ['gateway 1.2.3.4', 'primitive-unsupported', 0, 7],
  ['src proto 6', 'direction-here', 0, 3],
  ['skb.len == 99999999999999999999', 'number-large', 11, 20],
])('%s: %s at %i', (text, code, at, length) => {
  expect(problemOf(text)).toMatchObject({ code, at, length });
});

test.each([
  ['tcp port 80 or 443', 'tcp port 80 || tcp port 443'],
  ['not host 10.0.0.1 and 10.0.0.2', '!(host 10.0.0.1) && host 10.0.0.2'],
  ['src or dst net 10', 'net 10.0.0.0/8'],
  ['net 192.168.0.0 mask 255.255.0.0', 'net 192.168.0.0/16'],
  ['src and dst host ::1', 'src and dst host ::1'],
  ['src 10.0.0.1', 'src host 10.0.0.1'],
  ['ip proto \\icmp', 'icmp'],
  ['ether host 2:0:0:0:0:1', 'ether host 02:00:00:00:00:01'],
  ['tcp[tcpflags] & (tcp-syn|tcp-ack) == tcp-syn', 'tcp[tcpflags] & (tcp-syn | tcp-ack) == tcp-syn'],
  ['skb -> dev -> mtu gt 1500 and not (ip or arp)', 'skb->dev->mtu > 1500 && !(ip || arp)'],
  ['port == 5 && dst->flags != 0', 'port == 5 && dst->flags != 0'],
  ['less 100', 'skb.len <= 100'],
  ['a || b && c', 'a || b && c'],
  ['(a || b) && c', '(a || b) && c'],
  ['ip.ttl in {1, 5..8}', 'ip.ttl in {1, 5 .. 8}'],
])('%s is read as %s', (text, printed) => {
  expect(print(parse(text))).toBe(printed);
});
