import { addressSum, expectedChecksum, onesSum, transportChecksum } from './checksum.ts';
import { hexNumber, u16 } from './cursor.ts';
import type { Field, IpContext, NextHeader, PacketView } from './layer.ts';

/**
 * Notes a wrong transport checksum, where every byte it covers was captured. A packet on its way out may
 * carry the sum of the pseudo header alone (CHECKSUM_PARTIAL); that is said apart.
 *
 * @param headerEnd index behind the last byte of the transport packet, Infinity where not known
 */
export function checkTransport(
  view: PacketView,
  at: number,
  header: NextHeader,
  headerEnd: number,
  protocol: number,
  checksum: Field,
): void {
  const ip: IpContext | null = header.ip;
  if (ip === null || checksum.raw === null || header.quoted) return;
  const limit = Math.min(view.bytes.length, view.end);
  const end = Number.isFinite(headerEnd) ? headerEnd : limit + 1;
  const { bytes } = view;
  const { destinationAt } = ip;
  if (transportChecksum(bytes, ip.at, ip.version, protocol, at, end, limit, destinationAt) !== 'bad') return;
  const sum = addressSum(bytes, ip.at, ip.version, destinationAt) + protocol + (end - at);
  if (u16(bytes, checksum.at) === onesSum(bytes, at, 0, sum)) {
    checksum.problem = 'the sum of the pseudo header only: the rest is left to the device (CHECKSUM_PARTIAL)';
    return;
  }
  const expected = expectedChecksum(bytes, at, end - at, checksum.at, sum);
  checksum.problem = `should be ${hexNumber(expected === 0 && protocol === 17 ? 0xffff : expected, 4)}`;
}
