import { BtfError } from './failure.ts';

/**
 * struct btf_header (include/uapi/linux/btf.h):
 *
 *   u16 magic 0xeB9F, u8 version 1, u8 flags, u32 hdr_len,
 *   u32 type_off, type_len, str_off, str_len            offsets count from the end of the header
 *   u32 layout_off, layout_len                          only when hdr_len >= 32 (Linux 7.1)
 *
 * The magic's byte order is that of the whole file. Sections lie in the order types, layout, strings. A
 * header longer than 32 bytes is legal; its tail is skipped.
 */
export interface BtfHeader {
  readonly endian: 'little' | 'big';
  readonly flags: number;
  readonly headerBytes: number;
  /** Start and length of each section, in bytes from the start of the file. */
  readonly types: Section;
  readonly strings: Section;
  readonly layout: Section | null;
}

export interface Section {
  readonly start: number;
  readonly length: number;
}

const shortestHeader = 24;
const headerWithLayout = 32;

/** Reads and checks the header. Throws E_SHORT, E_MAGIC, E_VERSION, E_HDRLEN, E_ALIGN, E_BOUNDS, E_LAYOUT. */
export function readHeader(bytes: Uint8Array): BtfHeader {
  if (bytes.length < shortestHeader) {
    throw new BtfError(
      'E_SHORT',
      `The file has ${bytes.length} bytes; a BTF header alone has ${shortestHeader}`,
      {
        offset: bytes.length,
      },
    );
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const little = view.getUint16(0, true) === 0xeb9f;
  if (!little && view.getUint16(0, false) !== 0xeb9f) {
    const seen = `0x${view.getUint16(0, false).toString(16).padStart(4, '0')}`;
    throw new BtfError('E_MAGIC', `The file begins with ${seen}, not with the BTF magic 0xeb9f`, {
      offset: 0,
    });
  }
  const version = view.getUint8(2);
  if (version !== 1) throw new BtfError('E_VERSION', `BTF version ${version}, expected 1`, { offset: 2 });
  const headerBytes = view.getUint32(4, little);
  if (headerBytes < shortestHeader || headerBytes > bytes.length) {
    throw new BtfError(
      'E_HDRLEN',
      `Header length ${headerBytes}, file length ${bytes.length}, shortest header 24`,
      {
        offset: 4,
      },
    );
  }
  const section = (at: number, name: string): Section => {
    const start = headerBytes + view.getUint32(at, little);
    const length = view.getUint32(at + 4, little);
    if (start + length > bytes.length) {
      throw new BtfError(
        'E_BOUNDS',
        `The ${name} section ends at byte ${start + length}, the file has ${bytes.length}`,
        { offset: at },
      );
    }
    return { start, length };
  };
  const types = section(8, 'type');
  if (view.getUint32(8, little) % 4 !== 0) {
    throw new BtfError('E_ALIGN', `Type section offset ${view.getUint32(8, little)} is no multiple of 4`, {
      offset: 8,
    });
  }
  const strings = section(16, 'string');
  if (types.start + types.length > strings.start) {
    throw new BtfError(
      'E_BOUNDS',
      `The type section ends at byte ${types.start + types.length}, the string section begins at ${strings.start}`,
      { offset: 16 },
    );
  }
  const layout = headerBytes >= headerWithLayout ? section(24, 'layout') : null;
  if (layout !== null && layout.length > 0) checkLayoutSection(layout, types, strings, headerBytes);
  return {
    endian: little ? 'little' : 'big',
    flags: view.getUint8(3),
    headerBytes,
    types,
    strings,
    layout: layout !== null && layout.length > 0 ? layout : null,
  };
}

function checkLayoutSection(layout: Section, types: Section, strings: Section, headerBytes: number): void {
  const offset = layout.start - headerBytes;
  if (offset % 4 !== 0)
    throw new BtfError('E_ALIGN', `Layout section offset ${offset} is no multiple of 4`, { offset: 24 });
  if (layout.length % 4 !== 0) {
    throw new BtfError(
      'E_LAYOUT',
      `Layout section length ${layout.length} is no multiple of its 4-byte records`,
      {
        offset: 28,
      },
    );
  }
  if (layout.start < types.start + types.length || layout.start + layout.length > strings.start) {
    throw new BtfError(
      'E_BOUNDS',
      `The layout section (bytes ${layout.start} to ${layout.start + layout.length}) is not between types and strings`,
      { offset: 24 },
    );
  }
}
