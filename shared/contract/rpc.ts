import { createBirpc } from 'birpc';
import { apiCalls } from './api.ts';
import type { Backend, BackendHandlers, CallName, Page, PageEvents, PageQuestions } from './api.ts';
import { failFrom, failureOf, makeFailure } from './failure.ts';
import type { Failure } from './failure.ts';
import type { Transport } from './transport.ts';

/** A call's answer on the wire: birpc carries no error class across JSON, so failures travel as values. */
type Answer = { readonly ok: unknown } | { readonly failure: Failure };

type Untyped = Record<string, (input: unknown) => unknown>;

/**
 * The backend's end: every call's input is checked against the contract before it reaches `backend`,
 * and what it throws becomes a failure on the other side.
 */
export function serveBackend(transport: Transport, makeBackend: (page: Page) => BackendHandlers): void {
  const functions = Object.create(null) as Record<string, (input: unknown) => Promise<Answer>>;
  const rpc = createBirpc<Untyped, typeof functions, false>(functions, {
    post: (message: string) => transport.send(message),
    on: (listener) => transport.onMessage((message) => typeof message === 'string' && listener(message)),
    serialize: (message: unknown) => JSON.stringify(message),
    deserialize: readMessage,
    timeout: -1,
    proxify: false,
  });
  transport.onClose(() => rpc.$close());
  const backend = makeBackend({
    event: (name, payload) => {
      if (!rpc.$closed) void rpc.$callEvent(name, payload);
    },
    batch: (bytes) => transport.send(bytes),
    ask: async (name, question) => unwrap((await rpc.$call(name, question)) as Answer) as never,
  }) as unknown as Untyped;
  for (const name of Object.keys(apiCalls) as CallName[])
    functions[name] = (input) =>
      answer(async () => {
        const parsed = apiCalls[name].input.safeParse(input);
        if (!parsed.success) {
          const issue = parsed.error.issues[0];
          const message = `${issue?.path.join('.') ?? ''} ${issue?.message ?? 'invalid'}`.trim();
          throw failFrom(makeFailure('invalid-call', { call: name, message }));
        }
        return backend[name]?.(parsed.data);
      });
}

/** The page's end: `events` is called for what the backend tells, `questions` answers what it asks. */
export function connectBackend(
  transport: Transport,
  events: PageEvents,
  questions: PageQuestions,
  onBatch: (bytes: Uint8Array) => void,
): Backend {
  const functions = Object.assign(Object.create(null) as Record<string, (input: never) => unknown>, events);
  for (const [name, ask] of Object.entries(questions))
    functions[name] = (question) => answer(async () => (ask as (input: never) => unknown)(question));
  const rpc = createBirpc<Untyped, typeof functions, false>(functions, {
    post: (message: string) => transport.send(message),
    on: (listener) =>
      transport.onMessage((message) => (typeof message === 'string' ? listener(message) : onBatch(message))),
    serialize: (message: unknown) => JSON.stringify(message),
    deserialize: readMessage,
    timeout: -1,
    proxify: false,
  });
  const lost = (): Error =>
    failFrom(makeFailure('connection-lost', { host: 'skblens', message: 'the backend went away' }));
  transport.onClose(() => rpc.$close(lost()));
  const backend: Untyped = {};
  for (const name of Object.keys(apiCalls))
    backend[name] = async (input) => {
      if (rpc.$closed) throw lost();
      return unwrap((await rpc.$call(name, input)) as Answer);
    };
  return backend as unknown as Backend;
}

/** An answer to no question: what a message that is none becomes, since birpc throws where nobody catches it. */
const NOTHING = { t: 's', i: '' } as const;

/** birpc's messages: {t: "q", m: method, a: arguments, i?: id} and {t: "s", i: id, r?: result, e?: error}. */
function readMessage(text: string): unknown {
  let message: unknown;
  try {
    message = JSON.parse(text);
  } catch {
    return NOTHING;
  }
  if (typeof message !== 'object' || message === null) return NOTHING;
  const { t, m, a, i } = message as Readonly<Record<string, unknown>>;
  const isCall = t === 'q' && typeof m === 'string' && Array.isArray(a);
  return isCall || (t === 's' && typeof i === 'string') ? message : NOTHING;
}

async function answer(run: () => Promise<unknown>): Promise<Answer> {
  try {
    return { ok: await run() };
  } catch (thrown) {
    return { failure: failureOf(thrown) };
  }
}

function unwrap(result: Answer): unknown {
  if ('failure' in result) throw failFrom(result.failure);
  return result.ok;
}
