/**
 * A token of C text, for its colour. `composite` is the name of a struct or union, `enum` of an enum, `typedef` of what
 * stands for another type: they can be looked at.
 */
export interface CToken {
  readonly text: string;
  readonly kind: 'plain' | 'comment' | 'keyword' | 'composite' | 'enum' | 'typedef' | 'number';
}

/** A word that another word or a `*` follows names a type. */
const TOKEN =
  /(\/\*[\s\S]*?\*\/)|((?:struct|union|enum)[ \t]+)(\w+)|(\b(?:struct|union|enum|const|volatile|restrict|static|extern|typedef|unsigned|signed|int|char|long|short|void|float|double|_Bool)\b)|(\b(?:0x[0-9a-fA-F]+|\d+)\b)|(\b[a-zA-Z_]\w*)(?=[ \t]+\**\w|[ \t]+\*|[ \t]*$)/g;

/** The tokens of C text; joined, they are the text, to the last character. */
export function cTokens(text: string): readonly CToken[] {
  const tokens: CToken[] = [];
  let at = 0;
  for (const match of text.matchAll(TOKEN)) {
    if (match.index > at) tokens.push({ text: text.slice(at, match.index), kind: 'plain' });
    const [whole, comment, introducer, named, keyword, , typedef] = match;
    if (comment !== undefined) tokens.push({ text: whole, kind: 'comment' });
    else if (introducer !== undefined && named !== undefined)
      tokens.push(
        { text: introducer, kind: 'keyword' },
        { text: named, kind: introducer.startsWith('enum') ? 'enum' : 'composite' },
      );
    else if (typedef !== undefined) tokens.push({ text: whole, kind: 'typedef' });
    else tokens.push({ text: whole, kind: keyword === undefined ? 'number' : 'keyword' });
    at = match.index + whole.length;
  }
  if (at < text.length) tokens.push({ text: text.slice(at), kind: 'plain' });
  return tokens;
}
