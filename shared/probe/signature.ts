/** A parameter of a C prototype, as bpftrace lists it. */
export interface Parameter {
  readonly type: string;
  readonly name: string;
}

export interface Signature {
  readonly name: string;
  readonly module: string;
  readonly parameters: readonly Parameter[];
  readonly returns: string;
}

/** `int ip_rcv_core(struct sk_buff *skb, struct net *net)`; an unnamed parameter stays unnamed. */
export function prototypeText(signature: Signature): string {
  const parameters = signature.parameters.map(declare).join(', ');
  return `${declare({ type: signature.returns, name: signature.name })}(${parameters || 'void'})`;
}

/** The first parameter that is a `struct sk_buff *`, by name; null if there is none. */
export function skbParameter(signature: Signature): string | null {
  return signature.parameters.find((parameter) => SK_BUFF.test(parameter.type))?.name ?? null;
}

/** The first parameter that is a `struct sock *`, by name; null if there is none. */
export function sockParameter(signature: Signature): string | null {
  return signature.parameters.find((parameter) => SOCK.test(parameter.type))?.name ?? null;
}

const SOCK = /^(?:const\s+)?struct\s+sock\s*\*$/;
const SK_BUFF = /^(?:const\s+)?struct\s+sk_buff\s*\*$/;

function declare({ type, name }: Parameter): string {
  const tidy = type.replace(/\s*\*/g, '*').replace(/(\*+)$/, ' $1');
  return name === '' ? tidy.trimEnd() : tidy.endsWith('*') ? tidy + name : `${tidy} ${name}`;
}
