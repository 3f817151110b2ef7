import { describe, expect, it } from 'vitest';
import { inspect } from '../../../shared/packet/inspect.ts';
import { summary } from '../../../shared/packet/summary.ts';

function hex(text: string): Uint8Array {
  return Uint8Array.from(text.replaceAll(/\s/g, '').match(/../g) ?? [], (pair) => parseInt(pair, 16));
}

/** 192.0.2.9 -> 192.0.2.1, ICMP echo request, id 0x1234, seq 1, no data. */
const ECHO = hex('4500001c 12340000 4001e4a2 c0000209 c0000201 0800e5ca 12340001');

describe('inspect', () => {
  it('decodes and sums up an echo request', () => {
    const layers = inspect(ECHO, { start: 'ip', at: 0, packetLength: ECHO.length });
    expect(layers.map((layer) => layer.protocol)).toEqual(['ipv4', 'icmp']);
    expect(layers.flatMap((layer) => layer.fields.filter((field) => field.problem !== null))).toEqual([]);
    expect(summary(layers)).toBe('192.0.2.9 -> 192.0.2.1 ICMP echo request id=0x1234 seq=1');
  });
  it('starts behind an Ethernet header by itself', () => {
    const frame = new Uint8Array([...hex('02005e005301 020000000001 0800'), ...ECHO]);
    const layers = inspect(frame, { start: 'auto', at: 0, packetLength: null });
    expect(layers.map((layer) => layer.protocol)).toEqual(['ethernet', 'ipv4', 'icmp']);
  });
});
