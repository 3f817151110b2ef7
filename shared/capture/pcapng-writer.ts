/** Writes pcapng (draft-ietf-opsawg-pcapng): little-endian, one section, nanoseconds. */
declare const TextEncoder: new () => { encode(text: string): Uint8Array };

/** Where packets were seen: each (function, device, link type) becomes an interface of the file. */
export interface CapturePoint {
  /** Kernel function that was probed, such as `ip_rcv_core`. */
  function: string;
  device: string | null;
  linktype: number;
}

export interface PacketToWrite extends CapturePoint {
  /** Nanoseconds since 1970. */
  ns: bigint;
  bytes: Uint8Array;
  /** Bytes the packet had, of which `bytes` may be the first. */
  originalLength: number;
  /** The verdict, its evidence, the drop reason …: one packet comment each. */
  comments: readonly string[];
}

export interface CaptureOrigin {
  /** `skblens 0.1.0`. */
  application: string;
  /** Kernel release of the target. */
  os: string | null;
  hardware: string | null;
  comment: string | null;
}

const OPTION_COMMENT = 1;
const NANOSECONDS = 9;
/** Options have 16 bits for their length. */
const MOST_OPTION_BYTES = 65535;

interface Option {
  code: number;
  value: Uint8Array;
}

/**
 * Gives the bytes of a file piece by piece: `start()` once, `packet()` for each, then `end()`. Only the table
 * of interfaces is held.
 */
export class PcapngWriter {
  readonly #origin: CaptureOrigin;
  readonly #text = new TextEncoder();
  readonly #interfaces = new Map<string, number>();
  readonly #seen: number[] = [];
  #last = 0n;

  constructor(origin: CaptureOrigin) {
    this.#origin = origin;
  }

  /** The section header: byte-order magic 4, version 1.0, section length -1 (not known), options. */
  start(): Uint8Array {
    const options: Option[] = [];
    this.#addText(options, OPTION_COMMENT, this.#origin.comment);
    this.#addText(options, 2, this.#origin.hardware);
    this.#addText(options, 3, this.#origin.os);
    this.#addText(options, 4, this.#origin.application);
    return block(0x0a0d0d0a, 16, options, (view) => {
      view.setUint32(0, 0x1a2b3c4d, true);
      view.setUint16(4, 1, true);
      view.setUint32(8, 0xffffffff, true);
      view.setUint32(12, 0xffffffff, true);
    });
  }

  /** One packet; before the first of its capture point, the description of that interface. */
  packet(packet: PacketToWrite): Uint8Array {
    const key = `${packet.linktype} ${packet.device ?? ''} ${packet.function}`;
    const known = this.#interfaces.get(key);
    const number = known ?? this.#interfaces.size;
    const described = known === undefined ? this.#interface(key, packet) : null;
    this.#seen[number] = (this.#seen[number] ?? 0) + 1;
    if (packet.ns > this.#last) this.#last = packet.ns;
    const options: Option[] = [];
    for (const comment of packet.comments) this.#addText(options, OPTION_COMMENT, comment);
    const length = packet.bytes.length;
    const enhanced = block(6, 20 + length + (-length & 3), options, (view, body) => {
      view.setUint32(0, number, true);
      view.setUint32(4, Number(packet.ns >> 32n), true);
      view.setUint32(8, Number(packet.ns & 0xffffffffn), true);
      view.setUint32(12, length, true);
      view.setUint32(16, Math.max(length, packet.originalLength), true);
      body.set(packet.bytes, 20);
    });
    return described === null ? enhanced : joined(described, enhanced);
  }

  /**
   * One statistics block an interface.
   *
   * @param lost events that the target lost; nobody knows of which interface, so all stand with the first
   */
  end(lost: number): Uint8Array {
    let bytes = new Uint8Array(0);
    for (const [number, count] of this.#seen.entries()) {
      const options: Option[] = [{ code: 4, value: u64(BigInt(count)) }];
      if (number === 0) options.push({ code: 5, value: u64(BigInt(lost)) });
      const statistics = block(5, 12, options, (view) => {
        view.setUint32(0, number, true);
        view.setUint32(4, Number(this.#last >> 32n), true);
        view.setUint32(8, Number(this.#last & 0xffffffffn), true);
      });
      bytes = joined(bytes, statistics);
    }
    return bytes;
  }

  #interface(key: string, point: CapturePoint): Uint8Array {
    this.#interfaces.set(key, this.#interfaces.size);
    const options: Option[] = [];
    this.#addText(options, 2, point.device === null ? point.function : `${point.function}@${point.device}`);
    const where = point.device === null ? '' : ` on ${point.device}`;
    this.#addText(options, 3, `kernel function ${point.function}${where}`);
    options.push({ code: 9, value: Uint8Array.of(NANOSECONDS) });
    return block(1, 8, options, (view) => {
      view.setUint16(0, point.linktype, true);
      view.setUint32(4, 0, true);
    });
  }

  #addText(options: Option[], code: number, value: string | null): void {
    if (value === null || value === '') return;
    let bytes = this.#text.encode(value);
    if (bytes.length > MOST_OPTION_BYTES) {
      let end = MOST_OPTION_BYTES;
      while (end > 0 && ((bytes[end] ?? 0) & 0xc0) === 0x80) end--;
      bytes = bytes.subarray(0, end);
    }
    options.push({ code, value: bytes });
  }
}

function u64(value: bigint): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, value, true);
  return bytes;
}

function joined(first: Uint8Array, second: Uint8Array): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(first.length + second.length);
  bytes.set(first);
  bytes.set(second, first.length);
  return bytes;
}

/** Type 4, total length 4, `fixed` bytes that `fill` writes, options, total length 4. */
function block(
  type: number,
  fixed: number,
  options: readonly Option[],
  fill: (view: DataView, body: Uint8Array) => void,
): Uint8Array<ArrayBuffer> {
  let size = options.length === 0 ? 0 : 4;
  for (const { value } of options) size += 4 + value.length + (-value.length & 3);
  const total = 12 + fixed + size;
  const bytes = new Uint8Array(total);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, type, true);
  view.setUint32(4, total, true);
  fill(new DataView(bytes.buffer, 8, fixed), bytes.subarray(8, 8 + fixed));
  let at = 8 + fixed;
  for (const { code, value } of options) {
    view.setUint16(at, code, true);
    view.setUint16(at + 2, value.length, true);
    bytes.set(value, at + 4);
    at += 4 + value.length + (-value.length & 3);
  }
  view.setUint32(total - 4, total, true);
  return bytes;
}
