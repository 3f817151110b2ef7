import { z } from 'zod';
import type { DeviceDescription, DeviceProgram, DeviceQdisc } from '../contract/target-state.ts';

/** More than a host with many containers has; the rest is passed over. */
const MAX_DEVICES = 5000;
const MAX_PROGRAMS = 64;

const number = z.number().int().nonnegative();
const text = z.string().max(256);
const program = z.object({ id: number.optional(), name: text.optional() });
const attached = z.object({ mode: number.optional(), prog: program.optional() });

/** `ip -d -j link show` (iproute2, ip/ipaddress.c): one object a device. */
const link = z.object({
  ifindex: number,
  ifname: text,
  flags: z.array(text).max(64).catch([]),
  mtu: number.nullable().catch(null),
  link_type: text.catch(''),
  linkinfo: z
    .object({
      info_kind: text.optional(),
      info_data: z.object({ local: text.optional(), remote: text.optional() }).optional(),
    })
    .optional()
    .catch(undefined),
  xdp: attached
    .extend({ attached: z.array(attached).max(8).optional() })
    .optional()
    .catch(undefined),
});

/** `bpftool -j net show` (net.c): programs by device; tc entries name theirs `id` or, behind links, `prog_id`. */
const netEntry = z.object({
  ifindex: number,
  kind: text.optional(),
  mode: text.optional(),
  name: text.optional(),
  id: number.optional(),
  prog_id: number.optional(),
});
const net = z.array(z.object({ xdp: z.array(z.unknown()).catch([]), tc: z.array(z.unknown()).catch([]) }));

/** `tc -j qdisc show`. */
const qdisc = z.object({ kind: text, handle: text.catch(''), dev: text });

/** `tc -j filter show dev … ingress`: cls_bpf with the program behind it. */
const filter = z.object({
  kind: text,
  options: z.object({ bpf_name: text.optional(), prog: program.optional() }),
});

/** XDP_ATTACHED_* of include/uapi/linux/if_link.h. */
const XDP_MODES = ['', 'driver', 'generic', 'offloaded', 'several'];

/** What the commands said in one network namespace; an empty text where one is not there. */
export interface NamespaceOutput {
  readonly netns: number;
  readonly link: string;
  readonly net: string;
  readonly qdisc: string;
}

/** The devices of one namespace with their programs and queueing disciplines. Output that is no such JSON gives none. */
export function describeDevices(output: NamespaceOutput): DeviceDescription[] {
  const nets = net.safeParse(json(output.net)).data?.[0];
  const byBpftool = new Map<number, DeviceProgram[]>();
  const add = (ifindex: number, one: DeviceProgram): void => {
    const list = byBpftool.get(ifindex) ?? [];
    if (list.length < MAX_PROGRAMS) list.push(one);
    byBpftool.set(ifindex, list);
  };
  for (const one of entries(nets?.xdp, netEntry))
    add(one.ifindex, { hook: `xdp ${one.mode ?? ''}`.trim(), id: one.id ?? null, name: one.name ?? '' });
  for (const one of entries(nets?.tc, netEntry))
    add(one.ifindex, {
      hook: hookOf(one.kind ?? 'tc'),
      id: one.prog_id ?? one.id ?? null,
      name: one.name ?? '',
    });
  const qdiscs = new Map<string, DeviceQdisc[]>();
  for (const { kind, handle, dev } of entries(json(output.qdisc), qdisc)) {
    const list = qdiscs.get(dev) ?? [];
    if (list.length < MAX_PROGRAMS) list.push({ kind, handle });
    qdiscs.set(dev, list);
  }
  return entries(json(output.link), link)
    .slice(0, MAX_DEVICES)
    .map((one) => ({
      ifindex: one.ifindex,
      name: one.ifname,
      netns: output.netns,
      linkType: one.link_type,
      kind: one.linkinfo?.info_kind ?? '',
      up: one.flags.includes('UP'),
      mtu: one.mtu,
      local: endOf(one.linkinfo?.info_data?.local),
      remote: endOf(one.linkinfo?.info_data?.remote),
      programs: merged(xdpPrograms(one.xdp), byBpftool.get(one.ifindex) ?? []),
      qdiscs: qdiscs.get(one.ifname) ?? [],
    }));
}

/** Programs of `tc -j filter show`, and of the routes that `ip -d route show` prints with `encap bpf`. */
export function filterPrograms(ingress: string, egress: string, routes: string): DeviceProgram[] {
  const found: DeviceProgram[] = [];
  for (const [side, said] of [
    ['ingress', ingress],
    ['egress', egress],
  ] as const)
    for (const { options } of entries(json(said), filter))
      if (options.prog !== undefined || options.bpf_name !== undefined)
        found.push({
          hook: `tc ${side}`,
          id: options.prog?.id ?? null,
          name: options.prog?.name ?? options.bpf_name ?? '',
        });
  for (const line of routes.split('\n').slice(0, MAX_PROGRAMS))
    for (const match of /encap bpf (.{1,500})$/.exec(line)?.[1]?.matchAll(/\b(in|out|xmit) (\S{1,128})/g) ??
      [])
      found.push({ hook: `lwt ${match[1]}`, id: null, name: match[2] ?? '' });
  return found.slice(0, MAX_PROGRAMS);
}

/** The same program may be told of by ip, bpftool and tc: once with its id is enough. */
export function merged(
  known: readonly DeviceProgram[],
  more: readonly DeviceProgram[],
): readonly DeviceProgram[] {
  const list = [...known];
  for (const one of more) {
    const at = list.findIndex(({ hook, id }) => id === one.id && sameHook(hook, one.hook));
    const same = list[at];
    if (same === undefined) list.push(one);
    else if (same.name === '') list[at] = { ...same, name: one.name };
  }
  return list;
}

/** The device that a tunnel's packets come out of, where it is on the same host. */
export function isOtherEnd(one: DeviceDescription, other: DeviceDescription): boolean {
  return (
    one.kind === other.kind && one.remote !== '' && one.remote === other.local && one.local === other.remote
  );
}

function sameHook(one: string, other: string): boolean {
  const [kind] = one.split(' ');
  return kind === 'xdp' ? other.startsWith('xdp') : one === other;
}

function xdpPrograms(xdp: z.infer<typeof link>['xdp']): DeviceProgram[] {
  if (xdp === undefined) return [];
  const list = xdp.attached !== undefined && xdp.attached.length > 0 ? xdp.attached : [xdp];
  return list.map(({ mode, prog }) => ({
    hook: `xdp ${XDP_MODES[mode ?? 0] ?? ''}`.trim(),
    id: prog?.id ?? null,
    name: prog?.name ?? '',
  }));
}

/** bpftool's `clsact/ingress`, `tcx/egress`, `netkit/primary`. */
function hookOf(kind: string): string {
  return kind.replace('clsact/', 'tc ').replace('/', ' ');
}

/** `any` and 0.0.0.0 are no end. */
function endOf(address: string | undefined): string {
  return address === undefined || /^(?:any|0\.0\.0\.0|::)$/.test(address) ? '' : address;
}

function json(said: string): unknown {
  try {
    return JSON.parse(said) as unknown;
  } catch {
    return null;
  }
}

function entries<T extends z.ZodType>(list: unknown, shape: T): z.output<T>[] {
  if (!Array.isArray(list)) return [];
  const found: z.output<T>[] = [];
  for (const one of list) {
    const parsed = shape.safeParse(one);
    if (parsed.success) found.push(parsed.data);
  }
  return found;
}
