import type { SecretStore } from '../backend/secret-store.ts';
import { isSecretReply } from '../../shared/contract/secret-messages.ts';
import type {
  KeychainState,
  SecretCall,
  SecretReply,
  SecretRequest,
} from '../../shared/contract/secret-messages.ts';

/** The keychain as the utility process reaches it: by asking main. `take` is given every message that comes from there. */
export function secretClient(send: (request: SecretRequest) => void): {
  readonly store: SecretStore;
  readonly take: (message: unknown) => void;
} {
  const waiting = new Map<number, (reply: SecretReply) => void>();
  let lastId = 0;
  const ask = (call: SecretCall): Promise<unknown> =>
    new Promise((resolve, reject) => {
      const id = ++lastId;
      waiting.set(id, ({ error, value }) => {
        if (error === null) resolve(value);
        else reject(new Error(error));
      });
      send({ kind: 'secret-request', id, call });
    });
  const store: SecretStore = {
    available: async () => (await ask({ what: 'available' })) as KeychainState,
    count: async () => Number(await ask({ what: 'count' })),
    read: async (key) => {
      const secret = await ask({ what: 'read', key });
      return typeof secret === 'string' ? secret : null;
    },
    write: async (key, secret) => void (await ask({ what: 'write', key, secret })),
    forget: async (key) => void (await ask({ what: 'forget', key })),
    forgetAll: async () => void (await ask({ what: 'forget-all' })),
  };
  const take = (message: unknown): void => {
    if (!isSecretReply(message)) return;
    const answer = waiting.get(message.id);
    waiting.delete(message.id);
    answer?.(message);
  };
  return { store, take };
}
