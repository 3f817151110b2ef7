import { Fail } from '../../../shared/contract/failure.ts';
import type { SecretAnswer, SecretQuestion } from '../../../shared/contract/ssh-session.ts';
import type { AgentClient, AgentKey } from './agent.ts';
import type { SecretStore } from '../secret-store.ts';
import type { ConnectLog } from './asker.ts';
import type { HostConfig } from './config.ts';
import { readIdentity } from './identity.ts';
import type { Identity, KeyParser } from './identity.ts';
import { answersOf, asksForPassword, KeptSecret } from './kept-secret.ts';
import { fingerprint } from './known-hosts.ts';
import { blobType, rsaBits, signatureAlgorithms } from './public-key.ts';
import { visible } from './visible.ts';

/** One attempt to authenticate. `sign` may answer at once, or after a person or an agent did. */
export type AuthMethod =
  | { readonly kind: 'none' }
  | {
      readonly kind: 'publickey';
      readonly blob: Buffer;
      readonly sign: (data: Buffer, hash: string | null) => Promise<Buffer>;
    }
  | { readonly kind: 'password'; readonly password: string }
  | {
      readonly kind: 'keyboard-interactive';
      readonly answer: (
        title: string,
        instruction: string,
        prompts: readonly { readonly prompt: string; readonly echo?: boolean | undefined }[],
      ) => Promise<readonly string[]>;
    };

/** What authentication needs from outside. */
export interface AuthDeps {
  readonly parser: KeyParser;
  readonly agent: (path: string) => AgentClient;
  /** Null: nobody can be asked, and what needs an answer is not offered. */
  readonly ask: ((question: SecretQuestion) => Promise<SecretAnswer>) | null;
  /** Passphrases by file, asked once a run. */
  readonly passphrases: Map<string, string>;
  /** Null: nothing is kept beyond this run. */
  readonly secrets: SecretStore | null;
  readonly log: ConnectLog;
}

type Kind = 'publickey' | 'keyboard-interactive' | 'password';
const KINDS: readonly Kind[] = ['publickey', 'keyboard-interactive', 'password'];
/** What ssh2 can sign with; the rest is named and passed over. */
const USABLE = /^(?:ssh-ed25519|ssh-rsa|ecdsa-sha2-nistp(?:256|384|521))$/;
const PASSPHRASE_TRIES = 3;
const MAX_ROUNDS = 20;
const MAX_PROMPTS = 16;

interface Candidate {
  readonly blob: Buffer | null;
  readonly label: string;
  readonly key: AgentKey | null;
  readonly identity: Identity | null;
}

/**
 * Decides what is offered to a server, in which order, and keeps the readable record of it. Each
 * credential is offered once: nothing is ever retried by itself, since servers lock out who fails
 * often. As ssh does, it asks what the server takes first, offers public keys before it signs, and
 * asks for a passphrase only when the server wants that very key.
 */
export class Authentication {
  readonly #config: HostConfig;
  readonly #deps: AuthDeps;
  readonly #tried = new Set<Kind>();
  readonly #offered: string[] = [];
  #keys: Candidate[] | null = null;
  #agent: AgentClient | null = null;
  #current: string | null = null;
  #accepts: readonly string[] = [];
  #asked = false;
  #unsigned = false;
  #rounds = 0;
  /** The password of the login, however the server asks for it. */
  readonly #password: KeptSecret;
  #judged: Kind | null = null;

  constructor(config: HostConfig, deps: AuthDeps) {
    this.#config = config;
    this.#deps = deps;
    const { user, hostName, port } = config;
    this.#password = new KeptSecret(deps.secrets, `password ${user}@${hostName}:${port}`, deps.log);
  }

  /** Reads the key files and asks the agent; throws what makes a named key file unusable, before anything is sent. */
  async prepare(): Promise<void> {
    this.#keys = await this.#candidates();
  }

  /** What the server says it takes, as it was last heard of. */
  get accepts(): string {
    return visible(this.#accepts.join(', '));
  }

  /** What was offered, for the failure's sentence; empty if there was nothing to offer. */
  get offered(): string {
    return this.#offered.join('; ');
  }

  /**
   * The next thing to try, null when there is nothing left; `left` is what the server says it would
   * take, null before it was asked, and `partial` that it accepted the last one and wants more.
   * Throws `cancelled` when a question was.
   */
  async next(left: readonly string[] | null, partial: boolean): Promise<AuthMethod | null> {
    if (!this.#asked) {
      this.#asked = true;
      return { kind: 'none' };
    }
    this.#judge(left ?? [], partial);
    await this.#judgePassword(partial);
    for (const kind of this.#order()) {
      if (!this.#accepts.includes(kind)) continue;
      const method = kind === 'publickey' ? await this.#nextKey() : await this.#interactive(kind);
      if (method !== null) return method;
    }
    this.#deps.log('nothing-left');
    return null;
  }

  /** The server would take the key that was offered last, but there is no signature. */
  notSigned(reason: string): void {
    this.#deps.log('not-signed', { method: this.#current ?? '', reason: visible(reason) });
    this.#unsigned = true;
  }

  /** The server let us in. */
  succeeded(): void {
    if (this.#current === null) this.#deps.log('no-authentication');
    else this.#deps.log('accepted', { method: this.#current });
    void this.#judgePassword(true);
  }

  /** A kept password that was refused is no try of the person: what was tried with it may be tried once more. */
  async #judgePassword(accepted: boolean): Promise<void> {
    const kind = this.#judged;
    this.#judged = null;
    if (kind === null) return;
    if (accepted) return this.#password.worked();
    if (this.#password.stored) this.#tried.delete(kind);
    await this.#password.refused();
  }

  #judge(left: readonly string[], partial: boolean): void {
    const methods = left.map((name) => visible(name)).join(', ');
    const method = this.#current;
    if (this.#unsigned) this.#unsigned = false;
    else if (method !== null) this.#deps.log(partial ? 'accepted-partly' : 'refused', { method, methods });
    else this.#deps.log(methods === '' ? 'server-takes-nothing' : 'server-takes', { methods });
    if (partial) this.#tried.clear();
    this.#accepts = left;
  }

  #order(): readonly Kind[] {
    const { pubkeyAuthentication, kbdInteractiveAuthentication, passwordAuthentication } = this.#config;
    const allowed: Readonly<Record<Kind, boolean>> = {
      publickey: pubkeyAuthentication,
      'keyboard-interactive': kbdInteractiveAuthentication,
      password: passwordAuthentication,
    };
    const preferred = this.#config.preferredAuthentications ?? KINDS;
    return preferred.filter(
      (kind): kind is Kind => (KINDS as readonly string[]).includes(kind) && allowed[kind as Kind],
    );
  }

  #offer(label: string): void {
    this.#current = label;
    this.#offered.push(label);
    this.#deps.log('offering', { method: label });
  }

  async #nextKey(): Promise<AuthMethod | null> {
    const candidate = this.#keys?.shift();
    if (candidate === undefined) return null;
    const { identity } = candidate;
    if (candidate.blob === null && identity !== null) {
      const signer = await this.#unlock(identity);
      const label = signer === null ? '' : `${signer.type} ${fingerprint(signer.blob)} (${identity.file})`;
      if (signer === null || !this.#mayOffer(signer.blob, label)) return this.#nextKey();
      this.#offer(label);
      return {
        kind: 'publickey',
        blob: signer.blob,
        sign: async (data, hash) => signer.sign(data, hash),
      };
    }
    if (candidate.blob !== null && !this.#mayOffer(candidate.blob, candidate.label)) return this.#nextKey();
    this.#offer(candidate.label);
    return {
      kind: 'publickey',
      blob: candidate.blob ?? Buffer.alloc(0),
      sign: (data, hash) => this.#sign(candidate, data, hash),
    };
  }

  /** As ssh passes over what RequiredRSASize and PubkeyAcceptedAlgorithms exclude. */
  #mayOffer(blob: Buffer, method: string): boolean {
    const { requiredRsaBits: least, publicKeyAlgorithms } = this.#config;
    const bits = rsaBits(blob);
    if (bits !== null && bits < least) {
      this.#deps.log('key-too-short', { method, bits, least });
      return false;
    }
    if (signatureAlgorithms(blob).some((name) => publicKeyAlgorithms.includes(name))) return true;
    this.#deps.log('key-not-accepted', { method });
    return false;
  }

  async #sign(candidate: Candidate, data: Buffer, hash: string | null): Promise<Buffer> {
    if (candidate.key !== null) {
      this.#deps.log('key-taken-by-agent');
      if (this.#agent === null) throw new Error('there is no agent');
      return this.#agent.sign(candidate.key.blob, data, hash);
    }
    this.#deps.log('key-taken');
    if (candidate.identity === null) throw new Error('there is no key');
    const signer = candidate.identity.signer ?? (await this.#unlock(candidate.identity));
    if (signer === null) throw new Error('its passphrase is not known');
    return signer.sign(data, hash);
  }

  /** Asks for the passphrase, up to three times: nothing of this reaches the server. Null when nobody can be asked. */
  async #unlock(identity: Identity): Promise<Identity['signer']> {
    const { ask, passphrases, log } = this.#deps;
    const { file } = identity;
    const known = passphrases.get(file);
    if (known !== undefined) {
      const signer = await identity.unlock(known);
      if (signer !== 'wrong-passphrase') return signer;
      passphrases.delete(file);
    }
    const of = identity.blob === null ? file : `${fingerprint(identity.blob)} of ${file}`;
    const secret = new KeptSecret(ask === null ? null : this.#deps.secrets, `passphrase ${of}`, log);
    const stored = await secret.take();
    if (stored !== null) {
      const signer = await identity.unlock(stored);
      if (signer !== 'wrong-passphrase') {
        passphrases.set(file, stored);
        return signer;
      }
      await secret.refused();
    }
    if (ask === null) {
      log('passphrase-not-asked', { file });
      return null;
    }
    for (let tries = 0; tries < PASSPHRASE_TRIES; tries++) {
      const [passphrase] = await this.#question(
        'passphrase',
        file,
        '',
        [{ text: '', echo: false }],
        tries > 0,
        secret,
      );
      const signer = await identity.unlock(passphrase ?? '');
      if (signer !== 'wrong-passphrase') {
        passphrases.set(file, passphrase ?? '');
        await secret.worked();
        return signer;
      }
      log('passphrase-wrong', { file });
    }
    throw new Fail('passphrase-wrong', { file, tries: PASSPHRASE_TRIES });
  }

  async #interactive(kind: 'password' | 'keyboard-interactive'): Promise<AuthMethod | null> {
    if (this.#tried.has(kind) || this.#deps.ask === null) return null;
    this.#tried.add(kind);
    if (kind === 'password') {
      const prompts = [{ text: '', echo: false }];
      const password =
        (await this.#password.take()) ??
        (await this.#question('password', '', '', prompts, false, this.#password))[0] ??
        '';
      this.#judged = kind;
      this.#offer('password');
      return { kind, password };
    }
    this.#offer('keyboard-interactive');
    return {
      kind,
      answer: async (title, instruction, prompts) => {
        this.#rounds++;
        if (this.#rounds > MAX_ROUNDS || prompts.length > MAX_PROMPTS)
          throw new Fail('authentication-endless', {
            host: this.#config.alias,
            rounds: MAX_ROUNDS,
            prompts: MAX_PROMPTS,
          });
        this.#deps.log('server-asks', {
          prompts: prompts.map(({ prompt }) => visible(prompt).trim()).join(' | '),
        });
        const own = asksForPassword(prompts) ? this.#password : null;
        if (own !== null) {
          // Asked again within one exchange, the kept one was wrong.
          await own.refused();
          this.#judged = kind;
          const kept = await own.take();
          if (kept !== null) return [kept];
        }
        return this.#question(
          'keyboard-interactive',
          visible(title),
          visible(instruction),
          prompts.map(({ prompt, echo }) => ({ text: visible(prompt), echo: echo === true })),
          false,
          own,
        );
      },
    };
  }

  async #question(
    kind: SecretQuestion['kind'],
    title: string,
    instruction: string,
    prompts: SecretQuestion['prompts'],
    again: boolean,
    secret: KeptSecret | null,
  ): Promise<readonly string[]> {
    const { alias: host, user } = this.#config;
    const keep = (await secret?.mayKeep()) === true;
    const answer = await this.#deps.ask?.({ kind, host, user, title, instruction, prompts, again, keep });
    const answers = secret === null ? answersOf(answer) : secret.answered(answer);
    if (answers?.length !== prompts.length) throw new Fail('cancelled');
    return answers;
  }

  /** Key files first where they were named, the agent before default files; a file's key is signed by the agent that holds it. */
  async #candidates(): Promise<Candidate[]> {
    const { identityFiles, identitiesNamed, identitiesOnly, agent: path } = this.#config;
    const held = path === null ? [] : await this.#agentKeys(path);
    const files: Candidate[] = [];
    for (const file of identityFiles) {
      const identity = await this.#readFile(file);
      if (identity === null) continue;
      const { blob } = identity;
      const at = blob === null ? -1 : held.findIndex((key) => key.blob.equals(blob));
      const key = held[at] ?? null;
      if (key !== null) held.splice(at, 1);
      if (key === null && !identity.whole) {
        if (!identitiesNamed) continue;
        throw new Fail('identity-unreadable', { file, message: 'the agent does not hold its private half' });
      }
      if (key === null && identity.signer === null && identitiesNamed && this.#deps.ask === null)
        if (!this.#deps.passphrases.has(file)) throw new Fail('identity-encrypted', { file });
      const place = key === null ? file : `${file}, agent`;
      const label = blob === null ? file : `${blobType(blob)} ${fingerprint(blob)} (${place})`;
      files.push({ blob, label, key, identity });
    }
    const others: Candidate[] = identitiesOnly
      ? []
      : held.map((key) => ({
          blob: key.blob,
          label: `${blobType(key.blob)} ${fingerprint(key.blob)} (agent: ${visible(key.comment)})`,
          key,
          identity: null,
        }));
    return identitiesNamed ? [...files, ...others] : [...others, ...files];
  }

  async #readFile(file: string): Promise<Identity | null> {
    const { identitiesNamed } = this.#config;
    try {
      const identity = await readIdentity(file, this.#deps.parser);
      if (identity === null && identitiesNamed)
        throw new Fail('identity-unreadable', { file, message: 'there is no such file' });
      return identity;
    } catch (error) {
      if (identitiesNamed || !(error instanceof Fail)) throw error;
      this.#deps.log('passed-over', { message: error.message }, error.failure);
      return null;
    }
  }

  async #agentKeys(path: string): Promise<AgentKey[]> {
    const { log } = this.#deps;
    this.#agent = this.#deps.agent(path);
    try {
      const keys = await this.#agent.keys();
      log('agent-holds', { agent: path, count: keys.length });
      return keys.filter(({ blob, comment }) => {
        const type = blobType(blob);
        if (USABLE.test(type)) return true;
        const why = type.includes('-cert-v01')
          ? 'agent-certificate'
          : type.startsWith('sk-')
            ? 'agent-security-key'
            : 'agent-key-type';
        log(why, { type: type || '?', comment: visible(comment) });
        return false;
      });
    } catch (error) {
      log('agent-unusable', { agent: path, reason: (error as Error).message });
      this.#agent = null;
      return [];
    }
  }
}
