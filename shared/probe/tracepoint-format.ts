import type { TracepointField } from './resolved-point.ts';

/** More fields than any tracepoint has: what follows in a hostile file is not read. */
const MAX_FIELDS = 200;

/** `\tfield:unsigned short protocol;\toffset:24;\tsize:2;\tsigned:0;` (kernel/trace/trace_events.c, f_show). */
const FIELD = /^\tfield:([^;]{1,300});\toffset:(\d{1,6});\tsize:(\d{1,6});\tsigned:([01]);$/;
/** `char name[16]`, `__data_loc char[] name`, `void * skbaddr`, `enum skb_drop_reason reason`. */
const DECLARATION = /^(.*?)([A-Za-z_][A-Za-z0-9_]*)((?:\[[^\]]*\])?)$/;

/**
 * The fields of a tracepoint from events/CATEGORY/NAME/format, in their order; those that every tracepoint has
 * (`common_…`) are left out, and so is a line that is no field.
 */
export function parseTracepointFormat(text: string): TracepointField[] {
  const fields: TracepointField[] = [];
  for (const line of text.split('\n')) {
    const [, declaration = '', offset, size, signed] = FIELD.exec(line) ?? [];
    const [, type, name, length] = DECLARATION.exec(declaration.trim()) ?? [];
    if (type === undefined || name === undefined || name.startsWith('common_')) continue;
    if (fields.length >= MAX_FIELDS) break;
    fields.push({
      name,
      type: `${type.trim()}${length ?? ''}`,
      offset: Number(offset),
      size: Number(size),
      signed: signed === '1',
    });
  }
  return fields;
}
