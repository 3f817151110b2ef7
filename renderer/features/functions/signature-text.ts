/** A part of a C prototype, for its colour. */
export interface SignaturePart {
  readonly text: string;
  readonly kind: 'type' | 'name' | 'function' | 'mark';
}

/**
 * Splits a prototype as the target lists it, `int ip_rcv_core(struct sk_buff *skb, struct net *net)`,
 * into what is type, name and punctuation. The text is kept whole: the parts joined are the prototype.
 */
export function signatureParts(prototype: string): readonly SignaturePart[] {
  const open = prototype.indexOf('(');
  if (open < 0) return [{ text: prototype, kind: 'type' }];
  const head = /^(.*?)(\w[\w.]*)$/s.exec(prototype.slice(0, open));
  const parts: SignaturePart[] = head
    ? [
        { text: head[1] ?? '', kind: 'type' },
        { text: head[2] ?? '', kind: 'function' },
      ]
    : [{ text: prototype.slice(0, open), kind: 'type' }];
  // A function pointer's own parentheses stay with their parameter: only commas at depth one separate.
  let depth = 0;
  let start = open;
  const flush = (end: number): void => {
    const parameter = /^(.*?[\s*])(\w+)$/s.exec(prototype.slice(start, end));
    if (parameter) {
      parts.push({ text: parameter[1] ?? '', kind: 'type' }, { text: parameter[2] ?? '', kind: 'name' });
    } else if (end > start) parts.push({ text: prototype.slice(start, end), kind: 'type' });
  };
  for (let at = open; at < prototype.length; at++) {
    const character = prototype[at];
    if (character === '(') depth++;
    if (character === ')') depth--;
    const outer =
      (character === '(' && depth === 1) ||
      (character === ')' && depth === 0) ||
      (character === ',' && depth === 1);
    if (!outer) continue;
    flush(at);
    parts.push({ text: character ?? '', kind: 'mark' });
    start = at + 1;
  }
  flush(prototype.length);
  return parts.filter((part) => part.text !== '');
}
