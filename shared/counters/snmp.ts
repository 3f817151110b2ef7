/** Values by name, `Ip.InHdrErrors`; a name that is no counter of the kernel's may come too. */
export type CounterValues = Record<string, number>;

/** More than all groups and devices of a large host have. */
export const MAX_COUNTERS = 20_000;

/**
 * /proc/net/snmp and /proc/net/netstat (net/ipv4/proc.c, snmp_seq_show and netstat_seq_show): pairs of lines,
 * names then values, both with their group.
 *
 *     Ip: Forwarding DefaultTTL InReceives InHdrErrors …
 *     Ip: 1 64 1234 0 …
 */
export function readPairs(lines: readonly string[], values: CounterValues): void {
  let count = 0;
  for (let i = 0; i + 1 < lines.length; i++) {
    const [group, ...names] = words(lines[i]);
    const [same, ...numbers] = words(lines[i + 1]);
    if (group === undefined || group !== same || !/^\w+:$/.test(group)) continue;
    i++;
    for (const [at, name] of names.entries()) {
      const value = numbers[at] ?? '';
      if (!/^\w+$/.test(name) || !/^-?\d{1,20}$/.test(value) || ++count > MAX_COUNTERS) continue;
      values[`${group.slice(0, -1)}.${name}`] = Number(value);
    }
  }
}

function words(line: string | undefined): string[] {
  return (line ?? '').trim().split(/\s+/);
}

/**
 * /proc/net/snmp6 (net/ipv6/proc.c, snmp6_seq_show_item): a name and a value a line, without groups.
 * Named here as the others are: `Ip6InHdrErrors` is `Ip6.InHdrErrors`.
 */
export function readSnmp6(line: string, values: CounterValues): boolean {
  const [, group, name, value] = /^(Ip6|Icmp6|Udp6|UdpLite6)(\w+)\s+(\d{1,20})\s*$/.exec(line) ?? [];
  if (group === undefined || name === undefined) return false;
  values[`${group}.${name}`] = Number(value);
  return true;
}
