/**
 * `*` and `?` of ssh's match_pattern (ssh_config(5) PATTERNS), exact in case, without backtracking
 * over hostile patterns.
 */
export function matchesPattern(name: string, pattern: string): boolean {
  let p = 0;
  let star = -1;
  let resume = 0;
  for (let n = 0; n < name.length;) {
    if (pattern[p] === '*') {
      star = p++;
      resume = n;
    } else if (p < pattern.length && (pattern[p] === '?' || pattern[p] === name[n])) {
      p++;
      n++;
    } else if (star >= 0) {
      p = star + 1;
      n = ++resume;
    } else return false;
  }
  while (pattern[p] === '*') p++;
  return p === pattern.length;
}

/** A comma list of patterns: one must match, and none that begins with `!` may. */
export function matchesPatternList(name: string, list: string): boolean {
  let matched = false;
  for (const part of list.split(',')) {
    const negated = part.startsWith('!');
    if (!matchesPattern(name, negated ? part.slice(1) : part)) continue;
    if (negated) return false;
    matched = true;
  }
  return matched;
}
