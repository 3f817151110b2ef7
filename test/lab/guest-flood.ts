import { GUEST_BPF } from './guest-bpf.ts';
import { GUEST_PYTHON } from './guest-python.ts';

/** The dummy device of the guest that a flood arrives at. It goes when the flood ends, and with `lab fix`. */
export const FLOOD_DEVICE = 'lab-flood';
const FLOOD_MAC = '02:00:5e:10:00:03';

/**
 * Frames at a rate, straight into the guest's own stack: an XDP program that returns XDP_PASS is run over one frame
 * many times by BPF_PROG_RUN with BPF_F_TEST_XDP_LIVE_FRAMES (Linux 5.18), and each frame goes the way that a driver's
 * goes. Nothing leaves the guest. Parameters: RATE a second, SECONDS, FRAME in hexadecimal without its two MACs.
 * It ends after SECONDS, whatever was sent by then, and reports as break.ts reads it, with a line `took SECONDS`.
 */
export const FLOOD_SCRIPT = `${GUEST_PYTHON}
${GUEST_BPF}
DEVICE = '${FLOOD_DEVICE}'
MAC = '${FLOOD_MAC}'
${String.raw`
XDP_PASS, BPF_F_TEST_XDP_LIVE_FRAMES = 2, 2
EVERY = 0.01
MOST_AT_ONCE = 1024


def remove_device():
    subprocess.run(['ip', 'link', 'del', DEVICE], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def open_device():
    remove_device()
    run('modprobe', 'dummy', 'numdummies=0')
    run('ip', 'link', 'add', DEVICE, 'address', MAC, 'type', 'dummy')
    run('ip', 'link', 'set', DEVICE, 'addrgenmode', 'none')
    run('ip', 'link', 'set', DEVICE, 'up')
    with open('/sys/class/net/%s/ifindex' % DEVICE) as file:
        return int(file.read())


def flood(index, rate, seconds, frame):
    program = load_xdp(struct.pack('<BBhiBBhi', 0xB7, 0, 0, XDP_PASS, 0x95, 0, 0, 0), b'to_stack')
    data = ctypes.create_string_buffer(frame, len(frame))
    context = ctypes.create_string_buffer(struct.pack('<6I', 0, len(frame), 0, index, 0, 0), 24)
    before = read_counters(None)
    began = time.monotonic()
    sent = 0
    passed = 0.0
    while passed < seconds:
        due = min(int(rate * passed) - sent, MOST_AT_ONCE)
        if due > 0:
            bpf(
                BPF_PROG_RUN,
                struct.pack(
                    '<IIIIQQIIIIQQIII4x', program, 0, len(frame), 0, address_of(data), 0, due, 0,
                    len(context), 0, address_of(context), 0, BPF_F_TEST_XDP_LIVE_FRAMES, 0, 0,
                ),
            )
            sent += due
        time.sleep(EVERY)
        passed = time.monotonic() - began
    report(None, sent, 0, 0, before, read_counters(None))
    print('took\t%.3f' % passed)


lock = take_lock(120)
try:
    source = bytes.fromhex('02005e100004')
    frame = bytes.fromhex(MAC.replace(':', '')) + source + bytes.fromhex(sys.argv[3])
    flood(open_device(), int(sys.argv[1]), float(sys.argv[2]), frame)
finally:
    remove_device()
`}`;
