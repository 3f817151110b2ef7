import type { Survey } from '../../../shared/contract/api.ts';
import { Fail } from '../../../shared/contract/failure.ts';
import { runCommand } from '../ssh/command.ts';
import type { Target } from '../ssh/command.ts';
import type { Asker, Connection } from '../ssh/connection.ts';
import { makeElevation } from '../ssh/sudo.ts';
import { surveyTarget } from './survey.ts';

/** Who we are on the target, and whether sudo makes us root without a password. */
const WHO_SCRIPT = `
echo "uid=$(id -u)"
echo "connection=$SSH_CONNECTION"
if [ "$(id -u)" != 0 ] && command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; then echo "sudo=yes"; fi
`;

/** For a login that is not root and has no sudo without password: what else might make it able to trace. */
const PRIVILEGE_SCRIPT = `
sed -n 's/^CapEff:[[:space:]]*/caps=/p' /proc/self/status
if command -v doas >/dev/null 2>&1; then if doas -n true 2>/dev/null; then echo "doas=yes"; else echo "doas=password"; fi; fi
if command -v sudo >/dev/null 2>&1; then echo "sudo=password"; fi
`;

const LIMITS = { seconds: 20, bytes: 64 * 1024 };
/** linux/capability.h: bits of CapEff. */
const CAP_SYS_ADMIN = 1n << 21n;
const CAP_PERFMON = 1n << 38n;
const CAP_BPF = 1n << 39n;

/**
 * Finds out how to be root on a fresh connection, then surveys it. `$SSH_CONNECTION` is read before
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
  const lines = await facts(plain, WHO_SCRIPT, 'identity');
  const own = lines.get('connection') ?? '';
  if (lines.get('sudo') === 'yes' || lines.get('uid') === '0') {
    const target: Target = { ...plain, sudo: lines.get('sudo') === 'yes' };
    return { target, survey: await surveyTarget(target, own) };
  }
  const more = await facts(plain, PRIVILEGE_SCRIPT, 'privilege');
  const log = (text: string): void => asker.log?.(connection.config.alias, 'privilege', text);
  if (mayTrace(more.get('caps') ?? '')) {
    log('CAP_BPF and CAP_PERFMON are there: no sudo is needed');
    return { target: plain, survey: capable(await surveyTarget(plain, own)) };
  }
  for (const way of ways(more, plain, asker, before)) {
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
  return { target: plain, survey: await surveyTarget(plain, own) };
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

async function facts(target: Target, script: string, purpose: string): Promise<Map<string, string>> {
  const result = await runCommand(target, script, purpose, LIMITS);
  const lines = new Map<string, string>();
  for (const match of result.stdout.toString('utf8').matchAll(/^(\w+)=(.*)$/gm))
    lines.set(match[1] ?? '', match[2] ?? '');
  return lines;
}

/** Whether CapEff, in hexadecimal, is enough to load and attach tracing programs (capabilities(7)). */
export function mayTrace(capEff: string): boolean {
  if (!/^[0-9a-f]{1,16}$/.test(capEff)) return false;
  const caps = BigInt(`0x${capEff}`);
  return (caps & CAP_SYS_ADMIN) !== 0n || ((caps & CAP_BPF) !== 0n && (caps & CAP_PERFMON) !== 0n);
}

/** The survey of a login that traces by its capabilities. */
function capable(survey: Survey): Survey {
  return {
    facts: { ...survey.facts, capable: true },
    items: survey.items.map((item) =>
      item.id === 'privilege'
        ? { ...item, state: 'ok', value: `uid ${survey.facts.uid} with CAP_BPF and CAP_PERFMON`, remedy: '' }
        : item,
    ),
  };
}
