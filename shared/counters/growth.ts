/** State of the protocol and not a count of anything: RFC 1213, net/ipv4/proc.c. */
const GAUGES = new Set([
  'Ip.Forwarding',
  'Ip.DefaultTTL',
  'Ip.ReasmTimeout',
  'Tcp.RtoAlgorithm',
  'Tcp.RtoMin',
  'Tcp.RtoMax',
  'Tcp.MaxConn',
  'Tcp.CurrEstab',
  'TcpExt.TCPMemoryPressuresChrono',
]);

export function isGauge(name: string): boolean {
  return GAUGES.has(name);
}

/** By how much a counter grew. Those of softnet_stat are 32 bits wide and begin anew at 0; one that went down otherwise was reset. */
export function growth(name: string, before: number, now: number): number {
  if (isGauge(name) || now >= before) return now - before;
  if (!name.startsWith('Softnet.')) return 0;
  const missing = before - now;
  return missing > 0x8000_0000 ? Math.ceil(missing / 0x1_0000_0000) * 0x1_0000_0000 - missing : 0;
}
