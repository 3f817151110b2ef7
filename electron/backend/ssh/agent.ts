import { createConnection } from 'node:net';
import { SshStrings, sshString } from './public-key.ts';

/** A key that an agent holds. */
export interface AgentKey {
  readonly blob: Buffer;
  readonly comment: string;
}

export interface AgentClient {
  keys(): Promise<readonly AgentKey[]>;
  /** The signature as it travels, without the name of its algorithm; `hash` is for RSA. */
  sign(blob: Buffer, data: Buffer, hash: string | null): Promise<Buffer>;
}

/** draft-miller-ssh-agent section 6.1. */
const REQUEST_IDENTITIES = 11;
const IDENTITIES_ANSWER = 12;
const SIGN_REQUEST = 13;
const SIGN_RESPONSE = 14;
/** Flags of SIGN_REQUEST (section 6.2): the hash of an RSA signature. */
const RSA_FLAGS: Readonly<Record<string, number>> = { sha256: 2, sha512: 4 };

/** An agent answers from memory; one that asks its user, or waits for a touch, may take its time to sign. */
const LIST_SECONDS = 5;
const SIGN_SECONDS = 60;
const MAX_ANSWER_BYTES = 1 << 20;
const MAX_KEYS = 1000;

/** The agent behind a Unix socket or a Windows named pipe. Each request is a connection of its own; all throw with a reason. */
export function socketAgent(path: string): AgentClient {
  return {
    keys: async () => {
      const answer = await ask(path, Buffer.from([REQUEST_IDENTITIES]), LIST_SECONDS);
      if (answer[0] !== IDENTITIES_ANSWER) throw new Error('it refused to list its keys');
      const strings = new SshStrings(answer, 1);
      const keys: AgentKey[] = [];
      for (let left = Math.min(strings.number() ?? 0, MAX_KEYS); left > 0; left--) {
        const blob = strings.string();
        const comment = strings.string();
        if (blob === null || comment === null) throw new Error('its list of keys is cut short');
        keys.push({ blob, comment: comment.toString('utf8') });
      }
      return keys;
    },
    sign: async (blob, data, hash) => {
      const flags = Buffer.alloc(4);
      flags.writeUInt32BE(RSA_FLAGS[hash ?? ''] ?? 0);
      const request = Buffer.concat([Buffer.from([SIGN_REQUEST]), sshString(blob), sshString(data), flags]);
      const answer = await ask(path, request, SIGN_SECONDS);
      const signature = answer[0] === SIGN_RESPONSE ? new SshStrings(answer, 1).string() : null;
      const parts = signature === null ? null : new SshStrings(signature);
      parts?.string();
      const bytes = parts?.string() ?? null;
      if (bytes === null) throw new Error('it refused to sign');
      return bytes;
    },
  };
}

/** One request and its answer, both with their length before them. */
function ask(path: string, request: Buffer, seconds: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const socket = createConnection(path);
    let received = Buffer.alloc(0);
    const finish = (error: Error | null, answer = Buffer.alloc(0)): void => {
      clearTimeout(timer);
      socket.removeAllListeners();
      socket.on('error', () => undefined);
      socket.destroy();
      if (error === null) resolve(answer);
      else reject(error);
    };
    const timer = setTimeout(() => finish(new Error(`no answer within ${seconds} s`)), seconds * 1000);
    socket.on('connect', () => socket.write(sshString(request)));
    socket.on('error', (error) => finish(error));
    socket.on('close', () => finish(new Error('it closed the connection')));
    socket.on('data', (chunk) => {
      received = Buffer.concat([received, chunk]);
      const length = received.length < 4 ? 0 : received.readUInt32BE(0);
      if (length > MAX_ANSWER_BYTES) finish(new Error('it is no ssh agent'));
      else if (received.length >= 4 && received.length >= 4 + length)
        finish(length === 0 ? new Error('it is no ssh agent') : null, received.subarray(4, 4 + length));
    });
  });
}
