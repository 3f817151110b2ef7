import { Fail } from '../../../shared/contract/failure.ts';
import type { SecretQuestion } from '../../../shared/contract/ssh-session.ts';
import { connectLog } from './asker.ts';
import type { Asker } from './asker.ts';
import type { Channel } from './connection.ts';
import type { HostConfig } from './host-config.ts';
import { answersOf, KeptSecret } from './kept-secret.ts';
import { visible } from './visible.ts';

/**
 * Becoming root with a password. It is asked for when the program asks, kept in memory for this
 * session, and written to the standard input of that one process, never anywhere else. A password
 * that was refused is forgotten and given to nobody a second time.
 */
export interface Elevation {
  readonly program: 'sudo' | 'doas';
  /** Through a terminal of its own: for `requiretty`, and for doas, which reads from nothing else. Both outputs then come as one. */
  readonly pty: boolean;
  /** The answer to a prompt; `prompt` is null for the usual password. Null: the user would rather not. */
  answer(prompt: string | null): Promise<string | null>;
  forget(): void;
  /** Root was reached: a password to be kept is kept now. */
  worked(): Promise<void>;
  /** The one that was refused last came from the keychain, and a person has not been asked yet. */
  mayAsk(): boolean;
}

/** sudo with `pty` false first; `withTerminal` gives the same password another way in. */
export function makeElevation(
  program: Elevation['program'],
  { user, alias: host, hostName, port }: Pick<HostConfig, 'user' | 'alias' | 'hostName' | 'port'>,
  asker: Pick<Asker, 'secret' | 'secrets' | 'log'>,
): Elevation & { withTerminal(): Elevation } {
  let password: string | null = null;
  let refused = false;
  let again = false;
  const log = connectLog(asker, host)('privilege');
  const key = `${program} ${user}@${hostName}:${port}`;
  const secret = new KeptSecret(asker.secret === undefined ? null : (asker.secrets ?? null), key, log);
  const ask = async (text: string, own: KeptSecret | null): Promise<string | null> => {
    const question: SecretQuestion = {
      kind: 'sudo',
      host,
      user,
      title: program,
      instruction: '',
      prompts: [{ text: visible(text), echo: false }],
      again: false,
      keep: (await own?.mayKeep()) === true,
    };
    const answer = await asker.secret?.(question);
    const answers = own === null ? answersOf(answer) : own.answered(answer);
    return answers?.length === 1 && typeof answers[0] === 'string' && !/[\n\r\0]/.test(answers[0])
      ? answers[0]
      : null;
  };
  const elevation: Elevation = {
    program,
    pty: program === 'doas',
    answer: async (prompt) => {
      if (refused) return null;
      if (prompt !== null) return ask(prompt, null);
      password ??= (await secret.take()) ?? (await ask('', secret));
      return password;
    },
    forget: () => {
      password = null;
      again = secret.stored;
      refused = !again;
      void secret.refused();
    },
    worked: () => secret.worked(),
    mayAsk: () => again,
  };
  return { ...elevation, withTerminal: () => ({ ...elevation, pty: true }) };
}

/** What the login shell is given, so that the guard runs as root; `boot` has no quote in it. */
export function elevated(sudo: boolean | Elevation, nonce: string, boot: string): string {
  const shell = `/bin/sh -c '${boot}'`;
  if (sudo === true) return `exec sudo -n -- ${shell}`;
  if (sudo === false) return `exec ${shell}`;
  const program =
    sudo.program === 'sudo'
      ? `env LC_ALL=C sudo -k -S -p ${promptMark(nonce)} -- ${shell}`
      : `doas -- ${shell}`;
  return `${sudo.pty ? 'stty raw -echo; ' : ''}exec ${program}`;
}

function promptMark(nonce: string): string {
  return `${nonce}-password`;
}

/** A prompt that is not the one we named comes without an end of line, and then nothing more. */
const QUIET_MS = 2500;
/** Questions of PAM other than the password, such as a one-time code. */
const MAX_PROMPTS = 4;
const MAX_TEXT = 16 * 1024;

/**
 * Answers what sudo or doas asks before the guard begins. sudo-rs writes the prompt with words around
 * it, so the mark is looked for anywhere; it also reads ahead, so the password goes alone and nothing
 * follows before the guard has spoken. The mark a second time means that the password was wrong:
 * the channel is closed, since to answer once more would count towards a lock.
 */
export class PromptAnswerer {
  readonly #channel: Channel;
  readonly #elevation: Elevation;
  readonly #mark: string;
  #text = '';
  #answered = 0;
  #passwordGiven = false;
  #timer: NodeJS.Timeout | null = null;
  #done = false;
  /** Why it will not go on; null as long as it may. */
  end: 'wrong' | 'cancelled' | null = null;

  constructor(channel: Channel, elevation: Elevation, nonce: string) {
    this.#channel = channel;
    this.#elevation = elevation;
    this.#mark = promptMark(nonce);
  }

  /** What the program wrote: stderr, or the terminal. */
  push(chunk: Buffer): void {
    if (this.#done) return;
    this.#text = (this.#text + chunk.toString('utf8')).slice(-MAX_TEXT);
    if (this.#timer !== null) clearTimeout(this.#timer);
    const doas = this.#elevation.program === 'doas';
    const at = this.#text.indexOf(this.#mark);
    if (at >= 0 || (doas && /password: ?$/i.test(this.#text))) {
      this.#text = at >= 0 ? this.#text.slice(at + this.#mark.length) : '';
      if (this.#passwordGiven) return this.#close('wrong');
      this.#passwordGiven = true;
      return void this.#give(null);
    }
    if (doas && this.#passwordGiven && /authentication failed/i.test(this.#text)) return this.#close('wrong');
    this.#timer = setTimeout(() => this.#raw(), QUIET_MS);
  }

  /** The guard has spoken, or the channel is gone. */
  stop(): void {
    this.#done = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
  }

  #raw(): void {
    const prompt = this.#text.slice(this.#text.lastIndexOf('\n') + 1).trim();
    if (this.#done || !/[:?>]$/.test(prompt)) return;
    this.#text = '';
    if (++this.#answered > MAX_PROMPTS) return this.#close('wrong');
    void this.#give(prompt);
  }

  async #give(prompt: string | null): Promise<void> {
    const answer = await this.#elevation.answer(prompt);
    if (this.#done) return;
    if (answer === null) return this.#close('cancelled');
    this.#channel.write(`${answer}\n`);
  }

  #close(why: 'wrong' | 'cancelled'): void {
    this.end = why;
    if (why === 'wrong') this.#elevation.forget();
    this.stop();
    this.#channel.close();
  }
}

/** Why the guard never spoke, as far as the way to root is to blame; null if it is not. */
export function elevationFailure(
  sudo: boolean | Elevation,
  answerer: PromptAnswerer | null,
  host: string,
  said: string,
): Fail | null {
  if (sudo === false) return null;
  const program = sudo === true ? 'sudo' : sudo.program;
  if (answerer?.end === 'wrong') return new Fail('sudo-password-wrong', { host, program }, said || null);
  if (answerer?.end === 'cancelled') return new Fail('cancelled');
  if (sudo === true && !/password|not allowed|sudoers|a terminal/i.test(said)) return null;
  const message = visible(said.split('\n').findLast((line) => line.trim() !== '') ?? '').slice(0, 200);
  return new Fail('sudo-refused', { host, program, message: message || 'without a word' }, said || null);
}
