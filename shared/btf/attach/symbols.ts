import { FunctionCounts, kernelProper } from './traceable.ts';

/** What /proc/kallsyms tells of functions. */
export interface FunctionSymbols {
  readonly counts: FunctionCounts;
  /** `__init` functions: their memory is gone after boot. Empty where the target hides addresses. */
  readonly init: ReadonlySet<string>;
  /** Functions of the noinstr section. Empty where the target hides addresses. */
  readonly noinstr: ReadonlySet<string>;
  /** For each name, the compiler's variants of it: `foo` -> `foo.isra.0`. */
  readonly clones: ReadonlyMap<string, readonly string[]>;
}

/**
 * Reads /proc/kallsyms: `ADDRESS TYPE NAME` and a tab and `[MODULE]` for a module's. Functions are of type t,
 * T, w or W. Addresses are all zero for a reader without CAP_SYSLOG (kptr_restrict): names still count.
 */
export function parseSymbols(text: string): FunctionSymbols {
  const counts = new FunctionCounts();
  const clones = new Map<string, string[]>();
  const sections = { init: boundsOf(text, '_sinittext', '_einittext'), noinstr: noinstrBounds(text) };
  const init = new Set<string>();
  const noinstr = new Set<string>();
  for (let at = 0; at < text.length;) {
    const newline = text.indexOf('\n', at);
    const end = newline === -1 ? text.length : newline;
    const line = text.slice(at, end);
    at = end + 1;
    const space = line.indexOf(' ');
    const type = line[space + 1];
    if (space <= 0 || (type !== 't' && type !== 'T' && type !== 'w' && type !== 'W')) continue;
    const tab = line.indexOf('\t', space);
    const name = line.slice(space + 3, tab === -1 ? line.length : tab).trim();
    const module = tab === -1 ? kernelProper : line.slice(tab + 1).replace(/[[\]\s]/g, '');
    counts.add(name, module);
    const dot = name.indexOf('.', 1);
    if (dot > 0) {
      const base = name.slice(0, dot);
      const known = clones.get(base);
      if (known === undefined) clones.set(base, [name]);
      else if (!known.includes(name)) known.push(name);
    }
    if (module !== kernelProper) continue;
    const address = line.slice(0, space);
    if (isWithin(address, sections.init)) init.add(name);
    if (isWithin(address, sections.noinstr)) noinstr.add(name);
  }
  return { counts, init, noinstr, clones };
}

interface Bounds {
  readonly from: string;
  readonly to: string;
}

/**
 * Addresses stay text: 16 hexadecimal digits compare as numbers do, and a JavaScript number cannot hold them.
 */
function isWithin(address: string, bounds: Bounds | null): boolean {
  return (
    bounds !== null && address.length === bounds.from.length && address >= bounds.from && address < bounds.to
  );
}

function addressOf(text: string, symbol: string): string | null {
  const end = text.indexOf(` ${symbol}\n`);
  if (end < 0) return null;
  const line = text.slice(text.lastIndexOf('\n', end) + 1, end);
  const match = /^([0-9a-f]{8,16}) [a-zA-Z]$/.exec(line);
  return match?.[1] === undefined || /^0+$/.test(match[1]) ? null : match[1];
}

function boundsOf(text: string, first: string, last: string): Bounds | null {
  const from = addressOf(text, first);
  const to = addressOf(text, last);
  return from === null || to === null ? null : { from, to };
}

function noinstrBounds(text: string): Bounds | null {
  return boundsOf(text, '__noinstr_text_start', '__noinstr_text_end');
}
