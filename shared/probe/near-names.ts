/** A name with this many letters per mistake is still known for what was meant. */
const LETTERS_A_MISTAKE = 4;
const MOST_MISTAKES = 3;
/** What the compiler makes of a name when it clones the function. */
const CLONE = /\.(?:constprop|isra|part|cold|llvm)\..*$/;

/** Names like one that is not there, nearest first: a clone of it, a letter wrong, left out, too many or swapped. */
export function nearNames(wanted: string, names: Iterable<string>, limit: number): readonly string[] {
  const most = Math.min(MOST_MISTAKES, Math.floor(wanted.length / LETTERS_A_MISTAKE));
  const near = new Map<string, number>();
  for (const name of names) {
    const mistakes = mistakesBetween(wanted, name.replace(CLONE, ''), most);
    if (mistakes <= most) near.set(name, mistakes);
  }
  return [...near]
    .sort(([a, few], [b, many]) => few - many || a.length - b.length || (a < b ? -1 : 1))
    .slice(0, limit)
    .map(([name]) => name);
}

/** Insertions, deletions, substitutions and swaps of neighbours from one text to the other; anything above `most` is `most + 1`. */
export function mistakesBetween(from: string, to: string, most: number): number {
  if (Math.abs(from.length - to.length) > most) return most + 1;
  let [before, above] = [[] as number[], Array.from({ length: to.length + 1 }, (_, column) => column)];
  for (let row = 1; row <= from.length; row++) {
    const here = [row];
    for (let column = 1; column <= to.length; column++) {
      const same = from[row - 1] === to[column - 1];
      let least = Math.min(
        (above[column] ?? 0) + 1,
        (here[column - 1] ?? 0) + 1,
        (above[column - 1] ?? 0) + (same ? 0 : 1),
      );
      const swapped =
        row > 1 && column > 1 && from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1];
      if (swapped) least = Math.min(least, (before[column - 2] ?? 0) + 1);
      here.push(least);
    }
    if (Math.min(...here) > most) return most + 1;
    [before, above] = [above, here];
  }
  return Math.min(above[to.length] ?? 0, most + 1);
}
