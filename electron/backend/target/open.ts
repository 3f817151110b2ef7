import type { Survey } from '../../../shared/contract/api.ts';
import { Fail } from '../../../shared/contract/failure.ts';
import type { Target } from '../ssh/command.ts';
import { connectLog } from '../ssh/asker.ts';
import type { Asker } from '../ssh/asker.ts';
import type { Connection } from '../ssh/connection.ts';
import { makeElevation } from '../ssh/sudo.ts';
import type { Elevation } from '../ssh/sudo.ts';
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
    if command -v doas >/dev/null 2>&1; then
      if doas -n true 2>/dev/null; then echo "doas=yes"; else echo "doas=$(doas -C /etc/doas.conf /bin/sh 2>/dev/null || echo unknown)"; fi
    fi
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
  asker: Pick<Asker, 'secret' | 'secrets' | 'log'> = {},
  before: Target | null = null,
): Promise<{ target: Target; survey: Survey }> {
  const plain: Target = { connection, sudo: false, onCommand };
  const text = await runFacts(plain, ARRIVAL_SCRIPT);
  const found = factLines(text);
  const own = found.get('connection') ?? '';
  if (found.get('sudo') === 'yes') {
    const target: Target = { ...plain, sudo: true };
    return opened(target, await surveyTarget(target, own));
  }
  const asIs = opened(plain, readSurvey(text, own));
  if (found.get('login') === '0') return asIs;
  const log = connectLog(asker, connection.config.alias)('privilege');
  if (asIs.survey.facts.capable === true) {
    log('works-without-root');
    return asIs;
  }
  let wantsTerminal = false;
  for (const way of ways(found, plain, asker, before)) {
    if (way.pty && way.program === 'sudo' && way !== before?.sudo && !wantsTerminal) continue;
    const target: Target = { ...plain, sudo: way };
    try {
      const survey = await surveyTarget(target, own).catch((error: unknown) => {
        const keptWasWrong = error instanceof Fail && error.failure.code === 'sudo-password-wrong';
        if (!keptWasWrong || !way.mayAsk() || before !== null) throw error;
        return surveyTarget(target, own);
      });
      await way.worked();
      log(way.pty ? 'root-through-terminal' : 'root-through', { program: way.program });
      return opened(target, survey);
    } catch (error) {
      if (!(error instanceof Fail)) throw error;
      const { code } = error.failure;
      if (code !== 'sudo-refused' && code !== 'cancelled') throw error;
      if (code === 'cancelled') log('no-password', { program: way.program });
      else log('no-root', { message: error.message }, error.failure);
      if (code === 'cancelled') break;
      wantsTerminal = /\btty\b|terminal/i.test(error.failure.detail ?? '');
    }
  }
  return asIs;
}

function opened(target: Target, survey: Survey): { target: Target; survey: Survey } {
  return { target: { ...target, lockdown: survey.facts.lockdown }, survey };
}

/** Ways to be root, in the order in which they are tried: doas first where its rules, which it tells, name this login. */
function ways(
  found: ReadonlyMap<string, string>,
  target: Target,
  asker: Pick<Asker, 'secret' | 'secrets' | 'log'>,
  before: Target | null,
): readonly Elevation[] {
  if (before !== null && typeof before.sudo !== 'boolean') return [before.sudo];
  const { config } = target.connection;
  const rules = found.get('doas') ?? 'deny';
  const sudo = found.has('sudo') ? makeElevation('sudo', config, asker) : null;
  const bySudo = sudo === null || asker.secret === undefined ? [] : [sudo, sudo.withTerminal()];
  if (rules === 'deny' || (asker.secret === undefined && !/^(?:yes|permit nopass)$/.test(rules)))
    return bySudo;
  const byDoas = [makeElevation('doas', config, asker)];
  return rules === 'unknown' ? [...bySudo, ...byDoas] : [...byDoas, ...bySudo];
}
