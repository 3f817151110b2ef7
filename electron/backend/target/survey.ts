import type { Survey, SurveyItem, TargetFacts } from '../../../shared/contract/api.ts';
import { Fail } from '../../../shared/contract/failure.ts';
import { parseSshConnection } from '../../../shared/probe/own-traffic.ts';
import { runCommand } from '../ssh/command.ts';
import type { Target } from '../ssh/command.ts';
import { visible } from '../ssh/visible.ts';

/**
 * One round trip: every fact on a line `name=value`. Reads files and asks versions; changes nothing.
 * bpftrace is asked for its version only: `--info` goes to stderr on 0.17 and names its features
 * differently in each version. The clock of probes is CLOCK_BOOTTIME; /proc/uptime has it to 10 ms.
 */
export const SURVEY_SCRIPT = `
echo "hostname=$(uname -n)"
echo "release=$(uname -r)"
echo "machine=$(uname -m)"
echo "uid=$(id -u)"
echo "connection=$SSH_CONNECTION"
echo "btf=$(wc -c </sys/kernel/btf/vmlinux 2>/dev/null)"
echo "bpftrace=$(command -v bpftrace >/dev/null 2>&1 && bpftrace --version 2>&1 | head -n 1)"
for directory in /sys/kernel/tracing /sys/kernel/debug/tracing; do
  if [ -r "$directory/trace" ]; then echo "tracefs=$directory"; break; fi
done
echo "lockdown=$(cat /sys/kernel/security/lockdown 2>/dev/null)"
echo "uptime=$(cat /proc/uptime 2>/dev/null)"
echo "now=$(date +%s.%N)"
`;

/** What the target can do, from one command. `ownConnection` is `$SSH_CONNECTION`, read without sudo, which clears it. */
export async function surveyTarget(target: Target, ownConnection: string): Promise<Survey> {
  return readSurvey(await runFacts(target, SURVEY_SCRIPT), ownConnection);
}

/** What a script that prints facts as lines `name=value` wrote. */
export async function runFacts(target: Target, script: string): Promise<string> {
  const result = await runCommand(target, script, 'survey', { seconds: 30, bytes: 64 * 1024 });
  if (result.status !== 0)
    throw new Fail(
      'command-failed',
      { command: 'survey', host: target.connection.config.alias, status: result.status },
      result.stderr,
    );
  return result.stdout.toString('utf8');
}

/** Lines `name=value`; any other is passed over, and of two of a name the last holds. */
export function factLines(text: string): ReadonlyMap<string, string> {
  const lines = new Map<string, string>();
  for (const line of text.split('\n')) {
    const equals = line.indexOf('=');
    if (equals > 0) lines.set(line.slice(0, equals), line.slice(equals + 1).trim());
  }
  return lines;
}

/** The lines of SURVEY_SCRIPT, and perhaps more, as facts and items. */
export function readSurvey(text: string, ownConnection: string): Survey {
  const facts = readFacts(text, ownConnection);
  const refusal = factLines(text).get('rootless') ?? '';
  return { facts, items: judgeFacts(facts, visible(refusal.slice(0, 200))) };
}

/** The lines of SURVEY_SCRIPT as facts; a line that is missing or odd leaves its fact unknown. */
export function readFacts(text: string, ownConnection: string): TargetFacts {
  const lines = factLines(text);
  const value = (name: string): string => (lines.get(name) ?? '').slice(0, 200);
  const lockdown = /\[(none|integrity|confidentiality)\]/.exec(value('lockdown'));
  const uptime = nanoseconds(value('uptime').split(' ')[0] ?? '');
  const now = nanoseconds(value('now'));
  return {
    hostname: value('hostname'),
    release: value('release'),
    machine: value('machine'),
    btfBytes: /^\d{1,12}$/.test(value('btf')) ? Number(value('btf')) : null,
    bpftrace: readBpftraceVersion(value('bpftrace')),
    uid: /^\d{1,10}$/.test(value('uid')) ? Number(value('uid')) : -1,
    ...(value('rootless') === 'yes' ? { capable: true } : {}),
    tracefs: value('tracefs') || null,
    lockdown: lockdown ? (lockdown[1] as TargetFacts['lockdown']) : null,
    connection: parseSshConnection(ownConnection || value('connection')),
    clockOffset: (now === null || uptime === null ? 0n : now - uptime).toString(),
  };
}

/** What `bpftrace --version` says; one that cannot start says so in a line of its own, which may hold the version of a library. */
export function readBpftraceVersion(line: string): TargetFacts['bpftrace'] {
  const found = /^bpftrace v?((\d{1,4})\.(\d{1,4})(?:\.\d{1,4})?)/.exec(line);
  return found ? { version: found[1] ?? '', major: Number(found[2]), minor: Number(found[3]) } : null;
}

/** Seconds with a decimal fraction; null for anything else, also for the `%N` of a date that knows no nanoseconds. */
function nanoseconds(text: string): bigint | null {
  const match = /^(\d{1,12})(?:\.(\d{1,9}))?$/.exec(text);
  return match ? BigInt(match[1] ?? '0') * 1_000_000_000n + BigInt((match[2] ?? '').padEnd(9, '0')) : null;
}

/** Facts as items a person reads, each with what to do about it; `refusal` is what bpftrace says to a login that is not root. */
export function judgeFacts(facts: TargetFacts, refusal = ''): SurveyItem[] {
  const item = (
    id: SurveyItem['id'],
    state: SurveyItem['state'],
    value: string,
    remedy = '',
  ): SurveyItem => ({
    id,
    state,
    value,
    remedy,
  });
  const { bpftrace } = facts;
  const old = bpftrace !== null && bpftrace.major === 0 && bpftrace.minor < 17;
  return [
    item('kernel', 'ok', `${facts.release} (${facts.hostname})`),
    facts.machine === 'x86_64' || facts.machine === 'aarch64'
      ? item('architecture', 'ok', facts.machine)
      : item(
          'architecture',
          'warn',
          facts.machine,
          'Tried on x86_64 only; big-endian targets are not supported.',
        ),
    privilege(facts, refusal),
    facts.btfBytes !== null
      ? item('btf', 'ok', `/sys/kernel/btf/vmlinux, ${facts.btfBytes} bytes`)
      : item('btf', 'bad', 'none', 'The kernel needs CONFIG_DEBUG_INFO_BTF=y.'),
    bpftrace === null
      ? item('bpftrace', 'bad', 'none', 'Install it on the target: apt install bpftrace.')
      : item(
          'bpftrace',
          old ? 'warn' : 'ok',
          `${bpftrace.version}, BTF probes are called ${bpftrace.major > 0 || bpftrace.minor >= 20 ? 'fentry (alias kfunc)' : 'kfunc'}`,
          old ? 'Older than the oldest version that was tried (0.17).' : '',
        ),
    facts.tracefs !== null
      ? item('tracefs', 'ok', facts.tracefs)
      : item('tracefs', 'warn', 'not readable', 'Mount it: mount -t tracefs tracefs /sys/kernel/tracing.'),
    facts.lockdown === 'confidentiality'
      ? item(
          'lockdown',
          'bad',
          'confidentiality',
          'Tracing is refused: boot without lockdown=confidentiality.',
        )
      : facts.lockdown === 'integrity'
        ? item('lockdown', 'warn', 'integrity', 'Kprobes may be refused; BTF probes usually work.')
        : item('lockdown', 'ok', facts.lockdown ?? 'not built in'),
    facts.connection !== null
      ? item(
          'own-traffic',
          'ok',
          `${facts.connection.clientAddress}:${facts.connection.clientPort} - ${facts.connection.serverAddress}:${facts.connection.serverPort}`,
        )
      : item(
          'own-traffic',
          'warn',
          'unknown',
          'sshd gave no SSH_CONNECTION: our own packets cannot be left out of a probe; the rate limit still holds.',
        ),
  ];
}

/**
 * bpftrace 0.17 and 0.23 run as root only; 0.27 wants CAP_BPF, CAP_PERFMON, CAP_DAC_READ_SEARCH and
 * CAP_DAC_OVERRIDE, and for its timers a kernel whose perf events are open to CAP_PERFMON (Debian's are not by
 * default). What it says is quoted.
 */
function privilege({ uid, capable }: TargetFacts, refusal: string): SurveyItem {
  const id = 'privilege';
  if (uid === 0) return { id, state: 'ok', value: 'root', remedy: '' };
  if (capable === true)
    return { id, state: 'ok', value: `uid ${uid}, and bpftrace works without root`, remedy: '' };
  const value = refusal === '' ? `uid ${uid}` : `uid ${uid}; bpftrace says: ${refusal}`;
  const root = 'connect as root or as a user with sudo or doas';
  const remedy = /capabilit/i.test(refusal)
    ? `Give the login CAP_BPF, CAP_PERFMON, CAP_DAC_READ_SEARCH and CAP_DAC_OVERRIDE, or ${root}.`
    : /attach/i.test(refusal)
      ? `Set kernel.perf_event_paranoid to 2 or lower, or ${root}.`
      : refusal === ''
        ? `Tracing needs root: ${root}.`
        : `This bpftrace runs as root only: ${root}.`;
  return { id, state: 'bad', value, remedy };
}
