import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, test } from 'vitest';
import { needs } from '../../../support/needs.ts';
import {
  classicPcap,
  concat,
  enhancedPacket,
  interfaceBlock,
  sectionHeader,
} from '../../../shared/capture/capture-bytes.ts';
import { runCli } from '../run-cli.ts';

const directory = mkdtempSync(join(tmpdir(), 'skblens-inspect-'));
afterAll(() => rmSync(directory, { recursive: true }));
let files = 0;

function file(bytes: Uint8Array): string {
  const path = join(directory, `capture-${files++}`);
  writeFileSync(path, bytes);
  return path;
}

/** An ICMP echo request with good checksums, as it was seen in the lab, and the same in Ethernet. */
const IPV4 = Uint8Array.from(Buffer.from('4500001c0000400040017cdf7f0000017f0000010800f7fe00010000', 'hex'));
IPV4.set(checksummed(IPV4.subarray(0, 20)));
const ETHERNET = concat(Uint8Array.from(Buffer.from('02005e20000202005e2000010800', 'hex')), IPV4);

function checksummed(header: Uint8Array): Uint8Array {
  const copy = header.slice();
  copy.set([0, 0], 10);
  let sum = 0;
  for (let at = 0; at < 20; at += 2) sum += ((copy[at] ?? 0) << 8) | (copy[at + 1] ?? 0);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  copy.set([(~sum >>> 8) & 0xff, ~sum & 0xff], 10);
  return copy;
}

const RAW = 101;
const EN10MB = 1;
const NS = 1_795_000_000_123_456_789n;
const capture = (linktype: number, ...packets: readonly Uint8Array[]): Uint8Array =>
  classicPcap(
    packets.map((bytes, index) => ({ ns: NS + BigInt(index), bytes })),
    { little: true, nanoseconds: true, linktype },
  );
const kinds = (lines: readonly Record<string, unknown>[]): unknown[] =>
  lines.filter(({ type }) => type === 'packet').map(({ verdict }) => (verdict as { kind: string }).kind);

describe('skblens inspect', () => {
  test('Ethernet under a link type that says IP is the fault, each packet in order', async () => {
    const path = file(capture(RAW, IPV4, ETHERNET, IPV4));
    const { status, lines, stderr } = await runCli('inspect', path, '--json');
    expect([status, stderr]).toEqual([0, '']);
    expect(lines()).toHaveLength(3);
    expect(kinds(lines())).toEqual(['as-expected', 'ethernet-where-ip-expected', 'as-expected']);
    const [, second] = lines();
    expect(second).toMatchObject({
      type: 'packet',
      index: 1,
      linktype: RAW,
      bytes: Buffer.from(ETHERNET).toString('hex'),
      verdict: { headerAt: 14 },
    });
    const verdict = second?.['verdict'] as { evidence: { basis: string }[]; confidence: number };
    expect(verdict.evidence.some(({ basis }) => basis === 'observed')).toBe(true);
  });

  test('the time of a packet is exact to the nanosecond', async () => {
    const { stdout } = await runCli('inspect', file(capture(RAW, IPV4)), '--json');
    expect(stdout).toContain(`"ns":${NS}`);
  });

  test.each([
    [RAW, 'auto', 'ethernet-where-ip-expected'],
    [EN10MB, 'auto', 'as-expected'],
    [EN10MB, 'ipv4', 'ethernet-where-ip-expected'],
    [EN10MB, 'ip', 'ethernet-where-ip-expected'],
    [RAW, 'ethernet', 'as-expected'],
  ])('a frame under link type %i, held against %s, is %s', async (linktype, expected, kind) => {
    const { lines } = await runCli(
      'inspect',
      file(capture(linktype, ETHERNET)),
      '--json',
      '--expect',
      expected,
    );
    expect(kinds(lines())).toEqual([kind]);
  });

  test('--expect-verdict: 0 if it was seen, 3 if it never was', async () => {
    const path = file(capture(RAW, IPV4, ETHERNET));
    const status = async (kind: string) => (await runCli('inspect', path, '--expect-verdict', kind)).status;
    expect(await status('ethernet-where-ip-expected')).toBe(0);
    expect(await status('as-expected')).toBe(0);
    expect(await status('all-zero')).toBe(3);
  });

  test('people read what it is, why, and the bytes', async () => {
    const { stdout } = await runCli('inspect', file(capture(RAW, ETHERNET)));
    expect(stdout).toMatch(/^#0 RAW len 42 {2}\S/);
    expect(stdout).toContain('observed:');
    expect(stdout).toContain('02 00 5e 20 00 02');
    expect(stdout).toContain('the expected header begins at 14');
  });

  test('pcapng, with a link type for each interface', async () => {
    const little = true;
    const none = new Uint8Array(0);
    const bytes = concat(
      sectionHeader(little),
      interfaceBlock(little, EN10MB, 65535, none),
      interfaceBlock(little, RAW, 65535, none),
      enhancedPacket(little, 0, 0n, ETHERNET, none),
      enhancedPacket(little, 1, 0n, ETHERNET, none),
    );
    const { status, lines } = await runCli('inspect', file(bytes), '--json');
    expect(status).toBe(0);
    expect(kinds(lines())).toEqual(['as-expected', 'ethernet-where-ip-expected']);
  });

  test('a file that breaks off gives its packets, then says where it broke', async () => {
    const whole = capture(RAW, IPV4, ETHERNET);
    const { status, lines } = await runCli('inspect', file(whole.subarray(0, whole.length - 5)), '--json');
    expect(status).toBe(1);
    expect(kinds(lines())).toEqual(['as-expected']);
    expect(lines().at(-1)).toMatchObject({ type: 'failure', code: 'capture-unreadable' });
    expect(lines().at(-1)?.['message']).toMatch(/breaks off within the record at byte \d+/);
  });

  test.each([
    ['empty', new Uint8Array(0), /empty/],
    ['text', Buffer.from('hello, this is no capture at all'), /begins with 0x68656c6c/],
    ['gzip', gzipSync(capture(RAW, IPV4)), /compressed with gzip/],
    ['two bytes', Uint8Array.of(0xd4, 0xc3), /only 2 bytes/],
  ])('%s is no capture, and is said to be none', async (_what, bytes, message) => {
    const { status, lines } = await runCli('inspect', file(bytes), '--json');
    expect(status).toBe(1);
    expect(lines()).toMatchObject([{ type: 'failure', code: 'capture-unreadable' }]);
    expect(`${String(lines()[0]?.['message'])} ${String(lines()[0]?.['detail'])}`).toMatch(message);
  });

  test('a folder cannot be read', async () => {
    expect((await runCli('inspect', directory, '--json')).lines()).toMatchObject([
      { code: 'file-unreadable' },
    ]);
  });
});

needs('tshark')('of a file that tshark reads too', () => {
  test('the packets are the same', async () => {
    const path = file(capture(EN10MB, ETHERNET, concat(ETHERNET, new Uint8Array(18))));
    const { lines } = await runCli('inspect', path, '--json');
    const read = execFileSync(
      'tshark',
      ['-r', path, '-T', 'fields', '-e', 'frame.number', '-e', 'frame.len', '-e', 'frame.time_epoch'],
      {
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'ignore'],
      },
    );
    const ours = lines().map(({ index, length, ns }) => [Number(index) + 1, length, String(ns).slice(0, 10)]);
    expect(ours).toEqual(
      read
        .trim()
        .split('\n')
        .map((row) => row.split('\t'))
        .map(([number, length, time]) => [Number(number), Number(length), time?.slice(0, 10)]),
    );
  });
});
