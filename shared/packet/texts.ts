import { en } from './texts-en.ts';
import type { TextKey } from './texts-en.ts';
import { zhCN } from './texts-zh-cn.ts';

export { en, zhCN };
export type { TextKey };

export type Locale = 'en' | 'zh-CN';
export type TextValues = Readonly<Record<string, string | number>>;

type CodeOf<Prefix extends string> = TextKey extends infer Key
  ? Key extends `${Prefix}.${infer Code}`
    ? Code
    : never
  : never;

export type EvidenceCode = CodeOf<'evidence'>;
export type CauseCode = CodeOf<'cause'>;

/** The sentence of `key` with its `{names}` filled in; a name without a value stays as it is. */
export function text(key: TextKey, values: TextValues, locale: Locale): string {
  const parts = partsOf(key, locale);
  if (parts.length === 1) return parts[0] ?? '';
  let filled = '';
  for (let at = 0; at < parts.length; at++) {
    const part = parts[at] ?? '';
    filled += at % 2 === 0 ? part : (values[part] ?? `{${part}}`);
  }
  return locale === 'en' && filled.includes('1 bytes') ? filled.replace(ONE_BYTE, '$1 byte') : filled;
}

const ONE_BYTE = /(?<![\w.:-])(-?1) bytes\b/g;

const PARTS = { en: new Map<TextKey, readonly string[]>(), 'zh-CN': new Map<TextKey, readonly string[]>() };

/** Text, name, text, name … text: each template is taken apart once. */
function partsOf(key: TextKey, locale: Locale): readonly string[] {
  const known = PARTS[locale].get(key);
  if (known !== undefined) return known;
  const parts = (locale === 'zh-CN' ? zhCN[key] : en[key]).split(/\{(\w+)\}/);
  PARTS[locale].set(key, parts);
  return parts;
}
