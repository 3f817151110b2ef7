import { failureText } from '../../shared/contract/failure.ts';
import type { Failure } from '../../shared/contract/failure.ts';
import { en } from '../texts/en.ts';
import type { TextKey } from '../texts/en.ts';
import { zhCN } from '../texts/zh-CN.ts';
import { readSetting, writeSetting } from './settings.ts';

export const LOCALES = ['en', 'zh-CN'] as const;
export type LocaleName = (typeof LOCALES)[number];

/** The names between braces in a text: `'{count} events'` has `'count'`. */
type Blanks<Text extends string> = Text extends `${string}{${infer Name}}${infer Rest}`
  ? Name | Blanks<Rest>
  : never;
type Values<Key extends TextKey> =
  Blanks<(typeof en)[Key]> extends never
    ? []
    : [values: Readonly<Record<Blanks<(typeof en)[Key]>, string | number>>];

const texts: Record<LocaleName, Readonly<Record<TextKey, string>>> = { en, 'zh-CN': zhCN };

/** The page's language: the one chosen before, else the browser's if there are texts for it, else English. */
class Locale {
  name = $state.raw<LocaleName>(storedLocale());
  readonly #integers = $derived(new Intl.NumberFormat(this.name));
  readonly #plurals = $derived(new Intl.PluralRules(this.name));

  choose(name: LocaleName): void {
    this.name = name;
    writeSetting('locale', name);
  }

  /** The text in the page's language, its blanks filled in. Which blanks a text has, the compiler knows. */
  t = <Key extends TextKey>(key: Key, ...[values]: Values<Key>): string => {
    const text: string = texts[this.name][key];
    if (!values) return text;
    const byName = values as Readonly<Record<string, string | number>>;
    return text.replace(/\{(\w+)\}/g, (whole, name: string) => {
      const value = byName[name];
      return value === undefined ? whole : typeof value === 'number' ? this.integer(value) : value;
    });
  };

  /** The text of a key that is made from what came over the wire; null if there is none. */
  find(key: string): string | null {
    const table: Readonly<Record<string, string>> = texts[this.name];
    return Object.hasOwn(table, key) ? (table[key] ?? null) : null;
  }

  /** Which of the two forms of a text a count takes. */
  plural(count: number): 'one' | 'other' {
    return this.#plurals.select(count) === 'one' ? 'one' : 'other';
  }

  /** A whole number with the language's thousands separators. */
  integer(value: number): string {
    return this.#integers.format(value);
  }

  failure(failure: Failure): { message: string; remedy: string } {
    return failureText(failure, this.name);
  }
}

function storedLocale(): LocaleName {
  const stored = readSetting('locale');
  if (stored === 'en' || stored === 'zh-CN') return stored;
  return navigator.language.toLowerCase().startsWith('zh') ? 'zh-CN' : 'en';
}

export const locale = new Locale();
export const t = locale.t;
