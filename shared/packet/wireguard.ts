import { u16le, u32le, u64, u8 } from './cursor.ts';
import { hex8, LayerWriter, nextHeader } from './layer.ts';
import type { Decoded, NextHeader, PacketView } from './layer.ts';

const TYPES: readonly string[] = [
  '',
  'handshake initiation',
  'handshake response',
  'cookie reply',
  'transport data',
];

export function wireguardTypeText(type: number): string {
  return TYPES[type] ?? `type ${type}`;
}

/** Whether a UDP payload of `length` bytes is a WireGuard message: its type, three zeros, and the size of that type. */
export function isWireguard(bytes: Uint8Array, at: number, length: number): boolean {
  if (at + 4 > bytes.length || u8(bytes, at + 1) !== 0 || u16le(bytes, at + 2) !== 0) return false;
  const type = u8(bytes, at);
  if (type === 1) return length === 148;
  if (type === 2) return length === 92;
  if (type === 3) return length === 64;
  return type === 4 && length >= 32 && length % 16 === 0;
}

/** WireGuard (wireguard.com/protocol), struct message_header (drivers/net/wireguard/messages.h); numbers are little-endian. */
export function decodeWireguard(view: PacketView, at: number, header: NextHeader): Decoded {
  const writer = new LayerWriter(view, at, 'wireguard', 'WireGuard', 4);
  const type = writer.u8(0);
  const little = (name: string, kernel: string, offset: number): void => {
    writer.given(name, kernel, offset, 4, () => u32le(view.bytes, at + offset), hex8);
  };
  writer.uint('wg.type', 'message_header.type', 0, 1, (raw) => `${raw} (${wireguardTypeText(raw)})`);
  writer.bytes('wg.reserved', 'message_header.type', 1, 3, null);
  switch (type) {
    case 1:
      writer.layer.length = 148;
      little('wg.sender', 'message_handshake_initiation.sender_index', 4);
      writer.bytes('wg.mac1', 'message_macs.mac1', 116, 16, null);
      writer.bytes('wg.mac2', 'message_macs.mac2', 132, 16, null);
      break;
    case 2:
      writer.layer.length = 92;
      little('wg.sender', 'message_handshake_response.sender_index', 4);
      little('wg.receiver', 'message_handshake_response.receiver_index', 8);
      writer.bytes('wg.mac1', 'message_macs.mac1', 60, 16, null);
      writer.bytes('wg.mac2', 'message_macs.mac2', 76, 16, null);
      break;
    case 3:
      writer.layer.length = 64;
      little('wg.receiver', 'message_handshake_cookie.receiver_index', 4);
      writer.bytes('wg.nonce', 'message_handshake_cookie.nonce', 8, 24, null);
      writer.bytes('wg.encrypted_cookie', 'message_handshake_cookie.encrypted_cookie', 32, 32, null);
      break;
    case 4:
      writer.layer.length = 16;
      little('wg.receiver', 'message_data.key_idx', 4);
      writer.uint64('wg.counter', 'message_data.counter', 8, String);
      reverseCounter(view, writer, at + 8);
      break;
    default:
      return { layer: writer.layer, next: nextHeader('payload', at + 4, header.end) };
  }
  return { layer: writer.layer, next: nextHeader('payload', at + writer.layer.length, header.end) };
}

/** The counter is little-endian, unlike every other 64-bit number here. */
function reverseCounter(view: PacketView, writer: LayerWriter, at: number): void {
  const field = writer.layer.fields.at(-1);
  if (field === undefined || field.raw === null) return;
  const counter = u64(view.bytes.slice(at, at + 8).reverse(), 0);
  field.raw = counter;
  field.value = String(counter);
}
