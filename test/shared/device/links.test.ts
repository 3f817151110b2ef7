import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { describeDevices, filterPrograms, isOtherEnd, merged } from '../../../shared/device/links.ts';

/** As iproute2 6.15, bpftool 7.5 and tc printed it on Linux 6.12, cut to what is read. */
const LINK = JSON.stringify([
  { ifindex: 1, ifname: 'lo', flags: ['LOOPBACK'], mtu: 65536, link_type: 'loopback' },
  {
    ifindex: 2,
    ifname: 'lab-t0',
    flags: ['BROADCAST', 'UP'],
    mtu: 1500,
    link_type: 'ether',
    linkinfo: { info_kind: 'veth' },
    xdp: {
      mode: 2,
      prog: { id: 27, name: 'to_tunnel', tag: 'd0ccf79d44570913', jited: 1 },
      attached: [{ mode: 2, prog: { id: 27, name: 'to_tunnel', jited: 1 } }],
    },
  },
  {
    ifindex: 4,
    ifname: 'lab-tunnel',
    flags: ['POINTOPOINT', 'UP'],
    mtu: 1480,
    link_type: 'ipip',
    linkinfo: { info_kind: 'ipip', info_data: { remote: '10.98.2.2', local: '10.98.2.1', ttl: 0 } },
  },
  {
    ifindex: 5,
    ifname: 'gre0',
    flags: 'x',
    link_type: 'gre',
    linkinfo: { info_kind: 'gre', info_data: { remote: 'any', local: 'any' } },
  },
  'not a device',
]);
const NET = JSON.stringify([
  {
    xdp: [{ devname: 'lab-t0', ifindex: 2, mode: 'generic', id: 27 }],
    tc: [
      { devname: 'lab-tunnel', ifindex: 4, kind: 'clsact/ingress', name: 'x.o:[cls]', id: 10 },
      { devname: 'lab-tunnel', ifindex: 4, kind: 'tcx/egress', name: 'out', prog_id: 11 },
      { devname: 'nk', ifindex: 4, kind: 'netkit/primary', name: 'nk', prog_id: 12 },
    ],
    flow_dissector: [],
  },
]);
const QDISC = JSON.stringify([
  { kind: 'clsact', handle: 'ffff:', dev: 'lab-tunnel' },
  { kind: 'noqueue', handle: '0:', dev: 'lab-t0' },
]);

test('devices with their programs, once each, and their queueing', () => {
  const devices = describeDevices({ netns: 7, link: LINK, net: NET, qdisc: QDISC });
  expect(devices).toHaveLength(4);
  expect(devices[1]).toEqual({
    ifindex: 2,
    name: 'lab-t0',
    netns: 7,
    linkType: 'ether',
    kind: 'veth',
    up: true,
    mtu: 1500,
    local: '',
    remote: '',
    programs: [{ hook: 'xdp generic', id: 27, name: 'to_tunnel' }],
    qdiscs: [{ kind: 'noqueue', handle: '0:' }],
  });
  expect(devices[2]).toMatchObject({
    local: '10.98.2.1',
    remote: '10.98.2.2',
    programs: [
      { hook: 'tc ingress', id: 10, name: 'x.o:[cls]' },
      { hook: 'tcx egress', id: 11, name: 'out' },
      { hook: 'netkit primary', id: 12, name: 'nk' },
    ],
    qdiscs: [{ kind: 'clsact', handle: 'ffff:' }],
  });
  expect(devices[3]).toMatchObject({ up: false, mtu: null, local: '', remote: '' });
});

test('programs of tc filters and of routes', () => {
  const ingress = JSON.stringify([
    { protocol: 'all', pref: 49152, kind: 'bpf', chain: 0 },
    {
      kind: 'bpf',
      options: { handle: '0x1', bpf_name: 'x.o:[cls]', 'direct-action': true, prog: { id: 10, name: 'cls' } },
    },
  ]);
  const egress = JSON.stringify([
    { kind: 'bpf', options: { bpf_name: 'old.o' } },
    { kind: 'u32', options: {} },
  ]);
  const routes = '192.0.2.0/24  encap bpf in a.o:[in] xmit b.o:[xmit] headroom 14 dev veth0 scope link \n';
  expect(filterPrograms(ingress, egress, routes)).toEqual([
    { hook: 'tc ingress', id: 10, name: 'cls' },
    { hook: 'tc egress', id: null, name: 'old.o' },
    { hook: 'lwt in', id: null, name: 'a.o:[in]' },
    { hook: 'lwt xmit', id: null, name: 'b.o:[xmit]' },
  ]);
});

test('what two programs say of one is put together', () => {
  expect(
    merged(
      [{ hook: 'tc ingress', id: 10, name: '' }],
      [
        { hook: 'tc ingress', id: 10, name: 'cls' },
        { hook: 'tc egress', id: 10, name: 'cls' },
      ],
    ),
  ).toEqual([
    { hook: 'tc ingress', id: 10, name: 'cls' },
    { hook: 'tc egress', id: 10, name: 'cls' },
  ]);
});

test('the two ends of a tunnel know each other', () => {
  const [, , here] = describeDevices({ netns: 1, link: LINK, net: '', qdisc: '' });
  if (here === undefined) throw new Error('no tunnel');
  const there = { ...here, netns: 2, local: here.remote, remote: here.local };
  expect(isOtherEnd(here, there)).toBe(true);
  expect(isOtherEnd(here, here)).toBe(false);
  expect(isOtherEnd({ ...here, local: '', remote: '' }, { ...there, local: '', remote: '' })).toBe(false);
});

test('any text gives devices or none', () => {
  const texts = fc.oneof(fc.string(), fc.json(), fc.constantFrom(LINK, NET, QDISC));
  fc.assert(
    fc.property(texts, texts, texts, (link, net, qdisc) => {
      for (const device of describeDevices({ netns: 1, link, net, qdisc })) {
        expect(device.ifindex).toBeTypeOf('number');
        expect(device.programs.length).toBeLessThanOrEqual(80);
      }
      expect(filterPrograms(link, net, qdisc).length).toBeLessThanOrEqual(64);
    }),
  );
  const many = JSON.stringify(Array.from({ length: 9000 }, (_, i) => ({ ifindex: i, ifname: `d${i}` })));
  expect(describeDevices({ netns: 1, link: many, net: '', qdisc: '' })).toHaveLength(5000);
});
