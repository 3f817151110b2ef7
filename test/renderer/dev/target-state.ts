import type { BackendHandlers, Page } from '../../../shared/contract/api.ts';
import type { DeviceDescription, DeviceFacts } from '../../../shared/contract/target-state.ts';
import { Fail } from '../../../shared/contract/failure.ts';
import { costWarnings } from '../../../shared/probe/hot-functions.ts';

/** Where the fake's records come from, and another one. */
export const FAKE_NETNS = 4026532281;
const INITIAL_NETNS = 4026531840;

/** The target's clock, and how many of its packets had a header that the kernel counts as wrong. */
export interface FakeTarget {
  errors: number;
  /** Of these, with a wrong checksum. */
  checksumErrors: number;
  /** Seconds since boot. */
  uptime(): number;
}

export function fakeTarget(): FakeTarget {
  const began = performance.now();
  return { errors: 8841, checksumErrors: 0, uptime: () => 81_230 + (performance.now() - began) / 1000 };
}

type TargetState = Pick<BackendHandlers, 'watchCounters' | 'networkNamespaces' | 'deviceFacts' | 'probeCost'>;

/** Counters, namespaces, devices and costs of a target that is not there. */
export function targetState(
  page: Page,
  fake: FakeTarget,
  command: (session: string, text: string, purpose: string) => void,
): TargetState {
  const timers = new Map<string, ReturnType<typeof setInterval>>();
  return {
    watchCounters: async ({ session, on, netns = null }) => {
      clearInterval(timers.get(session));
      if (!on) return null;
      if (netns === 1) throw new Fail('namespace-gone', { inode: 1, host: 'edge-01' });
      command(session, 'while cat /proc/uptime /proc/net/snmp; do sleep 1; done', 'counters');
      const began = performance.now();
      let ticks = 0;
      const read = (): void => {
        ticks++;
        const here = netns === null || netns === FAKE_NETNS;
        page.event('counters', {
          session,
          reading: {
            at: performance.now() - began,
            uptime: Math.floor(fake.uptime() * 100) / 100,
            netns: netns ?? FAKE_NETNS,
            values: {
              'Ip.Forwarding': 1,
              'Ip.InReceives': 90_210 + fake.errors * 2,
              'Ip.InHdrErrors': here ? fake.errors : 0,
              'Ip.InDiscards': 0,
              'Ip.ForwDatagrams': 12,
              'Icmp.InMsgs': 77 + ticks,
              'Icmp.InEchos': 40 + ticks,
              'Icmp.OutEchoReps': 40 + ticks,
              'Tcp.InSegs': 5000 + 13 * ticks,
              'TcpExt.TCPTimeouts': 3,
              'IpExt.InCsumErrors': here ? fake.checksumErrors : 0,
              'Ip6.InHdrErrors': 0,
              'Softnet.processed': 120_000 + 40 * ticks,
              'Softnet.dropped': 0,
              'Device.eth0.rx_packets': 80_000 + 25 * ticks,
              'Device.ipip-r.rx_packets': 4000 + 3 * ticks,
            },
          },
        });
      };
      read();
      timers.set(session, setInterval(read, 1000));
      return null;
    },
    networkNamespaces: async () => [
      {
        inode: FAKE_NETNS,
        files: [],
        processes: 148,
        example: { pid: 1, comm: 'systemd' },
        own: true,
      },
      { inode: 4026532400, files: ['/run/netns/edge-t'], processes: 0, example: null, own: false },
      {
        inode: INITIAL_NETNS,
        files: ['/var/run/docker/netns/3f2a'],
        processes: 4,
        example: { pid: 2214, comm: 'nginx' },
        own: false,
      },
    ],
    deviceFacts: async ({ session, ifindex, netns }) => {
      command(session, `ip -d -j link show; tc -j filter show dev if${ifindex} ingress`, 'device');
      return facts(ifindex, netns);
    },
    probeCost: async ({ session, spec }) => {
      command(session, 'cat /proc/net/snmp; sleep 1; cat /proc/net/snmp', 'cost');
      const known = spec.function === 'ip_rcv_core';
      return {
        perSecond: known ? 1432.6 : null,
        from: known ? 'Ip.InReceives' : '',
        warnings: costWarnings(spec),
      };
    },
  };
}

const DEVICE: DeviceDescription = {
  ifindex: 7,
  name: 'ipip-r',
  netns: FAKE_NETNS,
  linkType: 'ipip',
  kind: 'ipip',
  up: true,
  mtu: 1480,
  local: '10.98.2.2',
  remote: '10.98.2.1',
  programs: [],
  qdiscs: [{ kind: 'noqueue', handle: '0:' }],
};

function facts(ifindex: number, netns: number): DeviceFacts {
  return {
    device: ifindex === 7 && netns === FAKE_NETNS ? DEVICE : null,
    namespace: { inode: netns, files: [], processes: 148, example: { pid: 1, comm: 'systemd' }, own: true },
    others: [
      { ...DEVICE, ifindex: 4, name: 'ipip-t', netns: 4026532400, local: '10.98.2.1', remote: '10.98.2.2' },
      {
        ...DEVICE,
        ifindex: 2,
        name: 'veth-t0',
        netns: 4026532400,
        linkType: 'ether',
        kind: 'veth',
        mtu: 1500,
        local: '',
        remote: '',
        programs: [{ hook: 'xdp generic', id: 27, name: 'to_tunnel' }],
      },
    ],
    looked: { namespaces: 3, of: 3 },
    commands: ['ip -d -j link show', 'bpftool -j net show', `tc -j filter show dev if${ifindex} ingress`],
    missing: [],
  };
}
