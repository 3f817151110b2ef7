import { expect } from 'vitest';
import { resolveHost } from '../../electron/backend/ssh/config.ts';
import { connect } from '../../electron/backend/ssh/connection.ts';
import type { Connection } from '../../electron/backend/ssh/connection.ts';
import { runCommand } from '../../electron/backend/ssh/command.ts';
import type { Target } from '../../electron/backend/ssh/command.ts';
import { openTarget } from '../../electron/backend/target/open.ts';
import type { Survey } from '../../shared/contract/api.ts';
import type { SecretAnswer, SecretQuestion } from '../../shared/contract/ssh-session.ts';
import type { Guest } from '../lab/guest.ts';

/** In the password's place, so that looking for it finds nothing else. */
export const PASSWORD = 'Tr4celess-pa55word';

/** One login on a guest as a session opens it: what it may do there, what a person was asked, what the log says. */
export interface Arrival {
  readonly target: Target;
  readonly survey: Survey;
  readonly uid: number;
  readonly asked: readonly SecretQuestion[];
  readonly log: readonly string[];
}

/** Connects to the login `host` of the guest and opens it; a person answers each question. The connection is put into `open`. */
export async function arriveAt(
  guest: Guest,
  host: string,
  open: Connection[],
  answer: (question: SecretQuestion, nth: number) => SecretAnswer = () => [PASSWORD],
): Promise<Arrival> {
  const overrides = { configFile: guest.sshConfigPath, identityFiles: [], port: null };
  const asked: SecretQuestion[] = [];
  const log: string[] = [];
  const asker = {
    hostKey: async () => expect.fail('the host key is known'),
    secret: async (question: SecretQuestion) => {
      asked.push(question);
      return answer(question, asked.length);
    },
    log: (_host: string, _step: string, text: string) => void log.push(text),
  };
  const connection = await connect(await resolveHost(host, overrides), asker);
  open.push(connection);
  const { target, survey } = await openTarget(connection, () => undefined, asker);
  return { target, survey, uid: survey.facts.uid, asked, log };
}

/** The uid with which the commands of a target run. */
export async function idOf(target: Target): Promise<string> {
  const { stdout } = await runCommand(target, 'id -u', 'test', { seconds: 20, bytes: 100 });
  return stdout.toString().trim();
}

/** Where on the guest PASSWORD is seen: arguments, environments, files, logs; empty for nowhere. */
export async function tracesOfPassword(guest: Guest): Promise<string> {
  // Written so that neither the shell that looks nor sshd's log of it is found.
  const pattern = `${PASSWORD.slice(0, 4)}[${PASSWORD[4]}]${PASSWORD.slice(5)}`;
  const { stdout } = await guest.run(`
    grep -la '${pattern}' /proc/[0-9]*/cmdline /proc/[0-9]*/environ 2>/dev/null
    ps axeww | grep '${pattern}'
    grep -rla '${pattern}' /var/log /tmp /var/tmp /run /home /root 2>/dev/null
    journalctl 2>/dev/null | grep '${pattern}'
    true`);
  return stdout;
}
