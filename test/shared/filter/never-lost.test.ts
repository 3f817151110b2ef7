/**
 * What the kernel drops must not fit: the condition that bpftrace gets is run here, over packets of every verdict,
 * beside the evaluation on arrival.
 */
import { expect, test } from 'vitest';
import { FLAG_DEVICE, FLAG_SKB, emptyRecord } from '../../../shared/capture/record.ts';
import type { EventRecord } from '../../../shared/capture/record.ts';
import { compileDisplay, compileWhere } from '../../../shared/filter/compile.ts';
import type { BpftraceLanguage, FilterPoint } from '../../../shared/filter/context.ts';
import { VERDICT_KINDS } from '../../../shared/packet/verdict-kinds.ts';
import { ipv4Text } from '../../../shared/packet/cursor.ts';
import { randomIpv4Packet, randomIpv6Packet } from '../packet/generator/build.ts';
import { GENERATORS, spellingPacket } from '../packet/generator/cases.ts';
import { Random } from '../packet/generator/random.ts';
import { STACKS } from '../packet/oracle/stacks.ts';

const language: BpftraceLanguage = { engine: 'bpftrace', argument: (name) => `args->${name}` };

function pointOf(expected: FilterPoint['expect'], pointer: FilterPoint['pointer'] = 'data'): FilterPoint {
  return {
    name: 'ip_rcv_core',
    edge: 'entry',
    captures: 'packet',
    expect: expected,
    pointer,
    output: false,
    parameters: [{ name: 'skb', type: 'struct sk_buff *' }],
  };
}

/** A condition over $p, $n, $s->data_len as a function: loads outside of what is known give 0, as wild loads do. */
function runnable(
  condition: string,
): (load: (at: number, size: number) => number, length: number) => boolean {
  const body = condition
    .replaceAll('(uint64)$s->data - (uint64)$p', '0')
    .replaceAll('$s->data_len', '0')
    .replaceAll('(uint64)$d', '1')
    .replaceAll('$n', 'length')
    .replaceAll('(uint64)', '')
    .replace(
      /bswap\(\*\(uint(16|32) \*\)\(\$p \+ (\d+)\)\)/g,
      (_, bits: string, at: string) => `big(${at}, ${bits})`,
    )
    .replace(
      /\*\(uint(16|32) \*\)\(\$p \+ (\d+)\)/g,
      (_, bits: string, at: string) => `little(${at}, ${bits})`,
    )
    .replace(/\*\(\$p \+ (\d+)\)/g, 'load($1, 1)')
    .replace(/\*\$p/g, 'load(0, 1)')
    // JavaScript's & is signed.
    .replace(/\((little\(\d+, 32\)) & (0x[0-9a-f]+)\)/g, '(($1 & $2) >>> 0)');
  // eslint-disable-next-line @typescript-eslint/no-implied-eval -- the text is made by the code under test
  const run = new Function(
    'load',
    'length',
    `const big = (at, bits) => load(at, bits / 8);
     const little = (at, bits) => { let sum = 0; for (let i = bits / 8 - 1; i >= 0; i--) sum = sum * 256 + load(at + i, 1); return sum; };
     return ${body};`,
  ) as (load: (at: number, size: number) => number, length: number) => boolean;
  return run;
}

interface Sample {
  readonly record: EventRecord;
  readonly expect: 'ipv4' | 'ipv6' | 'ip';
  readonly made: string;
}

function samples(): Sample[] {
  const random = new Random(4711);
  const found: Sample[] = [];
  const add = (
    bytes: Uint8Array<ArrayBufferLike>,
    window: number,
    length: number,
    made: string,
    expect: Sample['expect'],
  ): void => {
    const record = {
      ...emptyRecord(Uint8Array.from(bytes.subarray(0, 128))),
      flags: FLAG_SKB | FLAG_DEVICE,
      window,
      len: length,
    };
    found.push({ record, expect, made });
  };
  for (const kind of VERDICT_KINDS)
    for (let i = 0; i < 250; i++) {
      const { input, made } = GENERATORS[kind](random);
      if (input.packetLength === null || input.output === true) continue;
      const expected = random.pick(['ipv4', 'ipv6', 'ip'] as const);
      add(input.bytes, input.window, input.packetLength, made, expected);
    }
  for (let i = 0; i < 400; i++) {
    const four = random.chance(0.5) ? randomIpv4Packet(random, 30) : spellingPacket(random);
    const six = randomIpv6Packet(random, 30);
    add(four, 0, four.length, 'IPv4', random.pick(['ipv4', 'ip']));
    add(six, 0, six.length, 'IPv6', random.pick(['ipv6', 'ip']));
  }
  for (const [name, make] of Object.entries(STACKS))
    for (let i = 0; i < 60; i++) {
      const frame = Uint8Array.from(make(random));
      // The same at its IP header, and with the frame where the IP header should be.
      add(frame.subarray(14), 0, frame.length - 14, name, random.pick(['ipv4', 'ipv6', 'ip']));
      add(frame, 0, frame.length, `${name}, framed`, 'ipv4');
    }
  return found;
}

function filters(sample: readonly Sample[]): string[] {
  const random = new Random(5);
  const hosts = Array.from({ length: 12 }, () => {
    const { record } = random.pick(sample);
    const at = Math.max(0, -record.window) + random.pick([0, 14]);
    return at + 20 <= record.bytes.length ? ipv4Text(record.bytes, at + random.pick([12, 16])) : '10.0.0.1';
  });
  return [
    'icmp', 'tcp', 'udp', 'ip', 'ip6', 'arp', 'vlan', 'not tcp', 'not ip', 'port 53', 'not (port 53 or icmp)', 'portrange 1-20000',
    'src portrange 1000-30000', 'tcp dst portrange 0-32767', 'ip proto 17', 'ip6 proto 58', 'ip multicast', 'icmp6',
    'ip.ttl < 64', '!(ip.ttl < 64)', 'ip.ttl != 64', 'ip.len > 50', 'ip.hdr_len == 20', 'ip.proto in {1, 6, 47}', 'ip.src == 128.0.0.0/1',
    '!(ip.addr == 0.0.0.0/1)', 'ip.addr != 128.0.0.0/2', 'tcp.port < 20000', 'udp.dstport > 1000', 'tcp.flags.syn == 1', '!(tcp.flags.ack == 1)',
    'ipv6.hlim > 64', 'ipv6.src == 2000::/3', 'icmp.type == 8', 'icmp.type != 8', 'icmpv6.type >= 128', 'tcp', 'udp.length',
    'ip[8] < 64', 'ip[0] & 0xf == 5', 'tcp[13] & 2 != 0', 'udp[4:2] > 30', 'icmp[0] == 8', '!(ip[8] < 64)', 'ip6[7] > 64', 'ip[12:4] > 0x80000000',
    'net 10', 'net 128.0.0.0/1 and not tcp', 'src net 0.0.0.0/1 or udp', 'ip.flags.df == 1 && ip.dsfield.dscp == 0',
    ...hosts.flatMap((host) => [`host ${host}`, `not host ${host}`, `ip.addr == ${host}`, `src ${host}`]),
  ]; // prettier-ignore
}

test('no packet that fits is dropped in the kernel, and many that do not fit are', () => {
  const sample = samples();
  let dropped = 0;
  let pushed = 0;
  const lost: string[] = [];
  for (const filter of filters(sample))
    for (const expected of ['ipv4', 'ipv6', 'ip'] as const) {
      const names = { points: [pointOf(expected)], fields: [] };
      const { kernel, arrival } = compileWhere(filter, names, language);
      const [condition] = kernel;
      if (!condition) continue;
      expect(arrival, filter).not.toBeNull();
      const inKernel = runnable(condition);
      const here = compileDisplay(filter, names);
      pushed++;
      for (const { record, expect: one, made } of sample) {
        if (one !== expected) continue;
        const load = (at: number, size: number): number => {
          let sum = 0;
          for (let i = 0; i < size; i++) sum = sum * 256 + (record.bytes[at + i - record.window] ?? 0);
          return sum;
        };
        const passes = inKernel(load, record.len);
        if (!passes) dropped++;
        if (!passes && here?.(record) === true) lost.push(`${filter} at ${expected}: ${made}`);
      }
    }
  expect(lost.slice(0, 10)).toEqual([]);
  expect(pushed).toBeGreaterThan(150);
  expect(dropped).toBeGreaterThan(20_000);
});

test('where the header lies before skb->data the lengths count from there', () => {
  const names = { points: [pointOf('ipv4', 'network')], fields: [] };
  const [condition] = compileWhere('icmp', names, language).kernel;
  expect(condition).toContain('($n + (uint64)$s->data - (uint64)$p)');
});

test.each(['auto', 'ethernet', 'arp'] as const)(
  'an expectation of %s drops nothing in the kernel',
  (expected) => {
    const names = { points: [pointOf(expected)], fields: [] };
    expect(compileWhere('icmp && ip.ttl < 5', names, language).kernel).toEqual([null]);
  },
);

test('nor a function that runs before the checksum is there', () => {
  const names = { points: [{ ...pointOf('ipv4'), output: true }], fields: [] };
  const { kernel, parts } = compileWhere('icmp', names, language);
  expect(kernel).toEqual([null]);
  expect(parts).toEqual([{ text: 'icmp', runs: 'arrival', why: 'arrival-content' }]);
});
