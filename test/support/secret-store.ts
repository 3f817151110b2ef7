import type { SecretStore } from '../../electron/backend/secret-store.ts';

/** A keychain in memory, and what was asked of it; one that is `refused` keeps nothing. */
export function fakeStore(
  first: Readonly<Record<string, string>>,
  refused = false,
): SecretStore & { readonly kept: Map<string, string>; readonly calls: string[] } {
  const kept = new Map(Object.entries(first));
  const calls: string[] = [];
  return {
    kept,
    calls,
    available: async () => (refused ? { kind: 'refused', why: 'basic_text' } : { kind: 'keychain' }),
    count: async () => kept.size,
    read: async (key) => {
      calls.push(`read ${key}`);
      return kept.get(key) ?? null;
    },
    write: async (key, secret) => {
      calls.push(`write ${key}`);
      if (refused) throw new Error('basic_text');
      kept.set(key, secret);
    },
    forget: async (key) => {
      calls.push(`forget ${key}`);
      kept.delete(key);
    },
    forgetAll: async () => kept.clear(),
  };
}
