import { describe, expect, test } from 'vitest';
import { emptyRecord, FLAG_DEVICE, FLAG_SKB } from '../../../shared/capture/record.ts';
import { verdictCode } from '../../../shared/packet/verdict.ts';
import { EXPECTING_FUNCTIONS, expectationOf } from '../../../shared/probe/expects.ts';
import { verdictInput } from '../../../shared/probe/record-verdict.ts';

const hex = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'hex'));
const IP = hex(`45000054e223400040013fbf0a6201010a630202080054db01de0001${'2a'.repeat(56)}`);
IP.set([0x40, 0xbe], 10);
const FRAME = Uint8Array.of(...hex('02005e20000202005e2000010800'), ...IP);

function kindAt(functionName: string, bytes: Uint8Array, protocol: number, deviceType: number): string {
  const record = {
    ...emptyRecord(bytes),
    flags: FLAG_SKB | FLAG_DEVICE,
    len: bytes.length,
    device: 'dev0',
    protocol,
    deviceType,
  };
  const input = verdictInput(record, { function: functionName, expect: 'default' });
  return input === null ? expect.fail('no packet') : verdictCode(input).kind;
}

describe('what a function expects', () => {
  test('depends on what the device puts in front of a packet, where it hands packets to devices', () => {
    expect(kindAt('dev_queue_xmit', FRAME, 0x0800, 1)).toBe('as-expected');
    expect(kindAt('dev_queue_xmit', IP, 0x0800, 1)).toBe('ip-where-ethernet-expected');
    expect(kindAt('dev_queue_xmit', IP, 0x0800, 768)).toBe('as-expected');
    expect(kindAt('tun_net_xmit', FRAME, 0x0800, 65534)).toBe('ethernet-where-ip-expected');
    expect(kindAt('tun_net_xmit', FRAME, 0x0800, 1)).toBe('as-expected');
  });

  test('is what skb->protocol names, where nothing has looked at the header yet', () => {
    expect(kindAt('netif_receive_skb', IP, 0x0800, 768)).toBe('as-expected');
    expect(kindAt('netif_receive_skb', FRAME, 0x0800, 768)).toBe('ethernet-where-ip-expected');
    expect(kindAt('netif_receive_skb', IP, 0x86dd, 768)).toBe('wrong-ip-version');
  });

  test('is known by a bare name, one of a module, and one that bpftrace names its kind of', () => {
    for (const name of ['ip_rcv_core', 'vmlinux:ip_rcv_core', 'kprobe:ip_rcv_core'])
      expect(expectationOf(name)).toMatchObject({
        layer: 'ipv4',
        reads: 'iph->ihl < 5 || iph->version != 4',
        otherwise: { counter: 'Ip.InHdrErrors', reason: 'IP_INHDR' },
      });
    expect(expectationOf('ip_rcv_corex')).toBeNull();
    expect(expectationOf('toString')).toBeNull();
  });

  test('is written once for each function', () => {
    expect(new Set(EXPECTING_FUNCTIONS).size).toBe(EXPECTING_FUNCTIONS.length);
    for (const name of EXPECTING_FUNCTIONS) {
      const { layer, by } = expectationOf(name) ?? expect.fail(name);
      expect(layer === 'auto', name).toBe(by !== null);
    }
  });
});
