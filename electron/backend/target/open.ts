import type { Survey } from '../../../shared/contract/api.ts';
import { Fail } from '../../../shared/contract/failure.ts';
import type { Target } from '../ssh/command.ts';
import type { Asker, Connection } from '../ssh/connection.ts';
import { makeElevation } from '../ssh/sudo.ts';
import { factLines, readSurvey, runFacts, surveyTarget, SURVEY_SCRIPT } from './survey.ts';

/**
 * Who we are on the target, what makes us root there, and the survey, in one round trip: for a login that is
 * root, or that has no way to be, nothing else is to be asked. A login that is not root, and has no sudo without
 * password, may still trace by its capabilities or by those of bpftrace's file: bpftrace itself is asked,
 * since versions differ in what they demand. The probe that it is given only ends again.
 */
const ARRIVAL_SCRIPT = `
echo "login=$(id -u)"
if [ "$(id -u)" != 0 ]; then
  if command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; then echo "sudo=yes"
  else
    if command -v sudo >/dev/null 2>&1; then echo "sudo=password"; fi
    if command -v doas >/dev/null 2>&1; then if doas -n true 2>/dev/null; then echo "doas=yes"; else echo "doas=password"; fi; fi
    if command -v bpftrace >/dev/null 2>&1; then
      if said=$(bpftrace -q -e 'interval:ms:1 { exit(); }' 2>&1); then echo "rootless=yes"
      else echo "rootless=$(printf '%s\\n' "$said" | sed -n '/ERROR/{p;q;}')"; fi
    fi
  fi
fi
${SURVEY_SCRIPT.trim()}
`;

/**
 * Surveys a fresh connection, as root where there is a way to be. `$SSH_CONNECTION` is read before
 * sudo clears it. `before` is the target of the same session on its former connection: a password
 * that was accepted there is used again. Throws `sudo-password-wrong`; where there is no way to be
 * root, or the user would not give the password, the target is surveyed as it is.
 */
export async function openTarget(
  connection: Connection,
  onCommand: Target['onCommand'],
  asker: Pick<Asker, 'secret' | 'log'> = {},
  before: Target | null = null,
): Promise<{ target: Target; survey: Survey }> {
  const plain: Target = { connection, sudo: false, onCommand };
  const text = await runFacts(plain, ARRIVAL_SCRIPT);
  const found = factLines(text);
  const own = found.get('connection') ?? '';
  if (found.get('sudo') === 'yes') {
    const target: Target = { ...plain, sudo: true };
    return { target, survey: await surveyTarget(target, own) };
  }
  const asIs = { target: plain, survey: readSurvey(text, own) };
  if (found.get('login') === '0') return asIs;
  const log = (text: string): void => asker.log?.(connection.config.alias, 'privilege', text);
  if (asIs.survey.facts.capable === true) {
    log('bpftrace works for this login as it is: no sudo is needed');
    return asIs;
  }
  for (const way of ways(found, plain, asker, before)) {
    const target: Target = { ...plain, sudo: way };
    try {
      const survey = await surveyTarget(target, own);
      log(`root through ${way.program}${way.pty ? ', which wants a terminal' : ''}`);
      return { target, survey };
    } catch (error) {
      if (!(error instanceof Fail)) throw error;
      const { code } = error.failure;
      if (code !== 'sudo-refused' && code !== 'cancelled') throw error;
      log(code === 'cancelled' ? `no password was given to ${way.program}` : error.message);
      if (code === 'cancelled' || !/\btty\b|terminal/i.test(error.failure.detail ?? '')) break;
    }
  }
  return asIs;
}

function ways(
  found: ReadonlyMap<string, string>,
  target: Target,
  asker: Pick<Asker, 'secret' | 'log'>,
  before: Target | null,
): readonly Exclude<Target['sudo'], boolean>[] {
  if (before !== null && typeof before.sudo !== 'boolean') return [before.sudo];
  const { alias: host, user } = target.connection.config;
  const hasDoas = found.has('doas');
  if (asker.secret === undefined && found.get('doas') !== 'yes') return [];
  if (found.has('sudo')) {
    const sudo = makeElevation('sudo', user, host, asker);
    return [sudo, sudo.withTerminal()];
  }
  return hasDoas ? [makeElevation('doas', user, host, asker)] : [];
}
