/**
 * What the backend's process asks main, and what main answers, about secrets that are kept: only Electron's
 * main process can use the keychain. They travel between the two processes alone, never to the page.
 */
export type SecretCall =
  | { readonly what: 'available' }
  | { readonly what: 'count' }
  | { readonly what: 'read'; readonly key: string }
  | { readonly what: 'write'; readonly key: string; readonly secret: string }
  | { readonly what: 'forget'; readonly key: string }
  | { readonly what: 'forget-all' };

export interface SecretRequest {
  readonly kind: 'secret-request';
  readonly id: number;
  readonly call: SecretCall;
}

/** `error` is null when it worked; it never quotes a secret. */
export interface SecretReply {
  readonly kind: 'secret-reply';
  readonly id: number;
  readonly error: string | null;
  readonly value: unknown;
}

/** Whether there is a keychain, or why nothing can be kept without being plain text. */
export type KeychainState =
  { readonly kind: 'keychain' } | { readonly kind: 'refused'; readonly why: string };

export function isSecretRequest(message: unknown): message is SecretRequest {
  return isKind(message, 'secret-request') && isCall((message as Partial<SecretRequest>).call);
}

export function isSecretReply(message: unknown): message is SecretReply {
  return isKind(message, 'secret-reply');
}

function isKind(message: unknown, kind: string): boolean {
  if (typeof message !== 'object' || message === null) return false;
  const { kind: own, id } = message as { kind?: unknown; id?: unknown };
  return own === kind && Number.isSafeInteger(id);
}

function isCall(call: unknown): call is SecretCall {
  if (typeof call !== 'object' || call === null) return false;
  const { what, key, secret } = call as { what?: unknown; key?: unknown; secret?: unknown };
  if (what === 'available' || what === 'count' || what === 'forget-all') return true;
  if (typeof key !== 'string') return false;
  return what === 'read' || what === 'forget' || (what === 'write' && typeof secret === 'string');
}
