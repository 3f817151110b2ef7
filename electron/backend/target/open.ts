import type { Survey } from '../../../shared/contract/api.ts';
import { runCommand } from '../ssh/command.ts';
import type { Target } from '../ssh/command.ts';
import type { Connection } from '../ssh/connection.ts';
import { surveyTarget } from './survey.ts';

/** Who we are on the target, and whether sudo makes us root without a password. */
const WHO_SCRIPT = `
echo "uid=$(id -u)"
echo "connection=$SSH_CONNECTION"
if [ "$(id -u)" != 0 ] && command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; then echo "sudo=yes"; fi
`;

/** Finds out how to be root on a fresh connection, then surveys it. `$SSH_CONNECTION` is read before sudo clears it. */
export async function openTarget(
  connection: Connection,
  onCommand: Target['onCommand'],
): Promise<{ target: Target; survey: Survey }> {
  const plain: Target = { connection, sudo: false, onCommand };
  const result = await runCommand(plain, WHO_SCRIPT, 'identity', { seconds: 20, bytes: 64 * 1024 });
  const text = result.stdout.toString('utf8');
  const own = /^connection=(.*)$/m.exec(text)?.[1] ?? '';
  const target: Target = { ...plain, sudo: /^sudo=yes$/m.test(text) };
  return { target, survey: await surveyTarget(target, own) };
}
