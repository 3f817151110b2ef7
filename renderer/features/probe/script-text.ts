/** A token of a bpftrace script, for its colour. */
export interface ScriptToken {
  readonly text: string;
  readonly kind: 'plain' | 'comment' | 'string' | 'number' | 'keyword' | 'variable' | 'probe' | 'builtin';
}

const TOKEN =
  /(\/\/[^\n]*|\/\*[\s\S]*?\*\/)|("(?:\\.|[^"\\\n])*")|((?:kfunc|kretfunc|fentry|fexit|kprobe|kretprobe|tracepoint|interval|BEGIN|END)\b(?::[\w.:]+)?)|(\b(?:if|else|while|unroll|return|struct|uint8|uint16|uint32|uint64|int8|int16|int32|int64)\b)|(\b(?:args|pid|tid|comm|cpu|nsecs|elapsed|printf|buf|str|exit|count|sum|print|clear|zero|bswap|kptr|curtask)\b)|([$@]\w*)|(\b0x[0-9a-fA-F]+\b|\b\d+\b)/g;
const KINDS = ['comment', 'string', 'probe', 'keyword', 'builtin', 'variable', 'number'] as const;

/** The tokens of a script for reading it; joined, they are the script, to the last character. */
export function scriptTokens(script: string): readonly ScriptToken[] {
  const tokens: ScriptToken[] = [];
  let at = 0;
  for (const match of script.matchAll(TOKEN)) {
    if (match.index > at) tokens.push({ text: script.slice(at, match.index), kind: 'plain' });
    const group = match.slice(1).findIndex((part) => part !== undefined);
    tokens.push({ text: match[0], kind: KINDS[group] ?? 'plain' });
    at = match.index + match[0].length;
  }
  if (at < script.length) tokens.push({ text: script.slice(at), kind: 'plain' });
  return tokens;
}
