import type { SurveyItem } from '../../../shared/contract/api.ts';
import { t } from '../../state/locale.svelte.ts';
import type { TextKey } from '../../texts/en.ts';

/** What to do about an item, in the reader's language; the backend's own words where the page has none for it. */
export function remedyOf(item: SurveyItem): string {
  if (item.remedy === '') return '';
  const key = REMEDIES[`${item.id}.${item.state}`];
  return key === undefined ? item.remedy : t(key);
}

const REMEDIES: Readonly<Record<string, TextKey>> = {
  'architecture.warn': 'remedy.architecture',
  'privilege.bad': 'remedy.privilege',
  'btf.bad': 'remedy.btf',
  'bpftrace.bad': 'remedy.bpftrace',
  'bpftrace.warn': 'remedy.bpftraceOld',
  'tracefs.warn': 'remedy.tracefs',
  'lockdown.bad': 'remedy.lockdown',
  'lockdown.warn': 'remedy.lockdownIntegrity',
  'own-traffic.warn': 'remedy.ownTraffic',
};
