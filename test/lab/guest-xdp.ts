import { GUEST_BPF } from './guest-bpf.ts';
import { FLOOD_DEVICE } from './guest-flood.ts';
import { GUEST_PYTHON } from './guest-python.ts';

/** Everything that the XDP fault sets up in a guest, by name; `lab fix` removes just these. */
export const XDP_SETUP = {
  sender: 'skblens-s',
  redirector: 'skblens-t',
  receiver: 'skblens-r',
  pin: '/sys/fs/bpf/skblens-lab-xdp',
  receiverDevices: ['lab-tunnel', 'lab-r0'],
  tunnel: 'lab-tunnel',
} as const;

/**
 * Three network namespaces in a row, S - T - R, joined by veth pairs, and a tunnel T - R. On T's veth towards S a
 * generic XDP program returns bpf_redirect(tunnel, 0). The frame keeps its Ethernet header, so R finds one where
 * the tunnel must carry IP. S pings R through T (bad); T itself pings R through the tunnel (good).
 * Parameters: `ipip` or `gre`; `initial` or `namespace` (where R is); COUNT; INTERVAL in ms. With `remove` alone
 * it takes down all that any fault set up and says what could not be removed.
 */
export const XDP_SCRIPT = `${GUEST_PYTHON}
${GUEST_BPF}
S = '${XDP_SETUP.sender}'
T = '${XDP_SETUP.redirector}'
R = '${XDP_SETUP.receiver}'
PIN = '${XDP_SETUP.pin}'
TUNNEL = '${XDP_SETUP.tunnel}'
FLOOD = '${FLOOD_DEVICE}'
${String.raw`
SHAPE = '/run/skblens-lab-xdp'
FALLBACK = '/proc/sys/net/core/fb_tunnels_only_for_init_net'
MAC_S, MAC_T = '02:00:5e:20:00:01', '02:00:5e:20:00:02'


def pin_redirect(index):
    """Loads r1 = index; r2 = 0; call bpf_redirect (23); exit, and pins it."""
    program = struct.pack(
        '<BBhiBBhiBBhiBBhi', 0xB7, 1, 0, index, 0xB7, 2, 0, 0, 0x85, 0, 0, 23, 0x95, 0, 0, 0
    )
    loaded = load_xdp(program, b'to_tunnel')
    if not os.path.ismount('/sys/fs/bpf'):
        run('mount', '-t', 'bpf', 'bpf', '/sys/fs/bpf')
    path = ctypes.create_string_buffer(PIN.encode())
    bpf(BPF_OBJ_PIN, struct.pack('<QII', address_of(path), loaded, 0))
    os.close(loaded)


def set_up(kind, receiver):
    r = ['-n', R] if receiver else []
    for name in (S, T) + ((R,) if receiver else ()):
        run('ip', 'netns', 'add', name)
    load_tunnel_module(kind)
    run('ip', 'link', 'add', 'lab-s0', 'netns', S, 'address', MAC_S, 'type', 'veth',
        'peer', 'name', 'lab-t0', 'netns', T, 'address', MAC_T)
    run('ip', *r, 'link', 'add', 'lab-r0', 'type', 'veth', 'peer', 'name', 'lab-t1', 'netns', T)
    run('ip', '-n', T, 'link', 'add', TUNNEL, 'type', kind, 'local', '10.98.2.1', 'remote', '10.98.2.2')
    run('ip', *r, 'link', 'add', TUNNEL, 'type', kind, 'local', '10.98.2.2', 'remote', '10.98.2.1')
    for where, device, address in (
        (['-n', S], 'lab-s0', '10.98.1.1/24'),
        (['-n', T], 'lab-t0', '10.98.1.2/24'),
        (['-n', T], 'lab-t1', '10.98.2.1/24'),
        (r, 'lab-r0', '10.98.2.2/24'),
        (['-n', T], TUNNEL, '10.98.3.1/24'),
        (r, TUNNEL, '10.98.3.2/24'),
    ):
        run('ip', *where, 'link', 'set', device, 'addrgenmode', 'none')
        run('ip', *where, 'link', 'set', device, 'up')
        run('ip', *where, 'address', 'add', address, 'dev', device)
    run('ip', '-n', S, 'neighbour', 'replace', '10.98.1.2', 'lladdr', MAC_T, 'dev', 'lab-s0', 'nud', 'permanent')
    run('ip', '-n', S, 'route', 'add', '10.98.3.0/24', 'via', '10.98.1.2')
    run('ip', *r, 'route', 'add', '10.98.1.0/24', 'via', '10.98.3.1')
    pin_redirect(int(run('ip', '-n', T, '-o', 'link', 'show', TUNNEL).split(':')[0]))
    # ip -n would mount a /sys of its own, without the bpffs; nsenter changes the network namespace alone.
    run('nsenter', '--net=/run/netns/' + T, 'ip', 'link', 'set', 'dev', 'lab-t0', 'xdpgeneric', 'pinned', PIN)


def load_tunnel_module(kind):
    """Without the fallback devices (tunl0, gre0, …) that the module would put into the initial namespace."""
    with open(FALLBACK) as file:
        former = file.read()
    try:
        with open(FALLBACK, 'w') as file:
            file.write('2')
        run('modprobe', 'veth')
        run('modprobe', 'ipip' if kind == 'ipip' else 'ip_gre')
    finally:
        with open(FALLBACK, 'w') as file:
            file.write(former)


def quiet(*words):
    return subprocess.run(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode == 0


def take_down():
    """Removes all that set_up made, also what a run that was cut off left."""
    for name in (S, T, R):
        if not os.path.exists('/run/netns/' + name):
            continue
        for device in ('lab-s0', 'lab-t0', 'lab-t1', 'lab-r0', TUNNEL):
            quiet('ip', '-n', name, 'link', 'del', device)
        quiet('ip', 'netns', 'del', name)
    for device in ('lab-r0', TUNNEL):
        if os.path.exists('/sys/class/net/' + device):
            quiet('ip', 'link', 'del', device)
    for path in (PIN, SHAPE):
        if os.path.exists(path):
            os.unlink(path)


def remove_all():
    take_down()
    for device in ('lab-tun', FLOOD):
        if os.path.exists('/sys/class/net/' + device):
            quiet('ip', 'link', 'del', device)
    for module in ('ipip', 'ip_gre'):
        limit = time.monotonic() + 3
        while os.path.exists('/sys/module/' + module) and not quiet('modprobe', '-r', module):
            if time.monotonic() > limit:
                break
            time.sleep(0.2)
    left = [name for name in (S, T, R) if os.path.exists('/run/netns/' + name)]
    left += [name for name in os.listdir('/sys/class/net') if name not in ('lo', 'eth0', 'bonding_masters')]
    left += [path for path in (PIN, SHAPE) if os.path.exists(path)]
    for name in left:
        print('left\t%s' % name)


def start_ping(namespace, count, interval):
    return subprocess.Popen(
        ['ip', 'netns', 'exec', namespace, 'ping', '-n', '-q', '-c', str(count), '-i', '%.3f' % (interval / 1000),
         '-W', '1', '10.98.3.2'],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )


def finish_ping(ping):
    """The figures of ping's own summary, '3 packets transmitted, 0 received, …'."""
    text = ping.communicate()[0].decode('utf-8', 'replace')
    for line in text.splitlines():
        if 'packets transmitted' in line:
            words = line.replace(',', ' ').split()
            return int(words[0]), int(words[words.index('received') - 1])
    sys.exit('ping said: ' + text.strip())


def main(kind, receiver, count, interval):
    shape = '%s %s\n' % (kind, receiver)
    former = open(SHAPE).read() if os.path.exists(SHAPE) else ''
    if former != shape:
        take_down()
        set_up(kind, receiver)
        with open(SHAPE, 'w') as file:
            file.write(shape)
    before = read_counters(receiver)
    pings = [start_ping(S, count, interval), start_ping(T, count, interval)]
    (bad, _), (good, answered) = [finish_ping(ping) for ping in pings]
    report(receiver, bad, good, answered, before, read_counters(receiver))


lock = take_lock(120)
if sys.argv[1] == 'remove':
    remove_all()
else:
    main(sys.argv[1], R if sys.argv[2] == 'namespace' else None, int(sys.argv[3]), int(sys.argv[4]))
`}`;
