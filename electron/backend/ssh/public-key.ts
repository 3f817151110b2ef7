import type { KeyObject } from 'node:crypto';

/** Strings of the SSH wire (RFC 4251 section 5): a length of 4 bytes, big-endian, then the bytes. */
export function sshString(data: Buffer | string): Buffer {
  const bytes = Buffer.from(data as string);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
}

/** Reads such strings one after the other; null where one would reach beyond the end. */
export class SshStrings {
  readonly #data: Buffer;
  #at = 0;

  constructor(data: Buffer, at = 0) {
    this.#data = data;
    this.#at = at;
  }

  number(): number | null {
    if (this.#at + 4 > this.#data.length) return null;
    this.#at += 4;
    return this.#data.readUInt32BE(this.#at - 4);
  }

  string(): Buffer | null {
    const length = this.number();
    if (length === null || this.#at + length > this.#data.length) return null;
    this.#at += length;
    return this.#data.subarray(this.#at - length, this.#at);
  }
}

const CURVES: Readonly<Record<string, readonly [type: string, curve: string]>> = {
  'P-256': ['ecdsa-sha2-nistp256', 'nistp256'],
  'P-384': ['ecdsa-sha2-nistp384', 'nistp384'],
  'P-521': ['ecdsa-sha2-nistp521', 'nistp521'],
};

/**
 * The public key of a private one in the form that travels (RFC 4253 section 6.6, RFC 5656 section
 * 3.1, RFC 8709 section 4); null for a kind of key that SSH does not use.
 */
export function publicBlob(key: KeyObject): { readonly type: string; readonly blob: Buffer } | null {
  const jwk = key.export({ format: 'jwk' });
  const bytes = (text: string | undefined): Buffer => Buffer.from(text ?? '', 'base64url');
  if (jwk.kty === 'RSA') {
    const blob = Buffer.concat([sshString('ssh-rsa'), mpint(bytes(jwk.e)), mpint(bytes(jwk.n))]);
    return { type: 'ssh-rsa', blob };
  }
  if (jwk.kty === 'OKP' && jwk.crv === 'Ed25519')
    return {
      type: 'ssh-ed25519',
      blob: Buffer.concat([sshString('ssh-ed25519'), sshString(bytes(jwk.x))]),
    };
  const curve = jwk.kty === 'EC' ? CURVES[jwk.crv ?? ''] : undefined;
  if (curve === undefined) return null;
  const point = Buffer.concat([Buffer.from([4]), bytes(jwk.x), bytes(jwk.y)]);
  return {
    type: curve[0],
    blob: Buffer.concat([sshString(curve[0]), sshString(curve[1]), sshString(point)]),
  };
}

/** A positive integer: a zero byte goes before a set top bit. */
function mpint(bytes: Buffer): Buffer {
  return sshString((bytes[0] ?? 0) & 0x80 ? Buffer.concat([Buffer.from([0]), bytes]) : bytes);
}

/** The type a public key names first in its blob; empty for what is no key. */
export function blobType(blob: Buffer): string {
  const type = new SshStrings(blob).string()?.toString('latin1') ?? '';
  return /^[\w@.+-]{1,64}$/.test(type) ? type : '';
}

/** Bits of the modulus of an RSA key; null for a key of another type, or none. */
export function rsaBits(blob: Buffer): number | null {
  const strings = new SshStrings(blob);
  if (strings.string()?.toString('latin1') !== 'ssh-rsa') return null;
  strings.string();
  const modulus = strings.string();
  const first = modulus?.findIndex((byte) => byte !== 0) ?? -1;
  if (modulus === null || first < 0) return null;
  return (modulus.length - first) * 8 - Math.clz32(modulus[first] ?? 0) + 24;
}

/** The signature algorithms that a key can be used with (RFC 8332 for RSA). */
export function signatureAlgorithms(blob: Buffer): readonly string[] {
  const type = blobType(blob);
  return type === 'ssh-rsa' ? ['rsa-sha2-512', 'rsa-sha2-256'] : [type];
}
