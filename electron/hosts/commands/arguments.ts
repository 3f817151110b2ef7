import { parseArgs } from 'node:util';
import { Fail } from '../../../shared/contract/failure.ts';
import { VERDICT_KINDS } from '../../../shared/packet/verdict-kinds.ts';
import type { VerdictKind } from '../../../shared/packet/verdict-kinds.ts';
import { parsePoint } from '../../../shared/probe/point.ts';
import { parse as parseWhere } from '../../../shared/filter/parse.ts';
import { failOf, FilterError } from '../../../shared/filter/problem.ts';
import { EDGES, ENGINES, EXPECTATIONS, FILTERS, MAX_FIELDS, probeSpec } from '../../../shared/probe/spec.ts';
import type { ProbeSpec } from '../../../shared/probe/spec.ts';
import type { SshOverrides } from '../../backend/ssh/config.ts';

export const USAGE = `skblens: what the kernel really saw in a packet, on a remote Linux host, over SSH

  skblens survey HOST                  what the target can do
  skblens functions HOST|--btf FILE [QUERY]    functions, their signatures, what can be attached
      QUERY: words of names and signatures, ->TYPE, arg:TYPE, module:NAME
      QUERY 'tracepoint:*', 'rawtracepoint:*', 'kprobe:*': what else can be probed, by pattern or words
      --path: the way of a packet, from the device up and down again
  skblens struct HOST|--btf FILE NAME          a struct's layout: offsets, bitfields, holes
      --btf is taken again for each module of that kernel: --btf vmlinux --btf veth
      --offline: what the host's kernel had when it was last asked; functions too
  skblens btf diff A B [--struct NAME]         from one kernel to another: A, B are BTF files or HOSTs
  skblens probe HOST FUNCTION          probe a function and judge each packet; FUNCTION may be a pattern,
                                       MODULE:F, kprobe:F, tracepoint:CATEGORY:NAME, rawtracepoint:NAME
      --also F                               more places in the same run, packets followed by their sk_buff
      --edge entry|return|both               --stack: the kernel stack of each event
      --field PATH                           a value beside the packet: skb->dev->mtu
      --filter none|bad-ip-header|misfit|EXPR    EXPR as 'icmp and ip.ttl < 5'
      --count N   --for 10s                  --expect ethernet|ipv4|ipv6|ip|auto   --expect-verdict KIND
      --engine auto|bpftrace|tracefs         --print-script   --dry-run   --pcapng FILE
      --yes                                  a pattern may take more than 100 places
      --per-second N                         events a second that the target may send (2000)
      --netns NAME|INODE                     whose counters are set beside the packets
      --device-facts                         programs behind the device of the first bad packet
  skblens inspect FILE                 judge each packet of a pcap or pcapng file; - is standard input
      --expect ethernet|ipv4|ipv6|ip|auto    --expect-verdict KIND
  skblens run PROFILE.json HOST...     a saved investigation, on several hosts at once
  skblens demo                         the reference investigation against a recorded kernel
  skblens serve [--port N]             the app on 127.0.0.1, for a browser

  HOST is what ssh takes: an alias of ~/.ssh/config, or user@host:port
  -F FILE   ssh config      -i FILE   key      -p PORT      -J HOST[,HOST...]   jump hosts
  -l USER   login           -o OPTION=VALUE    as in ssh_config
  -v        the connection log: what was offered to the server, and what it said
  --json    one JSON object a line on stdout, nothing else
  --accept-host-key FINGERPRINT        trust this unknown host key once (SHA256:..., as ssh prints it)

  Exit status: 0 it ran, 1 it failed, 2 wrong usage, 3 --expect-verdict KIND was never seen`;

export interface CommandLine {
  readonly command: string;
  readonly positionals: readonly string[];
  readonly json: boolean;
  readonly verbose: boolean;
  readonly help: boolean;
  readonly ssh: SshOverrides;
  readonly acceptHostKey: string | null;
  readonly expectVerdict: VerdictKind | null;
  readonly printScript: boolean;
  readonly pcapng: string | null;
  readonly netns: string | null;
  readonly deviceFacts: boolean;
  readonly port: number;
  readonly btf: readonly string[];
  readonly struct: string | null;
  readonly path: boolean;
  readonly offline: boolean;
  readonly spec: Pick<
    ProbeSpec,
    | 'also'
    | 'edge'
    | 'filter'
    | 'where'
    | 'fields'
    | 'stack'
    | 'expect'
    | 'engine'
    | 'count'
    | 'seconds'
    | 'perSecond'
    | 'dryRun'
    | 'many'
  >;
}

/** The command line as values; anything that is not understood is a `usage` failure that names it. */
export function parseCommandLine(argv: readonly string[]): CommandLine {
  const { values, positionals } = parse(argv);
  const [command = 'help', ...rest] = positionals;
  return {
    command,
    positionals: rest,
    json: values.json === true,
    verbose: values.verbose === true,
    help: values.help === true,
    ssh: {
      configFile: values.config ?? null,
      identityFiles: values.identity ?? [],
      port: values['ssh-port'] === undefined ? null : integer(values['ssh-port'], '-p', 1, 65_535),
      proxyJump: values.jump ?? null,
      user: values.login ?? null,
      options: values.option ?? [],
    },
    acceptHostKey: values['accept-host-key'] ?? null,
    expectVerdict:
      values['expect-verdict'] === undefined
        ? null
        : oneOf(VERDICT_KINDS, values['expect-verdict'], '--expect-verdict'),
    printScript: values['print-script'] === true,
    pcapng: values.pcapng ?? null,
    netns: values.netns ?? null,
    deviceFacts: values['device-facts'] === true,
    port: integer(values.port ?? '0', '--port', 0, 65_535),
    btf: values.btf ?? [],
    struct: values.struct ?? null,
    path: values.path === true,
    offline: values.offline === true,
    spec: {
      also: values.also ?? [],
      edge: oneOf(EDGES, values.edge ?? 'entry', '--edge'),
      ...parseFilter(values.filter ?? 'none'),
      fields: values.field ?? [],
      stack: values.stack === true,
      dryRun: values['dry-run'] === true,
      many: values.yes === true,
      expect: oneOf(EXPECTATIONS, values.expect ?? 'default', '--expect'),
      engine: oneOf(ENGINES, values.engine ?? 'auto', '--engine'),
      count: values.count === undefined ? null : integer(values.count, '--count', 1, 100_000_000),
      seconds: values.for === undefined ? null : parseDuration(values.for),
      perSecond: integer(values['per-second'] ?? '2000', '--per-second', 1, 1_000_000),
    },
  };
}

/** A whole spec for FUNCTION, checked. */
export function specFor(functionName: string, line: CommandLine): ProbeSpec {
  for (const name of [functionName, ...line.spec.also])
    if (parsePoint(name) === null) throw new Fail('function-name-invalid', { function: name });
  const spec = probeSpec.safeParse({ ...line.spec, function: functionName });
  if (spec.success) return spec.data;
  const [issue] = spec.error.issues;
  if (issue?.path[0] !== 'fields') throw usage(issue?.message ?? 'these options do not go together');
  const field = line.spec.fields[Number(issue.path[1])];
  if (field === undefined) throw usage(`--field is taken up to ${MAX_FIELDS} times`);
  throw new Fail('field-unknown', { field, message: 'it is no path of C' });
}

/** `10s`, `500ms`, `2m`, `1h`, or plain seconds; in seconds. */
export function parseDuration(text: string): number {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h)?$/.exec(text);
  const unit = { ms: 0.001, s: 1, m: 60, h: 3600 }[match?.[2] ?? 's'] ?? 1;
  const seconds = match ? Number(match[1]) * unit : Number.NaN;
  if (!(seconds >= 1 && seconds <= 86_400)) throw usage(`--for takes 1s to 24h, not "${text}"`);
  return seconds;
}

export function usage(message: string): Fail {
  return new Fail('usage', { message });
}

function parse(argv: readonly string[]): ReturnType<typeof parseArgs<typeof OPTIONS>> {
  try {
    return parseArgs({ ...OPTIONS, args: argv.map(asSearchWord) });
  } catch (error) {
    throw usage((error as Error).message);
  }
}

/** `->bool`, a word of a search, would be read as options. */
function asSearchWord(text: string): string {
  return text.startsWith('->') ? `ret:${text.slice(2)}` : text;
}

const OPTIONS = {
  allowPositionals: true,
  options: {
    json: { type: 'boolean' },
    verbose: { type: 'boolean', short: 'v' },
    netns: { type: 'string' },
    'device-facts': { type: 'boolean' },
    help: { type: 'boolean', short: 'h' },
    config: { type: 'string', short: 'F' },
    identity: { type: 'string', short: 'i', multiple: true },
    'ssh-port': { type: 'string', short: 'p' },
    jump: { type: 'string', short: 'J' },
    login: { type: 'string', short: 'l' },
    option: { type: 'string', short: 'o', multiple: true },
    'accept-host-key': { type: 'string' },
    filter: { type: 'string' },
    also: { type: 'string', multiple: true },
    edge: { type: 'string' },
    field: { type: 'string', multiple: true },
    stack: { type: 'boolean' },
    'dry-run': { type: 'boolean' },
    yes: { type: 'boolean' },
    expect: { type: 'string' },
    engine: { type: 'string' },
    count: { type: 'string' },
    for: { type: 'string' },
    'per-second': { type: 'string' },
    'expect-verdict': { type: 'string' },
    'print-script': { type: 'boolean' },
    pcapng: { type: 'string' },
    btf: { type: 'string', multiple: true },
    struct: { type: 'string' },
    path: { type: 'boolean' },
    offline: { type: 'boolean' },
    port: { type: 'string' },
  },
} as const;

/** A filter by its name, or an expression (build/guide/filters.md) whose names only the target's types can settle. */
function parseFilter(text: string): Pick<ProbeSpec, 'filter' | 'where'> {
  const found = FILTERS.find((filter) => filter === text);
  if (found !== undefined) return { filter: found, where: '' };
  const expression = ((): ReturnType<typeof parseWhere> => {
    try {
      return parseWhere(text);
    } catch (thrown) {
      throw thrown instanceof FilterError ? failOf(text, thrown.problem) : thrown;
    }
  })();
  if (expression.kind === 'name' && !/[.>]/.test(text))
    throw new Fail('filter-invalid', {
      filter: text,
      message: 'no filter has this name',
      known: FILTERS.join(', '),
    });
  return { filter: 'none', where: text };
}

function oneOf<T extends string>(known: readonly T[], text: string, option: string): T {
  const found = known.find((one) => one === text);
  if (found === undefined) throw usage(`${option} takes one of ${known.join(', ')}, not "${text}"`);
  return found;
}

function integer(text: string, option: string, min: number, max: number): number {
  const number = Number(text);
  if (!/^\d+$/.test(text) || number < min || number > max)
    throw usage(`${option} takes a whole number from ${min} to ${max}, not "${text}"`);
  return number;
}
