import type { EventValues } from './tracefs-values.ts';
import { parseTracepointFormat } from './tracepoint-format.ts';

/** Where the values of one kind of event lie in its entry, by their names. */
export interface EntryLayout {
  readonly fields: ReadonlyMap<string, EntryField>;
}

interface EntryField {
  readonly offset: number;
  readonly size: number;
  readonly signed: boolean;
  /** Its four bytes say where the text is: length in the upper half, offset in the lower. */
  readonly text: boolean;
}

/** `common_type` and `common_pid`, which every entry begins with (include/linux/trace_events.h). */
const ENTRY_TYPE = 0;
const ENTRY_PID = 4;
export const ENTRY_BYTES = 8;

/** The number and the layout of an event from its format file; null for a file that has none. */
export function entryLayout(format: string): { readonly id: number; readonly layout: EntryLayout } | null {
  const id = Number(/^ID: (\d{1,5})$/m.exec(format)?.[1] ?? 0);
  const fields = parseTracepointFormat(format).map(
    ({ name, type, offset, size, signed }) =>
      [name, { offset, size, signed, text: type.startsWith('__data_loc') }] as const,
  );
  return id === 0 || fields.length === 0 ? null : { id, layout: { fields: new Map(fields) } };
}

export function entryType(page: DataView, from: number): number {
  return page.getUint16(from + ENTRY_TYPE, true);
}

export function entryPid(page: DataView, from: number): number {
  return page.getInt32(from + ENTRY_PID, true);
}

/** The values of one entry of a little-endian kernel, taken by name as those of its text are. */
export class EntryValues implements EventValues {
  #page: DataView = new DataView(new ArrayBuffer(0));
  #fields: EntryLayout['fields'] = new Map();
  #from = 0;
  #to = 0;

  /** From here on, the values are those of the entry from `from` to `to`. */
  read(page: DataView, from: number, to: number, { fields }: EntryLayout): void {
    this.#page = page;
    this.#from = from;
    this.#to = to;
    this.#fields = fields;
  }

  has(name: string): boolean {
    return this.#field(name) !== null;
  }

  /** One character a byte, without the NUL at its end. */
  text(name: string): string {
    const field = this.#field(name);
    if (field === null || !field.text || field.size !== 4) return '';
    const place = this.#page.getUint32(this.#from + field.offset, true);
    const from = this.#from + (place & 0xffff);
    const to = Math.min(this.#to, from + (place >>> 16));
    let text = '';
    for (let at = from; at < to; at++) {
      const byte = this.#page.getUint8(at);
      if (byte === 0) break;
      text += String.fromCharCode(byte);
    }
    return text;
  }

  number(name: string): number {
    const field = this.#field(name);
    if (field === null) return 0;
    const at = this.#from + field.offset;
    switch (field.size) {
      case 1:
        return field.signed ? this.#page.getInt8(at) : this.#page.getUint8(at);
      case 2:
        return field.signed ? this.#page.getInt16(at, true) : this.#page.getUint16(at, true);
      case 4:
        return field.signed ? this.#page.getInt32(at, true) : this.#page.getUint32(at, true);
      default:
        return Number(this.signed(name));
    }
  }

  isZero(name: string): boolean {
    return this.signed(name) === 0n;
  }

  unsigned(name: string): bigint {
    return BigInt.asUintN(64, this.signed(name));
  }

  signed(name: string): bigint {
    const field = this.#field(name);
    if (field === null) return 0n;
    if (field.size === 8) return this.#page.getBigInt64(this.#from + field.offset, true);
    return field.size < 8 ? BigInt(this.number(name)) : 0n;
  }

  words(name: string, bytes: Uint8Array, count: number): boolean {
    const field = this.#field(name);
    if (field?.size !== count * 8) return false;
    const at = this.#page.byteOffset + this.#from + field.offset;
    bytes.set(new Uint8Array(this.#page.buffer, at, field.size));
    return true;
  }

  difference(to: string, from: string): number {
    return Number(BigInt.asIntN(64, this.signed(to) - this.signed(from)));
  }

  /** Null for a field that the event has not, or that reaches beyond the entry. */
  #field(name: string): EntryField | null {
    const field = this.#fields.get(name);
    return field === undefined || this.#from + field.offset + field.size > this.#to ? null : field;
  }
}
