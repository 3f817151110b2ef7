import type { ConnectLine } from '../../../shared/contract/ssh-session.ts';
import { locale } from '../../state/locale.svelte.ts';
import { connectLog } from '../../texts/zh-CN/connect-log.ts';

/** A line of the connection log in the page's language; what a server or an agent said stays in its own words. */
export function lineText({ text, key, values, failure }: ConnectLine): string {
  if (locale.name === 'en') return text;
  const quoted = failure ? { ...values, message: locale.failure(failure).message } : values;
  return connectLog[key].replace(/\{(\w+)\}/g, (whole, name: string) => String(quoted[name] ?? whole));
}
