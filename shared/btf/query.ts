/** A type asked for in a search: `net_device`, `struct sk_buff *`, `unsigned long`. */
export interface TypeQuery {
  readonly keyword: 'struct' | 'union' | 'enum' | null;
  /** As typed; several words only for C's integer types. */
  readonly name: string;
  /** Pointers, when asked for; null takes any number. */
  readonly pointers: number | null;
}

/** What a search line asks for: all of it must hold. */
export interface FunctionQuery {
  /** Lower case, in the order typed. */
  readonly words: readonly string[];
  readonly returns: readonly TypeQuery[];
  readonly takes: readonly TypeQuery[];
  readonly modules: readonly string[];
}

const longestQuery = 256;

const integerWords = new Set(['unsigned', 'signed', 'long', 'short', 'int', 'char']);

/**
 * Reads a search line: words (matched against names), `ret:TYPE` or `->TYPE`, `arg:TYPE`, `module:NAME`. TYPE
 * is [struct|union|enum] NAME [*...], or an integer type of several words. Never fails: a filter still
 * without a type is left out, so that a line can be typed from left to right. Cut at 256 characters.
 */
export function parseQuery(line: string): FunctionQuery {
  const tokens = line
    .slice(0, longestQuery)
    .replace(/->/g, ' ret:')
    .replace(/\*/g, ' * ')
    .split(/[\s(),;]+/)
    .filter((token) => token !== '');
  const words: string[] = [];
  const returns: TypeQuery[] = [];
  const takes: TypeQuery[] = [];
  const modules: string[] = [];
  let at = 0;
  const readType = (first: string): TypeQuery | null => {
    let name = first === '' ? (tokens[at++] ?? '') : first;
    if (name === 'const' || name === 'volatile') name = tokens[at++] ?? '';
    let keyword: TypeQuery['keyword'] = null;
    if (name === 'struct' || name === 'union' || name === 'enum') {
      keyword = name;
      name = tokens[at++] ?? '';
    }
    for (
      let next = tokens[at];
      integerWords.has(name.split(' ')[0] ?? '') && next !== undefined;
      next = tokens[at]
    ) {
      if (!integerWords.has(next)) break;
      name += ` ${next}`;
      at++;
    }
    let pointers: number | null = null;
    for (; tokens[at] === '*'; at++) pointers = (pointers ?? 0) + 1;
    return name === '' ? null : { keyword, name, pointers };
  };
  while (at < tokens.length) {
    const token = tokens[at++] ?? '';
    const filter = /^(ret|return|arg|takes|module|mod):(.*)$/.exec(token);
    if (filter === null) {
      if (token !== '*') words.push(token.toLowerCase());
      continue;
    }
    const value = filter[2] ?? '';
    if (filter[1] === 'module' || filter[1] === 'mod') {
      const module = value === '' ? tokens[at++] : value;
      if (module !== undefined) modules.push(module.toLowerCase());
      continue;
    }
    const type = readType(value);
    if (type === null) continue;
    if (filter[1] === 'ret' || filter[1] === 'return') returns.push(type);
    else takes.push(type);
  }
  return { words, returns, takes, modules };
}
