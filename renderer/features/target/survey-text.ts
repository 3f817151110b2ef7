import type { LocaleName } from '../../state/locale.svelte.ts';
import { survey as en } from '../../texts/en/survey.ts';
import { survey as zhCN } from '../../texts/zh-CN/survey.ts';

const patterns = (Object.keys(en) as (keyof typeof en)[]).map((key) => ({
  key,
  pattern: patternOf(en[key]),
}));

/** A sentence of the survey in a language; as the backend has it where there are no words to change. */
export function surveyText(text: string, language: LocaleName): string {
  if (language === 'en') return text;
  for (const { key, pattern } of patterns) {
    const values = pattern.exec(text)?.groups;
    if (pattern.test(text))
      return zhCN[key].replace(/\{(\w+)\}/g, (whole, name: string) => values?.[name] ?? whole);
  }
  return text;
}

/** `uid {uid}` as `/^uid (?<uid>.+)$/`. */
function patternOf(text: string): RegExp {
  const escaped = text.replace(/[.*+?^$()|[\]\\]/g, '\\$&').replace(/\{(\w+)\}/g, '(?<$1>.+?)');
  return new RegExp(`^${escaped}$`, 's');
}
