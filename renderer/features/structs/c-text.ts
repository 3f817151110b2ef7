/** A token of C text, for its colour; `composite` is the name of a struct or union, which can be looked at. */
export interface CToken {
  readonly text: string;
  readonly kind: 'plain' | 'comment' | 'keyword' | 'composite' | 'number';
}

const TOKEN =
  /(\/\*[\s\S]*?\*\/)|((?:struct|union)[ \t]+)(\w+)|(\b(?:struct|union|enum|const|volatile|unsigned|signed|int|char|long|short|void|bool|_Bool)\b)|(\b(?:0x[0-9a-fA-F]+|\d+)\b)/g;

/** The tokens of C text; joined, they are the text, to the last character. */
export function cTokens(text: string): readonly CToken[] {
  const tokens: CToken[] = [];
  let at = 0;
  for (const match of text.matchAll(TOKEN)) {
    if (match.index > at) tokens.push({ text: text.slice(at, match.index), kind: 'plain' });
    const [whole, comment, introducer, composite, keyword] = match;
    if (comment !== undefined) tokens.push({ text: whole, kind: 'comment' });
    else if (introducer !== undefined && composite !== undefined)
      tokens.push({ text: introducer, kind: 'keyword' }, { text: composite, kind: 'composite' });
    else tokens.push({ text: whole, kind: keyword === undefined ? 'number' : 'keyword' });
    at = match.index + whole.length;
  }
  if (at < text.length) tokens.push({ text: text.slice(at), kind: 'plain' });
  return tokens;
}
