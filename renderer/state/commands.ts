import { canProbe } from './function-browser.svelte.ts';
import { LOCALES, locale, t } from './locale.svelte.ts';
import { THEMES, theme } from './theme.svelte.ts';
import { VIEWS } from './workbench.svelte.ts';
import type { Workbench } from './workbench.svelte.ts';

/** One thing the user can do from anywhere: listed in the palette, and run by its shortcut. */
export interface Command {
  readonly id: string;
  readonly title: string;
  /** As `keysOf` writes a key event; null if it has none. */
  readonly keys: readonly string[];
  /** A plain letter acts only where no text is being typed. */
  readonly run: () => void;
}

/** Every command that makes sense at this moment. */
export function commandsOf(workbench: Workbench): readonly Command[] {
  const commands: Command[] = [];
  const add = (id: string, title: string, keys: readonly string[], run: () => void): void => {
    commands.push({ id, title, keys, run });
  };
  const { live, session } = workbench;
  const run = workbench.runs.current;

  add('palette', t('command.palette'), ['Ctrl+Shift+P', 'F1'], () => (workbench.palette = 'commands'));
  if (live) add('go-function', t('command.goFunction'), ['Ctrl+P'], () => (workbench.palette = 'functions'));
  for (const [index, view] of VIEWS.entries())
    add(`view-${view}`, t('command.view', { view: t(`view.${view}`) }), [`Alt+${index + 1}`], () =>
      workbench.show(view),
    );
  if (live?.functions.chosen && canProbe(live.functions.chosen))
    add('probe', t('command.probe'), workbench.view === 'functions' ? ['P'] : [], () =>
      workbench.openProbe(),
    );
  if (live?.probe.open && live.probe.spec)
    add('start', t('command.start'), ['Ctrl+Enter'], () => void workbench.startProbe());
  if (run?.running) add('stop', t('command.stop'), ['Shift+F5'], () => void workbench.stopProbe());
  if (run) {
    add('clear', t('command.clear'), ['Ctrl+L'], () => run.clear());
    add('display-filter', t('filter.focus'), ['Ctrl+/'], () => {
      workbench.show('packets');
      run.display.focusRequest++;
    });
    add('follow', t('command.follow'), ['Ctrl+End'], () => run.resume());
    if (run.rowCount > 0)
      add('export', t('command.export'), ['Ctrl+Shift+S'], () => workbench.exportPackets());
    if (run.spec) add('save', t('command.save'), ['Ctrl+S'], () => workbench.composeInvestigation());
  }
  if (workbench.connector.info.value?.demo)
    add('demo', t('command.demo'), [], () => void workbench.connectDemo());
  if (workbench.talk.kept ?? (workbench.connector.info.value?.keptSecrets ?? 0) > 0)
    add('forget-secrets', t('command.forgetSecrets'), [], () => void workbench.talk.forgetSecrets());
  for (const other of workbench.sessions.all)
    if (other !== session)
      add(`session-${other.info.session}`, t('command.session', { host: other.info.host }), [], () =>
        workbench.choose(other),
      );
  if (workbench.sessions.all.length > 1) {
    add('next-session', t('command.nextSession'), ['Alt+PageDown', 'Ctrl+Tab'], () => workbench.step(1));
    add('previous-session', t('command.previousSession'), ['Alt+PageUp', 'Ctrl+Shift+Tab'], () =>
      workbench.step(-1),
    );
  }
  if (session) add('disconnect', t('command.disconnect'), [], () => void workbench.disconnect());
  if (session?.lost) add('reconnect', t('command.reconnect'), [], () => void workbench.reconnect());
  const { pick } = workbench.files;
  if (pick) add('open-file', t('command.openFile'), ['Ctrl+O'], pick);
  add('panel', t('command.panel'), ['Ctrl+J'], () => workbench.togglePanel());
  for (const name of THEMES) add(`theme-${name}`, t(`command.theme.${name}`), [], () => theme.choose(name));
  for (const name of LOCALES)
    add(`language-${name}`, t(`command.language.${name}`), [], () => locale.choose(name));
  return commands;
}

/** `Ctrl+Shift+P`, `F1`, `P`: a key event as commands name it. On a Mac the command key stands for Ctrl. */
export function keysOf(event: KeyboardEvent): string {
  const key = event.key.length === 1 ? event.key.toUpperCase() : event.key;
  // With Alt held a Mac types other characters; the digit is then only in `code`.
  const digit = event.altKey ? /^Digit(\d)$/.exec(event.code)?.[1] : undefined;
  return [
    event.ctrlKey || event.metaKey ? 'Ctrl+' : '',
    event.altKey ? 'Alt+' : '',
    event.shiftKey && (event.key.length > 1 || event.ctrlKey || event.metaKey) ? 'Shift+' : '',
    digit ?? key,
  ].join('');
}

/** Runs the command of a shortcut; false if there is none, or the key belongs to what is being typed. */
export function runShortcut(workbench: Workbench, event: KeyboardEvent): boolean {
  const keys = keysOf(event);
  const plain = !keys.includes('+') && keys.length === 1;
  if (plain && isTyping(event.target)) return false;
  const command = commandsOf(workbench).find((candidate) => candidate.keys.includes(keys));
  if (!command) return false;
  command.run();
  return true;
}

/** A tree or list takes letters too, for type-ahead. */
function isTyping(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement &&
    target.closest('input, textarea, select, [contenteditable], [role="tree"], [role="dialog"]') !== null
  );
}
