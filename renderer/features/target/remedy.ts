import type { SurveyItem } from '../../../shared/contract/api.ts';
import { t } from '../../state/locale.svelte.ts';
import type { TextKey } from '../../texts/en.ts';

/** What to do about an item, in the reader's language; the backend's own words where the page has none for it. */
export function remedyOf(item: SurveyItem): string {
  if (item.remedy === '') return '';
  const found = `${item.id}.${item.state}`;
  return isKnown(found) ? t(REMEDIES[found]) : item.remedy;
}

const REMEDIES = {
  'architecture.warn': 'remedy.architecture',
  'privilege.bad': 'remedy.privilege',
  'btf.bad': 'remedy.btf',
  'bpftrace.bad': 'remedy.bpftrace',
  'bpftrace.warn': 'remedy.bpftraceOld',
  'tracefs.warn': 'remedy.tracefs',
  'lockdown.bad': 'remedy.lockdown',
  'lockdown.warn': 'remedy.lockdownIntegrity',
  'own-traffic.warn': 'remedy.ownTraffic',
} as const satisfies Readonly<Record<string, TextKey>>;

function isKnown(found: string): found is keyof typeof REMEDIES {
  return Object.hasOwn(REMEDIES, found);
}
