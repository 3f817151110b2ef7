/** What a struct is usually called where nothing else is known. */
const USUAL: Readonly<Record<string, string>> = {
  sk_buff: 'skb',
  net_device: 'dev',
  sock: 'sk',
  iphdr: 'iph',
  ipv6hdr: 'ip6h',
  ethhdr: 'eth',
};

/** The variable through which a struct is reached. */
export interface RootVariable {
  readonly name: string;
  /** It is a parameter of the function that is to be probed: what is reached through it can be captured there. */
  readonly ofProbe: boolean;
}

/** The parameter of `prototype` that points to such a struct; without one, what such a pointer is usually called. */
export function rootVariable(kind: 'struct' | 'union', name: string, prototype: string): RootVariable {
  const parameter = new RegExp(
    `[(,]\\s*(?:const\\s+)?${kind} ${name} (?:const\\s+)?\\*\\s*(\\w+)\\s*[,)]`,
  ).exec(prototype)?.[1];
  return parameter === undefined
    ? { name: USUAL[name] ?? name, ofProbe: false }
    : { name: parameter, ofProbe: true };
}

/** In C: `skb->dev->mtu`. */
export function barePath(root: RootVariable, path: string): string {
  return `${root.name}->${path}`;
}

/** In bpftrace, whatever the type of the argument: `((struct sk_buff *)args->skb)->dev->mtu`. */
export function bpftracePath(
  kind: 'struct' | 'union',
  name: string,
  root: RootVariable,
  path: string,
): string {
  return `((${kind} ${name} *)args->${root.name})->${path}`;
}

/** Bytes as a person writes them, `112` or `0x70`; null for anything else. */
export function offsetOf(text: string): number | null {
  const trimmed = text.trim().toLowerCase();
  if (!/^(?:0x[0-9a-f]{1,8}|\d{1,10})$/.test(trimmed)) return null;
  const value = Number(trimmed);
  return value <= 0xffffffff ? value : null;
}
