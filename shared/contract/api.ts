import { z } from 'zod';
import { profile } from '../profile/schema.ts';
import type { Profile } from '../profile/schema.ts';
import type { FunctionDifference } from '../btf/diff.ts';
import type { FilterPart } from '../filter/compile.ts';
import type { EngineWhy } from '../probe/engine-why.ts';
import type { ProbeProgram, ProgramPoint } from '../probe/program.ts';
import { LISTED_KINDS } from '../probe/point.ts';
import type { TracepointField } from '../probe/resolved-point.ts';
import { probeSpec } from '../probe/spec.ts';
import { pivots } from '../btf/function-groups.ts';
import type { FunctionGroup } from '../btf/function-groups.ts';
import type { Failure } from './failure.ts';
import type { FellowFunctions, FunctionDetails, FunctionMatches, FunctionTable } from './kernel-functions.ts';
import type {
  AtOffset,
  FirstOf,
  KernelDifference,
  NamedType,
  StructBody,
  StructChange,
  StructComparison,
  StructUsers,
} from './structs.ts';
import type { DeviceFacts, NetworkNamespace, ProbeCost, RunLoad } from './target-state.ts';
import type {
  CleanupReceipt,
  ConnectLine,
  LinkState,
  SecretAnswer,
  SecretQuestion,
  SshConnection,
} from './ssh-session.ts';

/** A host the first screen offers. */
export interface HostEntry {
  /** What `connect` takes, and `ssh` would. */
  readonly host: string;
  /** `user@address:port` as the config resolves it, for the second line. */
  readonly resolved: string;
  /** The config file that names it. */
  readonly source: string;
}

export interface AppInfo {
  readonly version: string;
  readonly shell: 'electron' | 'browser';
  /** The recording behind the demo target, or why there is none. */
  readonly demo: RecordingInfo | null;
  /** Passwords and passphrases in the keychain of this machine; absent where none can be. */
  readonly keptSecrets?: number;
}

/** Where and when a demo recording was made: shown wherever its data is. */
export interface RecordingInfo {
  readonly kernel: string;
  readonly bpftrace: string;
  /** ISO 8601 date. */
  readonly recorded: string;
}

export interface SessionInfo {
  readonly session: string;
  readonly host: string;
  readonly user: string;
  readonly address: string;
  readonly port: number;
  /** SHA256 fingerprint of the host key, as ssh prints it. */
  readonly hostKey: string;
  /** Set when this is the demo target: a replay, never a live kernel. */
  readonly replay: RecordingInfo | null;
  /** Set when this is a BTF file without a host: types can be looked at, and nothing else. */
  readonly btf?: { readonly file: string; readonly bytes: number };
}

export type SurveyState = 'ok' | 'warn' | 'bad';

/** One thing a target can or cannot do; `remedy` is empty when there is nothing to mend. */
export interface SurveyItem {
  readonly id:
    'kernel' | 'btf' | 'bpftrace' | 'privilege' | 'tracefs' | 'lockdown' | 'architecture' | 'own-traffic';
  readonly state: SurveyState;
  readonly value: string;
  readonly remedy: string;
}

export interface Survey {
  readonly items: readonly SurveyItem[];
  readonly facts: TargetFacts;
}

/** What the rest of skblens decides by. */
export interface TargetFacts {
  readonly hostname: string;
  /** `uname -r`. */
  readonly release: string;
  /** `uname -m`. */
  readonly machine: string;
  /** Bytes of /sys/kernel/btf/vmlinux, null if there is none. */
  readonly btfBytes: number | null;
  readonly bpftrace: { readonly version: string; readonly major: number; readonly minor: number } | null;
  readonly uid: number;
  /** True: not root, but with the capabilities that tracing takes. */
  readonly capable?: boolean;
  readonly tracefs: string | null;
  readonly lockdown: 'none' | 'integrity' | 'confidentiality' | null;
  /** `$SSH_CONNECTION` of this very connection: client address and port, server address and port. */
  readonly connection: SshConnection | null;
  /** Target's realtime clock minus the clock of its probes (CLOCK_BOOTTIME), in nanoseconds, as decimal text. */
  readonly clockOffset: string;
}

/** A function of the target's BTF. */
export interface FunctionEntry {
  readonly name: string;
  readonly module: string;
  /** C prototype: `int ip_rcv_core(struct sk_buff *skb, struct net *net)`. */
  readonly signature: string;
  /** Whether the target's bpftrace can put a BTF trampoline on it; `unknown` where the target would not tell. */
  readonly attachable: 'yes' | 'entry-only' | 'no' | 'ambiguous' | 'unknown';
  /** The reason code behind anything but a plain yes (shared/btf/attach), else ''. */
  readonly reason: string;
  /** No trampoline can be put on it, but a kprobe can. */
  readonly useKprobe?: boolean;
}

/** A struct or union of the target, unnamed members resolved to absolute offsets. */
export interface StructLayout extends StructBody {
  /** As C, with offsets, holes and cachelines as comments. */
  readonly text: string;
  /** All that have a name, in order, those of unnamed structs and unions included. */
  readonly members: readonly StructMember[];
}

export interface StructMember {
  /** How C reaches it from the struct: `headers.dev_scratch`. */
  readonly path: string;
  readonly byteOffset: number;
  readonly bitOffset: number;
  /** Width in bits; 0 for a flexible array. */
  readonly bits: number;
  readonly type: string;
  readonly bitfield: boolean;
}

/** Everything that will run on the target for a probe, to be read before it does. */
export interface PreparedProbe {
  readonly engine: ProbeProgram['engine'];
  /** Where it will be attached, patterns resolved. */
  readonly points: readonly ProgramPoint[];
  /** Names of the values that each record carries beside the packet. */
  readonly fields: readonly string[];
  /** Why this engine; engineWhyText() says it in the reader's language. */
  readonly why: EngineWhy;
  /** Which part of `where` is decided in the kernel, and which here. */
  readonly where: readonly FilterPart[];
  /** An edited script that does not leave out this connection's own packets: each event is more of them. */
  readonly feedsItself: boolean;
  readonly script: string;
  /** The command that reads the script from its standard input. */
  readonly command: string;
  readonly signature: string;
  /** Which header is expected, where: "IPv4 header at skb->data". */
  readonly expects: string;
}

/** Points that are no functions by trampoline: the first of `total`, `name` as a probe takes it, `module` a category. */
export interface ProbePoints {
  readonly points: readonly FunctionEntry[];
  readonly total: number;
}

/** A run that has begun; `points` and `fields` say what the numbers in its records mean. */
export interface StartedProbe {
  readonly run: number;
  readonly engine: ProbeProgram['engine'];
  readonly points: readonly ProgramPoint[];
  readonly fields: readonly string[];
  /** Drop reasons by number, as this kernel numbers them; empty where no point tells one. */
  readonly reasons: Readonly<Record<number, string>>;
  /** As in PreparedProbe. */
  readonly feedsItself: boolean;
}

export type RunState =
  | { readonly kind: 'starting' }
  | { readonly kind: 'attached'; readonly seconds: number }
  | { readonly kind: 'stopping' }
  | { readonly kind: 'stopped'; readonly reason: StopReason; readonly totals: RunTotals }
  | { readonly kind: 'failed'; readonly failure: Failure; readonly totals: RunTotals };

export type StopReason = 'user' | 'count' | 'time' | 'target' | 'load' | 'loss' | 'dry-run';

/** Counted on the target where it can be; `lost` is what the target captured and we never received. */
export interface RunTotals {
  /** Packets that reached the function and are not our own SSH traffic. */
  readonly seen: number;
  /** Of those, let through by the filter. */
  readonly matched: number;
  /** Records received here. */
  readonly received: number;
  /** Matched but held back by the rate limit. */
  readonly limited: number;
  /** Sent by the kernel side and never received. */
  readonly lost: number;
  /** Packets of this SSH connection that were left out. */
  readonly own: number;
}

/** A packet as the Wireshark of this machine dissects it. */
export interface WiresharkReading {
  /** tshark -V without its lines about the frame; indented by depth. */
  readonly text: string;
  /** `raw`, `ip`, `data`: from the outside in. */
  readonly protocols: readonly string[];
}

/** One reading of a counter file of the target. */
export interface CountersReading {
  /** Milliseconds since the watch began. */
  readonly at: number;
  /** `Ip.InHdrErrors` -> value, cumulative. */
  readonly values: Readonly<Record<string, number>>;
  /** Seconds since the target's boot as it was read: the clock of records (CLOCK_BOOTTIME), to 10 ms. */
  readonly uptime?: number;
  /** Inode of the network namespace that was read. */
  readonly netns?: number;
}

/** What the user is asked in the middle of a call. */
export interface HostKeyQuestion {
  /** The session, or attempt at one, that asks; several may at once. */
  readonly session?: string;
  readonly host: string;
  readonly type: string;
  readonly fingerprint: string;
  /** The file that "trust and save" appends to. */
  readonly file: string;
}
export type HostKeyAnswer = 'once' | 'save' | 'cancel';

const session = z.string().max(64);
/** Types are named by their module and their id there (contract/structs.ts). */
const place = { session, module: z.string().min(1).max(80), type: z.number().int().min(1).max(0x7fffffff) };
const twoSessions = { before: session.min(1), after: session.min(1) };
const run = z.number().int().nonnegative();
/** Also of devices: both count from 1 and fit 32 bits. */
const inode = z.number().int().min(1).max(0xffffffff);
const hostText = z.string().min(1).max(255);

/** Characters of a packed BTF file: one message of the loopback host holds 4 MiB. */
export const MAX_PACKED_BTF = 4_000_000;

interface Call<In extends z.ZodType, Out> {
  readonly input: In;
  readonly output?: Out;
}

function call<Out>() {
  return <In extends z.ZodType>(input: In): Call<In, Out> => ({ input });
}

/** Every call that a page may make, with the shape its input must have and the type of its answer. */
export const apiCalls = {
  appInfo: call<AppInfo>()(z.strictObject({})),
  /** Forgets every password and passphrase that was kept in the keychain of this machine. */
  forgetSecrets: call<null>()(z.strictObject({})),
  hosts: call<readonly HostEntry[]>()(z.strictObject({})),
  connect: call<SessionInfo>()(z.strictObject({ host: hostText })),
  connectDemo: call<SessionInfo>()(z.strictObject({})),
  /** Ends an attempt to connect, named by the session that its `progress` and `connectLog` tell. */
  cancelConnect: call<null>()(z.strictObject({ session })),
  /** Tries a lost session at once, with a person at hand to be asked. */
  reconnect: call<null>()(z.strictObject({ session })),
  disconnect: call<null>()(z.strictObject({ session })),
  survey: call<Survey>()(z.strictObject({ session })),
  /** Functions that fit `query` (shared/btf/query.ts), best first; without one all of them, in order of name. */
  functions: call<readonly FunctionEntry[]>()(
    z.strictObject({ session, query: z.string().max(256).default('') }),
  ),
  /** The same functions and those known by name alone, column by column, for a page that shows all of them. */
  functionTable: call<FunctionTable>()(z.strictObject({ session })),
  /** The table's functions divided for a tree. */
  functionGroups: call<readonly FunctionGroup[]>()(z.strictObject({ session, pivot: z.enum(pivots) })),
  /** As `functions`, by their numbers in the table. */
  matchFunctions: call<FunctionMatches>()(
    z.strictObject({
      session,
      query: z.string().min(1).max(256),
      limit: z.number().int().min(1).max(100_000).default(2000),
    }),
  ),
  /** C prototypes of entries of the table; '' where BTF does not describe one. */
  signatures: call<readonly string[]>()(
    z.strictObject({ session, entries: z.array(z.number().int().nonnegative()).min(1).max(500) }),
  ),
  /** One function by `name` or `module:name`. */
  functionDetails: call<FunctionDetails>()(z.strictObject({ session, name: z.string().min(1).max(200) })),
  /** Tracepoints, raw ones, functions that only a kprobe reaches: at most 500 that fit words, or a pattern with `*`. */
  probePoints: call<ProbePoints>()(
    z.strictObject({ session, kind: z.enum(LISTED_KINDS), query: z.string().max(256).default('') }),
  ),
  /** Fields of a tracepoint, named `CATEGORY:NAME`. */
  tracepointFields: call<readonly TracepointField[]>()(
    z.strictObject({ session, name: z.string().min(3).max(200) }),
  ),
  /** Who else takes and returns the structs that this function takes. */
  fellowFunctions: call<readonly FellowFunctions[]>()(
    z.strictObject({ session, name: z.string().min(1).max(200) }),
  ),
  /** Every struct and union of that name: a kernel may hold several. */
  structs: call<readonly StructLayout[]>()(z.strictObject({ session, name: z.string().min(1).max(200) })),
  /** Every enum and typedef of that name, `enum skb_drop_reason` or `gfp_t`. */
  namedTypes: call<readonly NamedType[]>()(z.strictObject({ session, name: z.string().min(1).max(200) })),
  /** Names of structs and unions that fit what is typed, best first. */
  structNames: call<FirstOf<string>>()(
    z.strictObject({
      session,
      query: z.string().min(1).max(200),
      limit: z.number().int().min(1).max(500),
    }),
  ),
  /** One struct with its members: what a member of another leads to. */
  structMembers: call<StructBody>()(z.strictObject(place)),
  /** What lies at a byte of a struct. */
  structAt: call<AtOffset>()(z.strictObject({ ...place, offset: z.number().int().min(0).max(0xffffffff) })),
  structUsers: call<StructUsers>()(z.strictObject(place)),
  compareStructs: call<StructComparison>()(
    z.strictObject({ before: z.strictObject(place), after: z.strictObject(place) }),
  ),
  /** What changed between the functions of two sessions' kernels, and between the structs of the kernels proper. */
  diffFunctions: call<KernelDifference<FunctionDifference>>()(z.strictObject(twoSessions)),
  diffStructs: call<KernelDifference<StructChange>>()(z.strictObject(twoSessions)),
  /** A raw BTF file as a session without a host: its bytes gzipped, in base64. A module's goes on top of the files of `base`. */
  openBtf: call<SessionInfo>()(
    z.strictObject({
      base: session.optional(),
      file: z.string().min(1).max(255),
      packed: z.string().startsWith('H4sI').max(MAX_PACKED_BTF),
    }),
  ),
  /** Reads the counters of a network namespace once a second; null: of the one that our commands run in. */
  watchCounters: call<null>()(
    z.strictObject({ session, on: z.boolean(), netns: inode.nullable().optional() }),
  ),
  networkNamespaces: call<readonly NetworkNamespace[]>()(z.strictObject({ session })),
  /** What stands behind a device of a record. */
  deviceFacts: call<DeviceFacts>()(z.strictObject({ session, ifindex: inode, netns: inode })),
  /** How often the points of a probe are hit just now, where that is cheap to tell, and what is known of them. */
  probeCost: call<ProbeCost>()(z.strictObject({ session, spec: probeSpec })),
  prepareProbe: call<PreparedProbe>()(z.strictObject({ session, spec: probeSpec })),
  startProbe: call<StartedProbe>()(z.strictObject({ session, spec: probeSpec })),
  stopProbe: call<null>()(z.strictObject({ run })),
  /** Bytes of record batches that the page has taken in: what keeps the target's stream flowing. */
  credit: call<null>()(z.strictObject({ run, bytes: z.number().int().nonnegative() })),
  /** `bytes` in hex, from where the capture would begin; `linktype` is what its file would say of them. */
  wireshark: call<WiresharkReading>()(
    z.strictObject({
      linktype: z.number().int().min(0).max(65_535),
      bytes: z
        .string()
        .max(2 * 65_536)
        .regex(/^(?:[0-9a-f]{2})+$/),
    }),
  ),
  profiles: call<readonly Profile[]>()(z.strictObject({})),
  saveProfile: call<null>()(z.strictObject({ profile })),
  deleteProfile: call<null>()(z.strictObject({ name: z.string().max(80) })),
} as const;

export type CallName = keyof typeof apiCalls;
type CallInput<K extends CallName> = z.input<(typeof apiCalls)[K]['input']>;
type CallOutput<K extends CallName> = (typeof apiCalls)[K] extends Call<z.ZodType, infer Out> ? Out : never;

/** The backend as its callers see it; every rejection is a `Fail`. */
export type Backend = { [K in CallName]: (input: CallInput<K>) => Promise<CallOutput<K>> };
/** The backend as its author writes it: inputs have been checked and defaults filled in. */
export type BackendHandlers = {
  [K in CallName]: (input: z.output<(typeof apiCalls)[K]['input']>) => Promise<CallOutput<K>>;
};

/** Everything the backend tells without being asked. Record batches travel apart, as bytes. */
export interface PageEvents {
  sessionLost(payload: { session: string; failure: Failure }): void;
  /** What is done about a lost connection. */
  sessionLink(payload: { session: string; state: LinkState }): void;
  connectLog(payload: { session: string; line: ConnectLine }): void;
  /** Comes once after each run, when the target was looked at. */
  runReceipt(payload: { run: number; session: string; receipt: CleanupReceipt }): void;
  /** A command that skblens runs on the target, as it is run there. */
  commandRan(payload: { session: string; command: string; purpose: string }): void;
  counters(payload: { session: string; reading: CountersReading }): void;
  countersFailed(payload: { session: string; failure: Failure }): void;
  runState(payload: { run: number; session: string; state: RunState; totals: RunTotals }): void;
  /** How the target bears a run, every few seconds. */
  runLoad(payload: { run: number; session: string; load: RunLoad }): void;
  /** What an edited script prints, where it prints no records. */
  runOutput(payload: { run: number; session: string; lines: readonly string[] }): void;
  /** Texts that records of a run name by number (stacks, symbols): `texts[i]` has the number `first + i`. */
  runLabels(payload: { run: number; session: string; first: number; texts: readonly string[] }): void;
  /** Long work: `done` of `total`, null when the total is unknown. */
  progress(payload: {
    session: string;
    what: 'functions' | 'survey' | 'connect';
    done: number;
    total: number | null;
  }): void;
}

/** Questions that the backend puts to the user, through the page. */
export interface PageQuestions {
  hostKey(question: HostKeyQuestion): Promise<HostKeyAnswer>;
  secret(question: SecretQuestion): Promise<SecretAnswer>;
}

/** The page as the backend sees it. */
export interface Page {
  event<K extends keyof PageEvents>(name: K, payload: Parameters<PageEvents[K]>[0]): void;
  batch(bytes: Uint8Array): void;
  ask<K extends keyof PageQuestions>(
    name: K,
    question: Parameters<PageQuestions[K]>[0],
  ): Promise<Awaited<ReturnType<PageQuestions[K]>>>;
}
