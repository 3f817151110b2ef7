/** Capture files made by hand for the tests, in both byte orders. */

export interface PlainPacket {
  ns: bigint;
  bytes: Uint8Array;
  originalLength?: number;
}

export function concat(...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

function words(little: boolean, ...values: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(values.length * 4);
  const view = new DataView(bytes.buffer);
  for (const [index, value] of values.entries()) view.setUint32(index * 4, value, little);
  return bytes;
}

export function classicPcap(
  packets: readonly PlainPacket[],
  options: { little: boolean; nanoseconds: boolean; linktype: number },
): Uint8Array<ArrayBuffer> {
  const { little, nanoseconds, linktype } = options;
  const version = little ? 0x00040002 : 0x00020004;
  const parts = [words(little, nanoseconds ? 0xa1b23c4d : 0xa1b2c3d4, version, 0, 0, 262144, linktype)];
  for (const { ns, bytes, originalLength } of packets) {
    const fraction = (ns % 1_000_000_000n) / (nanoseconds ? 1n : 1000n);
    const head = [
      Number(ns / 1_000_000_000n),
      Number(fraction),
      bytes.length,
      originalLength ?? bytes.length,
    ];
    parts.push(words(little, ...head), bytes);
  }
  return concat(...parts);
}

/** A pcapng block of any type and body; options are part of the body. */
export function pcapngBlock(little: boolean, type: number, body: Uint8Array): Uint8Array {
  const padded = concat(body, new Uint8Array(-body.length & 3));
  const total = 12 + padded.length;
  return concat(words(little, type, total), padded, words(little, total));
}

export function pcapngOption(little: boolean, code: number, value: Uint8Array): Uint8Array {
  const head = new Uint8Array(4);
  const view = new DataView(head.buffer);
  view.setUint16(0, code, little);
  view.setUint16(2, value.length, little);
  return concat(head, value, new Uint8Array(-value.length & 3));
}

export function sectionHeader(little: boolean): Uint8Array {
  const version = little ? 0x00000001 : 0x00010000;
  return pcapngBlock(little, 0x0a0d0d0a, words(little, 0x1a2b3c4d, version, 0xffffffff, 0xffffffff));
}

export function interfaceBlock(
  little: boolean,
  linktype: number,
  snap: number,
  options: Uint8Array,
): Uint8Array {
  const first = little ? linktype : linktype * 65536;
  return pcapngBlock(little, 1, concat(words(little, first, snap), options));
}

export function enhancedPacket(
  little: boolean,
  number: number,
  ticks: bigint,
  bytes: Uint8Array,
  options: Uint8Array,
): Uint8Array {
  const head = words(
    little,
    number,
    Number(ticks >> 32n),
    Number(ticks & 0xffffffffn),
    bytes.length,
    bytes.length,
  );
  return pcapngBlock(little, 6, concat(head, bytes, new Uint8Array(-bytes.length & 3), options));
}
