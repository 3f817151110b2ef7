import type { AddressInfo } from 'node:net';
import ssh2 from 'ssh2';
import type { Connection, ServerChannel } from 'ssh2';
import { tagOf } from './recording.ts';
import type { RecordedCommand, Recording } from './recording.ts';

export interface DemoServer {
  readonly port: number;
  close(): void;
}

/** The login shell's line of ssh/leash.ts: nonce and length of the guard that follows on stdin. */
const BOOT =
  /^exec (?:sudo -n -- )?\/bin\/sh -c 'echo (\w+) boot; eval "\$\(dd bs=1 count=(\d+) 2>\/dev\/null\)"'$/;
/** The guard's one line that starts the command. */
const CHILD = /^printf %s "\$input" \| (.+) 3<&- &$/m;
const MAX_INPUT = 2 << 20;

/**
 * An SSH server on 127.0.0.1 that speaks the leash's protocol and answers from a recording, with the
 * recorded timing. It runs nothing: what is not in the recording gets exit status 127.
 */
export function startDemoServer(
  recording: Recording,
  hostKey: string,
  acceptedKey: Buffer,
): Promise<DemoServer> {
  const clients = new Set<Connection>();
  const server = new ssh2.Server(
    { hostKeys: [hostKey], banner: 'skblens demo: a replay, not a live kernel' },
    (client) => {
      clients.add(client);
      client.on('error', () => undefined);
      client.on('close', () => clients.delete(client));
      client.on('authentication', (context) => {
        if (context.method !== 'publickey' || !context.key.data.equals(acceptedKey))
          return context.reject(['publickey']);
        if (context.signature === undefined) return context.accept();
        const key: unknown = ssh2.utils.parseKey(acceptedKey);
        const parsed = (Array.isArray(key) ? key[0] : key) as ssh2.ParsedKey;
        if (context.blob && parsed.verify(context.blob, context.signature, context.hashAlgo))
          context.accept();
        else context.reject(['publickey']);
      });
      client.on('session', (accept) => {
        accept().on('exec', (acceptExec, _reject, info) => answer(acceptExec(), info.command, recording));
      });
    },
  );
  return new Promise((resolve, reject) => {
    server.on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      resolve({
        port,
        close: () => {
          for (const client of clients) client.end();
          server.close();
        },
      });
    });
  });
}

/** Plays the guard's part: boot line, guard, ready line, input, and then the recorded output. */
function answer(channel: ServerChannel, command: string, recording: Recording): void {
  const boot = BOOT.exec(command);
  if (boot === null) return finish(channel, 127, `${command.slice(0, 80)}: not in this recording\n`);
  const [, nonce = '', guardLength = '0'] = boot;
  let received = Buffer.alloc(0);
  let guard: string | null = null;
  let replay: Replay | null = null;
  channel.write(`${nonce} boot\n`);
  channel.on('error', () => undefined);
  channel.on('close', () => replay?.stop());
  channel.on('end', () => replay?.interrupt());
  channel.on('data', (chunk: Buffer) => {
    received = Buffer.concat([received, chunk]);
    if (received.length > MAX_INPUT) return finish(channel, 91, 'too much input\n');
    if (guard === null) {
      if (received.length < Number(guardLength)) return;
      guard = received.toString('utf8', 0, Number(guardLength));
      received = received.subarray(Number(guardLength));
      channel.write(`${nonce} ready\n`);
    }
    if (replay === null) {
      const newline = received.indexOf(0x0a);
      const size = newline < 0 ? Number.NaN : Number(received.toString('latin1', 0, newline));
      if (!(received.length >= newline + 1 + size)) return;
      const input = received.toString('utf8', newline + 1, newline + 1 + size).slice(0, -nonce.length);
      received = received.subarray(newline + 1 + size);
      const wanted = CHILD.exec(guard)?.[1] ?? '';
      const recorded = recording.find(wanted, input);
      if (recorded === null) return finish(channel, 127, `${wanted}: not in this recording\n`);
      replay = new Replay(channel, recorded, input);
    }
    for (const line of received.toString('latin1').split('\n'))
      if (line === 'i' || line === 'k') replay.interrupt();
    received = received.subarray(received.lastIndexOf(0x0a) + 1);
  });
}

/** One recorded command being played back at its own pace, with the tag of this run in place of the recorded one. */
class Replay {
  readonly #channel: ServerChannel;
  readonly #recorded: RecordedCommand;
  readonly #tags: readonly [from: string, to: string] | null;
  readonly #began = Date.now();
  #next = 0;
  #timer: NodeJS.Timeout | null = null;
  #done = false;

  constructor(channel: ServerChannel, recorded: RecordedCommand, input: string) {
    this.#channel = channel;
    this.#recorded = recorded;
    const from = tagOf(recorded.input);
    const to = tagOf(input);
    this.#tags = from !== null && to !== null ? [from, to] : null;
    this.#step();
  }

  /** As SIGINT did in the recording: the last output follows at once, without totals of what was never played. */
  interrupt(): void {
    if (this.#done) return;
    const { interruptedAt, chunks } = this.#recorded;
    if (this.#timer !== null) clearTimeout(this.#timer);
    if (interruptedAt !== null)
      for (const [at, data] of chunks.slice(this.#next))
        if (at >= interruptedAt) this.#write(this.#text(data).replace(/^@.*\n?/gm, ''));
    this.#finish(this.#recorded.exit);
  }

  stop(): void {
    this.#done = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
  }

  #step(): void {
    const { chunks, exit } = this.#recorded;
    while (!this.#done) {
      const chunk = chunks[this.#next];
      if (chunk === undefined) return this.#finish(exit);
      const wait = chunk[0] - (Date.now() - this.#began);
      if (wait > 1) {
        this.#timer = setTimeout(() => this.#step(), wait);
        return;
      }
      this.#next++;
      this.#write(this.#text(chunk[1]));
    }
  }

  #text(data: string): string {
    const text = Buffer.from(data, 'base64').toString('latin1');
    return this.#tags === null ? text : text.replaceAll(...this.#tags);
  }

  #write(text: string): void {
    if (this.#channel.writable) this.#channel.write(Buffer.from(text, 'latin1'));
  }

  #finish(code: number): void {
    this.#done = true;
    finish(this.#channel, code, '');
  }
}

function finish(channel: ServerChannel, code: number, message: string): void {
  if (!channel.writable) return;
  if (message !== '') channel.stderr.write(message);
  channel.exit(code);
  channel.end();
}
