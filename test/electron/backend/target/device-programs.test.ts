import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { deviceFacts, readDeviceFacts } from '../../../../electron/backend/target/device-programs.ts';
import { scripted } from '../scripted-connection.ts';

const device = (ifindex: number, ifname: string, more: object = {}) => ({
  ifindex,
  ifname,
  flags: ['UP'],
  ...more,
});
const tunnel = (local: string, remote: string) => ({
  linkinfo: { info_kind: 'ipip', info_data: { local, remote } },
});

const SAID = `missing=bpftool
netns=11
enter=nsenter --net=/proc/9/ns/net
link=${JSON.stringify([device(4, 'lab-tunnel', tunnel('10.98.2.2', '10.98.2.1')), device(5, 'quiet')])}
net=
qdisc=[{"kind":"noqueue","handle":"0:","dev":"lab-tunnel"}]
ingress=[{"kind":"bpf","options":{"bpf_name":"x","prog":{"id":3,"name":"cls"}}}]
egress=
route=default  encap bpf xmit r.o:[x] dev lab-tunnel
netns=22
enter=
link=${JSON.stringify([
  device(2, 'lab-t0', { xdp: { mode: 2, prog: { id: 27, name: 'to_tunnel' } } }),
  device(4, 'lab-tunnel', tunnel('10.98.2.1', '10.98.2.2')),
  device(6, 'quiet'),
])}
net=
qdisc=
netns=33
enter=nsenter --net=/run/netns/x
link=
net=
qdisc=
skipped=44
looked=yes
`;

test('the device, who else has programs, and the far end of its tunnel', () => {
  const facts = readDeviceFacts(SAID, 4, 11);
  expect(facts.device).toMatchObject({
    name: 'lab-tunnel',
    netns: 11,
    programs: [
      { hook: 'tc ingress', id: 3, name: 'cls' },
      { hook: 'lwt xmit', id: null, name: 'r.o:[x]' },
    ],
    qdiscs: [{ kind: 'noqueue', handle: '0:' }],
  });
  expect(facts.others.map(({ name, netns }) => `${name} ${netns}`)).toEqual(['lab-t0 22', 'lab-tunnel 22']);
  expect(facts.others[0]?.programs).toEqual([{ hook: 'xdp generic', id: 27, name: 'to_tunnel' }]);
  expect(facts.looked).toEqual({ namespaces: 2, of: 4 });
  expect(facts.missing).toEqual(['bpftool']);
  expect(facts.commands).toContain('nsenter --net=/proc/9/ns/net tc -j filter show dev if4 ingress');
});

test('a device that is gone', () => {
  expect(readDeviceFacts(SAID, 99, 11)).toMatchObject({ device: null });
});

test('any text gives an answer', () => {
  const pieces = SAID.split('\n').map((line) => `${line}\n`);
  fc.assert(
    fc.property(fc.array(fc.oneof(fc.string(), fc.constantFrom(...pieces))), (lines) => {
      expect(readDeviceFacts(lines.join(''), 4, 11).looked.namespaces).toBeGreaterThanOrEqual(0);
    }),
  );
});

test('two commands are run, with numbers and no names', async () => {
  const connection = scripted();
  const asked = deviceFacts(connection.target, 4, 11);
  const listing = await connection.started();
  listing.emit('own=4 22\nx /proc/9/ns/net -> net:[11]\n/proc/9/comm:nginx\nlisted=yes\n');
  listing.end(0);
  const looking = await connection.started();
  looking.emit(SAID);
  looking.end(0);
  expect(await asked).toMatchObject({
    device: { name: 'lab-tunnel' },
    namespace: { inode: 11, example: { pid: 9, comm: 'nginx' } },
  });
  expect(connection.commands).toHaveLength(2);
  expect(connection.commands[1]).toContain('tc -j filter show dev if4 ingress');
  expect(connection.commands[1]).not.toContain('lab-tunnel');
});
