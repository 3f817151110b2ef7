import type { Reconciliation } from './reconcile.ts';

/** A reconciliation as the command line says it; English. */
export function reconcileLines(found: Reconciliation): string[] {
  const moved = found.counters.filter(({ delta, explained }) => delta !== 0 || explained !== 0);
  const over = `over ${found.seconds.toFixed(1)} s, network namespace ${found.netns}`;
  if (moved.length === 0) {
    const names = found.counters.map(({ counter }) => shortName(counter)).join(', ');
    return [`${names}: no growth ${over}${elsewhereText(found)}`];
  }
  return [
    ...moved.map(({ counter, delta, explained, unexplained, elsewhere }) => {
      const least = found.missed > 0 && unexplained > 0 ? 'at least ' : '';
      const rest =
        unexplained < 0
          ? `${-unexplained} more packets were captured than counted`
          : `${unexplained} unexplained${unexplained > 0 && elsewhere.length > 0 ? ` (counted in ${elsewhere.join(', ')} too)` : ''}`;
      return `${shortName(counter)} +${delta}, of which ${least}${explained} are explained by captured packets; ${rest} (${over})`;
    }),
    ...(found.checksumErrors > 0
      ? [`${found.checksumErrors} of InHdrErrors are wrong checksums, which the filter leaves out`]
      : []),
    ...(found.missed > 0 ? [`${found.missed} events were held back or lost`] : []),
    ...(found.otherNamespaces > 0
      ? [`${found.otherNamespaces} captured packets count in other network namespaces`]
      : []),
  ];
}

function elsewhereText({ otherNamespaces }: Reconciliation): string {
  return otherNamespaces > 0 ? `; ${otherNamespaces} captured packets count in other namespaces` : '';
}

/** `Ip.InHdrErrors` as people call it: InHdrErrors, Ip6InHdrErrors. */
export function shortName(counter: string): string {
  const [group = '', name = ''] = counter.split('.');
  return /^(?:Ip6|Icmp6|Udp6|UdpLite6|Icmp)$/.test(group) ? group + name : name;
}
