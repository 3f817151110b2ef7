import type { KeychainState } from '../../shared/contract/secret-messages.ts';

/**
 * Secrets that a person wants kept, encrypted by the keychain of this machine. A key names what its
 * secret is for: `password user@address:port`, `passphrase SHA256:… of FILE`, `sudo user@address:port`.
 * Calls may take long, since a keychain may ask to be unlocked, and reject when it fails.
 */
export interface SecretStore {
  available(): Promise<KeychainState>;
  /** How many are kept: told without opening the keychain. */
  count(): Promise<number>;
  /** Null if there is none, or none that still decrypts. */
  read(key: string): Promise<string | null>;
  write(key: string, secret: string): Promise<void>;
  forget(key: string): Promise<void>;
  forgetAll(): Promise<void>;
}
