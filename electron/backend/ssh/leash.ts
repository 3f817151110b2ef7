import { randomBytes } from 'node:crypto';
import { Fail } from '../../../shared/contract/failure.ts';
import type { Channel, ChannelExit, Connection } from './connection.ts';
import { elevated, elevationFailure, PromptAnswerer } from './sudo.ts';
import type { Elevation } from './sudo.ts';

/** How soon the target ends a command by itself after the last sign of life, and what follows SIGINT. */
export interface LeashTimes {
  /** Seconds without a heartbeat after which the target acts. */
  readonly limitSeconds: number;
  /** Seconds between SIGINT and SIGKILL. */
  readonly graceSeconds: number;
  /** Seconds between our heartbeats. */
  readonly heartbeatSeconds: number;
}

export const DEFAULT_TIMES: LeashTimes = { limitSeconds: 15, graceSeconds: 3, heartbeatSeconds: 4 };

/** What runs: `command` is a constant of ours that reads `input` from its standard input. */
export interface LeashedCommand {
  /** Shell words without any user string; user strings travel in `input` only. */
  readonly command: string;
  readonly input: string;
  /** What ends it gently. A shell cannot trap INT here: what a shell starts in the background ignores it from the start. */
  readonly signal?: 'INT' | 'TERM';
  /** Shell text of ours that the guard runs once the child, process `$child`, is gone in whatever way. */
  readonly after?: string;
  /** Run as root: true through `sudo -n` (a user with sudo without password), else as the elevation says. */
  readonly sudo: boolean | Elevation;
}

export interface Leash {
  onStdout(listener: (chunk: Buffer) => void): void;
  pause(): void;
  resume(): void;
  /** SIGINT: bpftrace detaches, runs its END and prints what is left; SIGKILL follows after so many seconds. */
  interrupt(killAfterSeconds: number): void;
  /** The last 16 KB of what the command wrote to stderr. */
  stderr(): string;
  /** In the environment of every process of this command, and in the arguments of its guard. */
  readonly mark: string;
  readonly exit: Promise<ChannelExit>;
}

/** A program of 100 points is some 600 KB. */
const MAX_INPUT_BYTES = 1 << 20;
const MAX_STDERR_BYTES = 16 * 1024;
const START_SECONDS = 30;
/** Where a person may be asked for a password first. */
const ASKED_SECONDS = 300;
/** What a login shell may print before it runs our line. */
const MAX_GREETING_BYTES = 1 << 20;

/**
 * Starts a command that cannot outlive this connection. A POSIX sh guard on the target starts it
 * as its child and watches our side of the channel from two processes: one reads our control lines
 * (`h` heartbeat, `i` interrupt, `k` kill; end of input means we are gone), the other counts the
 * seconds since the last heartbeat, for links that go silent without closing. Either sends SIGINT
 * and, after the grace, SIGKILL.
 *
 * The login shell sees one fixed line only; the guard and the input follow over stdin, each with
 * its length, and the input ends with a nonce so that a truncated one is never started.
 * Throws `leash-failed`, `channel-refused`, `connection-lost`; nothing runs then.
 */
export async function startLeashed(
  connection: Connection,
  wanted: LeashedCommand,
  times: LeashTimes = DEFAULT_TIMES,
): Promise<Leash> {
  const input = Buffer.from(wanted.input);
  const host = connection.config.alias;
  if (input.length > MAX_INPUT_BYTES)
    throw new Fail('leash-failed', {
      host,
      message: `${input.length} bytes of input, the limit is ${MAX_INPUT_BYTES}`,
    });
  const nonce = `skblens${randomBytes(9).toString('hex')}`;
  const guard = guardScript(wanted, nonce, times);
  const boot = `echo ${nonce} boot; eval "$(dd bs=1 count=${guard.length} 2>/dev/null)"`;
  const { sudo } = wanted;
  const elevation = typeof sudo === 'boolean' ? null : sudo;
  const pty = elevation?.pty === true;
  const channel = await connection.exec(elevated(sudo, nonce, boot), { pty });

  const errors = new Tail(MAX_STDERR_BYTES);
  const answerer = elevation === null ? null : new PromptAnswerer(channel, elevation, nonce);
  channel.onStderr((chunk) => {
    errors.push(chunk);
    answerer?.push(chunk);
  });
  const output = new Gate(channel, (chunk) => {
    if (!pty) return;
    errors.push(chunk);
    answerer?.push(chunk);
  });
  const expect = async (word: string): Promise<void> => {
    const seconds = answerer !== null && word === 'boot' ? ASKED_SECONDS : START_SECONDS;
    const came = await output.line(`${nonce} ${word}`, seconds);
    if (word === 'boot') answerer?.stop();
    if (came === 'found') return;
    if (came !== 'ended') channel.close();
    const said = errors.text().replaceAll(nonce, '').trim();
    const refusal = word === 'boot' ? elevationFailure(sudo, answerer, host, said) : null;
    if (refusal !== null) throw refusal;
    const end = came === 'ended' ? await channel.exit : null;
    if (end?.code === null && end.signal === null)
      throw new Fail('connection-lost', { host, message: 'while a command was being started' });
    const message =
      end !== null
        ? `it ended with ${end.signal ?? `exit status ${end.code}`} before its "${word}"`
        : came === 'late'
          ? `no "${word}" within ${seconds} s`
          : `more than ${MAX_GREETING_BYTES} bytes came and no "${word}" among them`;
    throw new Fail('leash-failed', { host, message }, said || null);
  };
  await expect('boot');
  // In one go: each part is read by its length, so that nothing waits for a round trip.
  channel.write(guard);
  channel.write(`${input.length + nonce.length}\n`);
  channel.write(Buffer.concat([input, Buffer.from(nonce)]));
  await expect('ready');

  const heart = setInterval(() => channel.write('h\n'), times.heartbeatSeconds * 1000);
  void channel.exit.then(() => clearInterval(heart));
  return {
    onStdout: (listener) => output.open(listener),
    pause: () => channel.pause(),
    resume: () => channel.resume(),
    interrupt: (killAfterSeconds) => {
      channel.write('i\n');
      channel.resume();
      setTimeout(() => channel.write('k\n'), killAfterSeconds * 1000).unref();
    },
    stderr: () => errors.text(),
    mark: nonce,
    exit: channel.exit,
  };
}

/**
 * The guard. Three processes beside the child: this shell, which waits for the child and passes its
 * status on; the timer; the reader of control lines. Where there is setsid (util-linux, busybox), the
 * child leads a process group of its own, and what it has started itself ends with it; the subshell of
 * a background command leads none, so that setsid keeps its number. It must hold in dash, bash and busybox ash, so:
 * the timer is a process of its own (bash lets a trap interrupt `wait` and then reuses the status);
 * this shell closes its copies of the outputs before it waits (dash would die of SIGPIPE when the
 * channel is gone, and leave the timer behind); and `wait` is repeated until the child is gone.
 * mksh has no printf of its own, and a program's argument holds 128 KiB at most (MAX_ARG_STRLEN): it prints.
 * Exit status: the child's; 90 no length came, 91 the input was cut short.
 */
function guardScript(
  { command, signal = 'INT', after = '' }: LeashedCommand,
  nonce: string,
  times: LeashTimes,
): string {
  return `exec 3<&0 </dev/null
export SKBLENS_RUN=${nonce}
echo ${nonce} ready
IFS= read -r size <&3 || exit 90
input=$(dd bs=1 count="$size" <&3 2>/dev/null)
case $input in *${nonce}) input=\${input%${nonce}} ;; *) exit 91 ;; esac
case $(command -v print) in print) printf() { print -rn -- "$2"; } ;; esac
if ! command -v setsid >/dev/null 2>&1; then
printf %s "$input" | ${command} 3<&- &
else
printf %s "$input" | setsid ${command} 3<&- &
fi
child=$!
end() { kill -$1 -$child 2>/dev/null || kill -$1 $child; }
stop() { end ${signal}; sleep ${times.graceSeconds}; end KILL; }
trap 'end ${signal}' HUP INT TERM
trap '' USR1
(
  trap '' HUP TERM
  trap 'silent=0' USR1
  silent=0
  while [ $silent -lt ${times.limitSeconds} ] && kill -0 $$; do sleep 1; silent=$((silent + 1)); done
  stop
) >/dev/null 2>&1 3<&- &
timer=$!
(
  trap '' HUP TERM
  while read -r line; do
    case $line in h) kill -USR1 $timer ;; i) end ${signal} ;; k) end KILL ;; esac
  done
  stop
) <&3 >/dev/null 2>&1 &
reader=$!
exec 3<&- >/dev/null 2>&1
while :; do
  wait $child
  status=$?
  kill -0 $child 2>/dev/null || break
done
kill -KILL $timer $reader
kill -KILL -$child
${after}exit $status
`;
}

/** Stdout before and after the guard's marks: looks for whole lines first, then hands all that follows to a listener. */
class Gate {
  #buffer = Buffer.alloc(0);
  #listener: ((chunk: Buffer) => void) | null = null;
  #wake: (() => void) | null = null;
  #ended = false;

  /** `early` sees what comes before the listener is set. */
  constructor(channel: Channel, early: (chunk: Buffer) => void) {
    channel.onStdout((chunk) => {
      if (this.#listener) return this.#listener(chunk);
      early(chunk);
      this.#buffer = Buffer.concat([this.#buffer, chunk]);
      this.#wake?.();
    });
    void channel.exit.then(() => {
      this.#ended = true;
      this.#wake?.();
    });
  }

  /** `found` once `wanted` has come as a line; what a login shell printed before it is dropped. */
  async line(wanted: string, seconds: number): Promise<'found' | 'ended' | 'late' | 'noise'> {
    const deadline = Date.now() + seconds * 1000;
    const bytes = Buffer.from(`${wanted}\n`);
    for (;;) {
      const at = this.#buffer.indexOf(bytes);
      if (at >= 0) {
        this.#buffer = this.#buffer.subarray(at + bytes.length);
        return 'found';
      }
      const left = deadline - Date.now();
      if (this.#ended) return 'ended';
      if (this.#buffer.length > MAX_GREETING_BYTES) return 'noise';
      if (left <= 0) return 'late';
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, left);
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }

  open(listener: (chunk: Buffer) => void): void {
    this.#listener = listener;
    const waiting = this.#buffer;
    this.#buffer = Buffer.alloc(0);
    if (waiting.length > 0) listener(waiting);
  }
}

/** The last `limit` bytes of a stream, as text. */
class Tail {
  readonly #limit: number;
  #chunks: Buffer[] = [];
  #size = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  push(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#size += chunk.length;
    if (this.#size > 2 * this.#limit) {
      const kept = Buffer.concat(this.#chunks).subarray(-this.#limit);
      this.#chunks = [Buffer.from(kept)];
      this.#size = kept.length;
    }
  }

  text(): string {
    return Buffer.concat(this.#chunks).subarray(-this.#limit).toString('utf8');
  }
}
