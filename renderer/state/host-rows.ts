import type { HostEntry } from '../../shared/contract/api.ts';

/** Under `Recent` no more than fit above what follows. */
const RECENT_SHOWN = 5;

/** A line of the list of hosts: the heading of a group, or a host. */
export type HostRow =
  | { readonly kind: 'recent' }
  | { readonly kind: 'file'; readonly file: string }
  | { readonly kind: 'host'; readonly entry: HostEntry; readonly recent: boolean };

/**
 * The hosts that match what is typed (each word somewhere in the name or what it resolves to), grouped
 * as ssh users keep them: those used last, also ones that no config names, then each file of the ssh
 * config in the order in which ssh reads them. A host stands in one group only.
 */
export function hostRows(
  hosts: readonly HostEntry[],
  recent: readonly string[],
  typed: string,
): readonly HostRow[] {
  const words = typed.toLowerCase().split(/\s+/).filter(Boolean);
  const matches = ({ host, resolved }: HostEntry): boolean => {
    const text = `${host} ${resolved}`.toLowerCase();
    return words.every((word) => text.includes(word));
  };
  const byName = new Map(hosts.map((entry) => [entry.host, entry]));
  const used = recent
    .map((host) => byName.get(host) ?? { host, resolved: '', source: '' })
    .filter(matches)
    .slice(0, RECENT_SHOWN);
  const rows: HostRow[] = used.length > 0 ? [{ kind: 'recent' }] : [];
  for (const entry of used) rows.push({ kind: 'host', entry, recent: true });

  const shown = new Set(used.map(({ host }) => host));
  const files = new Map<string, HostEntry[]>();
  for (const entry of hosts) {
    const group = files.get(entry.source) ?? [];
    files.set(entry.source, group);
    if (!shown.has(entry.host) && matches(entry)) group.push(entry);
  }
  for (const [file, entries] of files) {
    if (entries.length === 0) continue;
    rows.push({ kind: 'file', file });
    for (const entry of entries) rows.push({ kind: 'host', entry, recent: false });
  }
  return rows;
}

/** The row of the next host in that direction, over headings; the same one if there is none. */
export function hostBeside(rows: readonly HostRow[], from: number, by: 1 | -1): number {
  for (let row = from + by; row >= 0 && row < rows.length; row += by)
    if (rows[row]?.kind === 'host') return row;
  return from;
}

/** A file as people write it: the home directory as `~`. */
export function shortPath(file: string): string {
  return file.replace(/^(?:\/home\/[^/]+|\/Users\/[^/]+|\/root|[A-Z]:\\Users\\[^\\]+)(?=[/\\])/, '~');
}
