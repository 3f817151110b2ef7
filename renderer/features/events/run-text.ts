import { t } from '../../state/locale.svelte.ts';
import type { Run } from '../../state/run.svelte.ts';

/** What a run is doing, in a word or two. */
export function runStateText(run: Run): string {
  const { state } = run;
  return state.kind === 'stopped' ? t(`run.stoppedBy.${state.reason}`) : t(`run.${state.kind}`);
}
