import { hexNumber } from './cursor.ts';
import { decimal, hex2, hex4, LayerWriter, nextHeader } from './layer.ts';
import type { Decoded, NextHeader, PacketView } from './layer.ts';
import { protocolOfEtherType } from './next-protocol.ts';
import { etherTypeName } from './numbers.ts';

/**
 * Geneve (RFC 8926), struct genevehdr (include/net/geneve.h): version 2 bits and option length 6 (in 4
 * bytes), flags 1, EtherType 2, VNI 3, reserved 1, options of class 2, type 1, length 1 (in 4 bytes), data.
 */
export function decodeGeneve(view: PacketView, at: number, header: NextHeader): Decoded {
  const writer = new LayerWriter(view, at, 'geneve', 'Generic Network Virtualization Encapsulation', 8);
  const version = writer.bits('geneve.version', 'genevehdr.ver', 0, 1, 0, 2, decimal);
  if (version.raw !== null && version.raw !== 0) version.problem = `version ${version.value} is not known`;
  writer.bits('geneve.opt_len', 'genevehdr.opt_len', 0, 1, 2, 6, (raw) => `${raw * 4} bytes (${raw})`);
  writer.bits('geneve.flags.oam', 'genevehdr.oam', 1, 1, 0, 1, decimal);
  writer.bits('geneve.flags.critical', 'genevehdr.critical', 1, 1, 1, 1, decimal);
  const type = writer.uint(
    'geneve.proto_type',
    'genevehdr.proto_type',
    2,
    2,
    (raw) => `${hexNumber(raw, 4)} (${etherTypeName(raw) ?? 'unknown'})`,
  );
  writer.uint('geneve.vni', 'genevehdr.vni', 4, 3, (raw) => `${hexNumber(raw, 6)} (${raw})`);
  const length = 8 + (writer.u8(0) & 63) * 4;
  writer.layer.length = length;
  let offset = 8;
  while (offset < length && writer.has(offset, 4)) {
    writer.uint('geneve.option.class', 'geneve_opt.opt_class', offset, 2, hex4);
    writer.uint('geneve.option.type', 'geneve_opt.type', offset + 2, 1, hex2);
    const size = (writer.u8(offset + 3) & 31) * 4;
    const field = writer.bits(
      'geneve.option.length',
      'geneve_opt.length',
      offset + 3,
      1,
      3,
      5,
      (raw) => `${raw * 4 + 4} bytes (${raw})`,
    );
    if (offset + 4 + size > length) {
      field.problem = `${size} bytes of data, but only ${length - offset - 4} are left of the options`;
      break;
    }
    if (size > 0) writer.bytes('geneve.option.unknown.data', 'geneve_opt.opt_data', offset + 4, size, null);
    offset += 4 + size;
  }
  const next = typeof type.raw === 'number' ? protocolOfEtherType(type.raw) : null;
  return { layer: writer.layer, next: nextHeader(next, at + length, header.end) };
}
