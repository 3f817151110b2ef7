import type { RunLoad } from '../../../shared/contract/target-state.ts';
import { LoadGuard, parseLoad } from '../../../shared/probe/load-guard.ts';
import { startLeashed } from '../ssh/leash.ts';
import type { Target } from '../ssh/command.ts';

const EVERY_SECONDS = 3;
const MAX_READING = 256 * 1024;

/** The processes of a run are found once, by the leash's mark in their environment; those it starts later are its children and few. */
function watchScript(mark: string): string {
  const pattern = `${mark.slice(0, -1)}[${mark.slice(-1)}]`;
  return `files=
for file in $(grep -ls '${pattern}' /proc/[0-9]*/environ 2>/dev/null); do files="$files \${file%environ}stat"; done
while cat /proc/uptime /proc/loadavg && { grep '^cpu' /proc/stat; cat /dev/null $files 2>/dev/null; echo; }; do sleep ${EVERY_SECONDS}; done
`;
}

/**
 * Watches how the target bears a run, every three seconds, until the returned undo is called. `onTooMuch` is called once, when
 * the load has risen so steeply since the first reading that the probe should end.
 */
export async function watchLoad(
  target: Target,
  mark: string,
  listener: { load(load: Omit<RunLoad, 'engine'>): void; tooMuch(): void },
): Promise<() => void> {
  const script = watchScript(mark);
  target.onCommand(script, 'load');
  const leash = await startLeashed(target.connection, {
    command: '/bin/sh',
    input: script,
    sudo: target.sudo,
  });
  const guard = new LoadGuard();
  let text = '';
  let stopped = false;
  leash.onStdout((chunk) => {
    text += chunk.toString('latin1');
    const readings = text.split('\n\n');
    text = readings.pop() ?? '';
    if (text.length > MAX_READING) text = '';
    for (const said of readings) {
      const reading = parseLoad(said);
      if (reading === null || stopped) continue;
      const { state, stop } = guard.take(reading);
      if (state !== null) listener.load(state);
      if (!stop) continue;
      stopped = true;
      listener.tooMuch();
    }
  });
  return () => {
    stopped = true;
    leash.interrupt(0);
  };
}
