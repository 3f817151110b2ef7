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
  const template: string = locale === 'zh-CN' ? zhCN[key] : en[key];
  if (!template.includes('{')) return template;
  const filled = template.replace(/\{(\w+)\}/g, (whole, name: string) => {
    const value = values[name];
    return value === undefined ? whole : String(value);
  });
  return locale === 'en' ? filled.replace(/(?<![\w.:-])(-?1) bytes\b/g, '$1 byte') : filled;
}
