import { connect } from '../../../../electron/backend/ssh/connection.ts';
import type { HostConfig } from '../../../../electron/backend/ssh/config.ts';
import { startLeashed } from '../../../../electron/backend/ssh/leash.ts';
import type { LeashedCommand, LeashTimes } from '../../../../electron/backend/ssh/leash.ts';

/** What the program below is told on its command line, as JSON. */
export interface ClientTask {
  readonly config: HostConfig;
  readonly command: LeashedCommand;
  readonly times: LeashTimes;
  /** Stops reading, so that the command blocks on its output. */
  readonly stall: boolean;
}

/** A client of the leash in a process of its own, made to be killed. Prints "started" once the command runs. */
const task = JSON.parse(process.argv[2] ?? '') as ClientTask;
const connection = await connect(task.config, { hostKey: async () => 'cancel' });
const leash = await startLeashed(connection, task.command, task.times);
leash.onStdout(() => undefined);
if (task.stall) leash.pause();
process.stdout.write('started\n');
