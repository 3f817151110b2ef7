import type { ReconciledCounter, Reconciliation } from '../../../shared/probe/reconcile.ts';
import { shortName } from '../../../shared/probe/reconcile-text.ts';
import { locale, t } from '../../state/locale.svelte.ts';

/** One counter beside the captured packets, in a sentence. */
export function reconcileSentence(found: Reconciliation, one: ReconciledCounter): string {
  const values = {
    counter: shortName(one.counter),
    delta: locale.integer(one.delta),
    explained: locale.integer(one.explained),
    unexplained: locale.integer(Math.abs(one.unexplained)),
    functions: one.elsewhere.join(', '),
  };
  if (one.delta === 0 && one.explained === 0) return t('reconcile.still', values);
  if (one.unexplained < 0) return t('reconcile.over', values);
  if (one.unexplained === 0) return t('reconcile.all', values);
  if (found.missed > 0) return t('reconcile.least', values);
  return one.elsewhere.length > 0 ? t('reconcile.partElsewhere', values) : t('reconcile.part', values);
}

/** What limits the comparison. */
export function reconcileNotes(found: Reconciliation): string[] {
  const notes: string[] = [];
  const open = found.counters.some(({ unexplained }) => unexplained > 0);
  if (found.checksumErrors > 0)
    notes.push(t('reconcile.checksums', { count: locale.integer(found.checksumErrors) }));
  else if (found.filtered && open) notes.push(t('reconcile.filtered'));
  if (found.missed > 0) notes.push(t('reconcile.missed', { count: locale.integer(found.missed) }));
  if (found.otherNamespaces > 0)
    notes.push(t('reconcile.namespaces', { count: locale.integer(found.otherNamespaces) }));
  return notes;
}
