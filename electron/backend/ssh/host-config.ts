import { ALGORITHMS } from './algorithms.ts';

/** Where a connection goes and how it is secured: what `ssh` makes of a HOST argument. */
export interface HostConfig {
  /** What the user typed, for display and as the default HostKeyAlias. */
  readonly alias: string;
  readonly hostName: string;
  readonly port: number;
  readonly user: string;
  readonly identityFiles: readonly string[];
  /** True when the files were named by the user: then a missing one is a failure, not a guess. */
  readonly identitiesNamed: boolean;
  readonly identitiesOnly: boolean;
  /** Socket of the agent, null for none. */
  readonly agent: string | null;
  readonly userKnownHostsFiles: readonly string[];
  readonly globalKnownHostsFiles: readonly string[];
  readonly hostKeyAlias: string | null;
  readonly strictHostKeyChecking: 'yes' | 'ask' | 'no' | 'accept-new';
  readonly connectTimeoutSeconds: number;
  readonly serverAliveIntervalSeconds: number;
  readonly serverAliveCountMax: number;
  readonly route: HostRoute;
  /** AddressFamily; 0 is any. */
  readonly addressFamily: 0 | 4 | 6;
  /** Address of this machine that a direct connection comes from, null for any. */
  readonly bindAddress: string | null;
  /** Algorithms that the config names, null for those of skblens. */
  readonly algorithms: HostAlgorithms;
  /** Methods in the order in which they are tried, as ssh names them; null for the usual order. */
  readonly preferredAuthentications: readonly string[] | null;
  readonly pubkeyAuthentication: boolean;
  /** Signature algorithms of our keys: PubkeyAcceptedAlgorithms, as far as they are spoken; may be empty. */
  readonly publicKeyAlgorithms: readonly string[];
  /** RSA keys with fewer bits are neither offered nor trusted. */
  readonly requiredRsaBits: number;
  readonly passwordAuthentication: boolean;
  readonly kbdInteractiveAuthentication: boolean;
  /** True: nobody may be asked for anything. */
  readonly batchMode: boolean;
  /** True: a saved host name is hashed. */
  readonly hashKnownHosts: boolean;
  /** File of host keys that are refused, null for none. */
  readonly revokedHostKeys: string | null;
}

/** How the TCP stream to sshd comes about. */
export type HostRoute =
  | { readonly kind: 'direct' }
  /** Through the sshd of `via`, which may itself lie behind another. */
  | { readonly kind: 'jump'; readonly via: HostConfig }
  /** Through the stdin and stdout of a command, its tokens expanded. */
  | { readonly kind: 'command'; readonly command: string };

export interface HostAlgorithms {
  readonly kex: readonly string[] | null;
  readonly hostKey: readonly string[] | null;
  readonly cipher: readonly string[] | null;
  readonly mac: readonly string[] | null;
  /** True where the config gives the whole order of host keys: types on file do not come first then, as in ssh. */
  readonly hostKeyOrdered: boolean;
}

/** What holds where a config says nothing: spread it under a HostConfig that is made by hand. */
export const HOST_DEFAULTS = {
  identitiesNamed: false,
  identitiesOnly: false,
  agent: null,
  globalKnownHostsFiles: [],
  hostKeyAlias: null,
  strictHostKeyChecking: 'ask',
  connectTimeoutSeconds: 15,
  serverAliveIntervalSeconds: 4,
  serverAliveCountMax: 2,
  route: { kind: 'direct' },
  addressFamily: 0,
  bindAddress: null,
  algorithms: { kex: null, hostKey: null, cipher: null, mac: null, hostKeyOrdered: false },
  preferredAuthentications: null,
  pubkeyAuthentication: true,
  publicKeyAlgorithms: ALGORITHMS.publicKey.offered,
  requiredRsaBits: 1024,
  passwordAuthentication: true,
  kbdInteractiveAuthentication: true,
  batchMode: false,
  hashKnownHosts: false,
  revokedHostKeys: null,
} as const satisfies Partial<HostConfig>;
