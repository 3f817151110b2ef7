/**
 * Reads /sys/kernel/debug/kprobes/blacklist: `0xFROM-0xTO<tab>NAME` for each function that kprobes refuse,
 * `NAME+0xOFFSET` inside one. The names.
 */
export function parseBlacklist(text: string): Set<string> {
  const names = new Set<string>();
  for (const line of text.split('\n')) {
    const match = /^0x[0-9a-f]+-0x[0-9a-f]+\s+([^\s+]+)/.exec(line);
    if (match?.[1] !== undefined) names.add(match[1]);
  }
  return names;
}
