import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  ListingParser,
  prototypeText,
  skbParameter,
  sockParameter,
} from '../../../shared/probe/signature.ts';
import type { Signature } from '../../../shared/probe/signature.ts';

const OLD = `kfunc:vmlinux:icmp_rcv
    struct sk_buff * skb
    int retval
kfunc:nf_tables:nft_do_chain
    struct nft_pktinfo * pkt
    void * priv
    unsigned int retval
kfunc:vmlinux:nothing_returned
    const struct sk_buff * skb
    struct sock * sk
kfunc:vmlinux:no_arguments
    bool retval
`;

function parse(chunks: readonly string[]): Signature[] {
  const found: Signature[] = [];
  const parser = new ListingParser((one) => found.push(one));
  for (const chunk of chunks) parser.push(chunk);
  parser.end();
  return found;
}

test('a listing becomes prototypes, the same from kfunc: and fentry: lines', () => {
  const prototypes = parse([OLD]).map(prototypeText);
  expect(prototypes).toEqual([
    'int icmp_rcv(struct sk_buff *skb)',
    'unsigned int nft_do_chain(struct nft_pktinfo *pkt, void *priv)',
    'void nothing_returned(const struct sk_buff *skb, struct sock *sk)',
    'bool no_arguments(void)',
  ]);
  expect(parse([OLD.replaceAll('kfunc:', 'fentry:')])).toEqual(parse([OLD]));
});

test('an sk_buff and a sock are found by their type', () => {
  const [icmp, nft, both] = parse([OLD]);
  expect(icmp && skbParameter(icmp)).toBe('skb');
  expect(nft && skbParameter(nft)).toBeNull();
  expect(both && skbParameter(both)).toBe('skb');
  expect(both && sockParameter(both)).toBe('sk');
});

test('a pointer result keeps its star at the name', () => {
  const [one] = parse([
    'fentry:vmlinux:ip_rcv_core\n    struct sk_buff * skb\n    struct sk_buff * retval\n',
  ]);
  expect(one && prototypeText(one)).toBe('struct sk_buff *ip_rcv_core(struct sk_buff *skb)');
});

test('it reads the same in pieces, and takes any text without failing', () => {
  fc.assert(
    fc.property(fc.nat(OLD.length), (at) => {
      expect(parse([OLD.slice(0, at), OLD.slice(at)])).toEqual(parse([OLD]));
    }),
  );
  fc.assert(fc.property(fc.string(), (text) => void parse([text])));
});
