import type { PathStep } from '../../../shared/probe/packet-path.ts';
import { locale } from '../../state/locale.svelte.ts';
import { pathNotes } from '../../texts/zh-CN/packet-path.ts';

/** What has happened to the packet at a step of its path, in the page's language. */
export function stepNote(step: PathStep): string {
  return (locale.name === 'zh-CN' ? pathNotes[step.name] : undefined) ?? step.note;
}
