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

/**
 * Parses `bpftrace -lv 'kfunc:*'`, fed in chunks. The format, the same in 0.17, 0.23 and 0.27 but for
 * the name of the probe type:
 *
 *     fentry:vmlinux:icmp_rcv
 *         struct sk_buff * skb
 *         int retval
 *
 * A function without a `retval` line returns void. Lines of other shapes are skipped.
 */
export class ListingParser {
  #rest = '';
  #current: { name: string; module: string; parameters: Parameter[]; returns: string } | null = null;
  readonly #found: (signature: Signature) => void;

  constructor(found: (signature: Signature) => void) {
    this.#found = found;
  }

  push(text: string): void {
    const lines = (this.#rest + text).split('\n');
    this.#rest = lines.pop() ?? '';
    if (this.#rest.length > 65_536) this.#rest = '';
    for (const line of lines) this.#line(line);
  }

  end(): void {
    this.#line(this.#rest);
    this.#finish();
  }

  #line(line: string): void {
    const head = /^(?:kfunc|fentry):([^:\s]+):([^:\s]+)$/.exec(line);
    if (head) {
      this.#finish();
      this.#current = { module: head[1] ?? '', name: head[2] ?? '', parameters: [], returns: 'void' };
      return;
    }
    const part = /^ {4}(\S.*?)\s*(\w*)$/.exec(line);
    if (!part || !this.#current) return;
    const [, type = '', name = ''] = part;
    if (name === 'retval') this.#current.returns = type;
    else this.#current.parameters.push({ type, name });
  }

  #finish(): void {
    if (this.#current) this.#found(this.#current);
    this.#current = null;
  }
}
