import type { DeviceDescription, DeviceFacts } from '../../../shared/contract/target-state.ts';
import { describeDevices, filterPrograms, isOtherEnd, merged } from '../../../shared/device/links.ts';
import { runCommand } from '../ssh/command.ts';
import type { Target } from '../ssh/command.ts';
import { listNamespaces } from './netns.ts';

const LIMITS = { seconds: 60, bytes: 16 << 20 };
/** Namespaces that are entered for one answer: three programs run in each. */
const MAX_LOOKS = 40;

/**
 * What iproute2 and bpftool know, in the namespace of the device first, then in each other that a process or a name
 * holds. Devices are named by their number (`if7`, which ip and tc take), so that no name of the target's stands in the script.
 */
function lookScript(ifindex: number, netns: number): string {
  return `PATH=$PATH:/usr/sbin:/sbin
for tool in ip tc bpftool nsenter; do command -v $tool >/dev/null 2>&1 || echo "missing=$tool"; done
look() {
  inode=$1
  shift
  echo "netns=$inode"
  echo "enter=$*"
  echo "link=$("$@" ip -d -j link show 2>/dev/null)"
  echo "net=$("$@" bpftool -j net show 2>/dev/null)"
  echo "qdisc=$("$@" tc -j qdisc show 2>/dev/null)"
  [ "$inode" = ${netns} ] || return 0
  echo "ingress=$("$@" tc -j filter show dev if${ifindex} ingress 2>/dev/null)"
  echo "egress=$("$@" tc -j filter show dev if${ifindex} egress 2>/dev/null)"
  "$@" ip -d route show table all dev if${ifindex} 2>/dev/null | grep 'encap bpf' | head -n 20 | sed 's/^/route=/'
}
own=$(stat -L -c %i /proc/self/ns/net)
nsfs=$(stat -L -c %d /proc/self/ns/net)
{
  ls -l /proc/[0-9]*/ns/net 2>/dev/null | sed -n 's|.* \\(/proc/[0-9]*/ns/net\\) -> net:\\[\\([0-9]*\\)\\]$|\\2 \\1|p'
  stat -L -c '%d %i %n' /run/netns/* /var/run/docker/netns/* 2>/dev/null | sed -n "s|^$nsfs ||p"
} | sort -u -k1,1 | {
  if [ "$own" = ${netns} ]; then look "$own"; rest=; else rest="$own"; fi
  later=
  count=0
  while read -r inode file; do
    if [ "$inode" = "$own" ]; then continue; fi
    if [ "$inode" = ${netns} ]; then look "$inode" nsenter "--net=$file"; continue; fi
    later="$later$inode $file
"
  done
  [ -z "$rest" ] || look "$rest"
  printf %s "$later" | while read -r inode file; do
    count=$((count + 1))
    if [ $count -gt ${MAX_LOOKS} ]; then echo "skipped=$inode"; else look "$inode" nsenter "--net=$file"; fi
  done
}
echo looked=yes
`;
}

/** Looks behind a device of a record: its programs, and those of all other devices of the host. */
export async function deviceFacts(target: Target, ifindex: number, netns: number): Promise<DeviceFacts> {
  const namespaces = await listNamespaces(target);
  const result = await runCommand(target, lookScript(ifindex, netns), 'device', LIMITS);
  return {
    ...readDeviceFacts(result.stdout.toString('utf8'), ifindex, netns),
    namespace: namespaces.find(({ inode }) => inode === netns) ?? null,
  };
}

/** The output of the script; what a command did not say is empty. */
export function readDeviceFacts(
  text: string,
  ifindex: number,
  netns: number,
): Omit<DeviceFacts, 'namespace'> {
  const all: DeviceDescription[] = [];
  const missing: string[] = [];
  let device: DeviceDescription | null = null;
  let commands: readonly string[] = [];
  let skipped = 0;
  let looked = 0;
  for (const part of text.split(/^(?=netns=\d{1,10}$)/m)) {
    const said = (name: string): string => new RegExp(`^${name}=(.*)$`, 'm').exec(part)?.[1] ?? '';
    for (const match of part.matchAll(/^missing=(ip|tc|bpftool|nsenter)$/gm)) missing.push(match[1] ?? '');
    skipped += [...part.matchAll(/^skipped=\d+$/gm)].length;
    const inode = Number(said('netns'));
    if (inode === 0) continue;
    const found = describeDevices({
      netns: inode,
      link: said('link'),
      net: said('net'),
      qdisc: said('qdisc'),
    });
    if (found.length > 0) looked++;
    else skipped++;
    if (inode !== netns) {
      all.push(...found);
      continue;
    }
    const enter = said('enter') === '' ? '' : `${said('enter')} `;
    commands = [
      'ip -d -j link show',
      'bpftool -j net show',
      'tc -j qdisc show',
      `tc -j filter show dev if${ifindex} ingress`,
      `tc -j filter show dev if${ifindex} egress`,
      `ip -d route show table all dev if${ifindex}`,
    ].map((command) => enter + command);
    const routes = [...part.matchAll(/^route=(.*)$/gm)].map((match) => match[1]).join('\n');
    const more = filterPrograms(said('ingress'), said('egress'), routes);
    for (const one of found)
      if (one.ifindex === ifindex) device = { ...one, programs: merged(one.programs, more) };
      else all.push(one);
  }
  return {
    device,
    others: all.filter((one) => one.programs.length > 0 || (device !== null && isOtherEnd(one, device))),
    looked: { namespaces: looked, of: looked + skipped },
    commands,
    missing,
  };
}
