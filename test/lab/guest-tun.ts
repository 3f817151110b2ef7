import { TUN_ADDRESS, TUN_ADDRESS_6 } from './cases.ts';
import { GUEST_PYTHON } from './guest-python.ts';

/** The TUN device of the guest. It stays between runs, until `lab fix`. */
export const TUN_DEVICE = 'lab-tun';

/**
 * Writes packets to a TUN device that has packet information (IFF_TUN without IFF_NO_PI), a good one after each
 * bad one, and reads the kernel's answers. Parameters: COUNT, INTERVAL in ms, then for each case three:
 * PROTOCOL of the packet information in hexadecimal, BAD packet in hexadecimal or `-`, GOOD packet in hexadecimal.
 * Each case is reported by itself, in order.
 */
export const TUN_SCRIPT = `${GUEST_PYTHON}
DEVICE = '${TUN_DEVICE}'
ADDRESSES = ('${TUN_ADDRESS}/24', '${TUN_ADDRESS_6}/64')
${String.raw`
TUNSETIFF = 0x400454ca
TUNSETPERSIST = 0x400454cb
IFF_TUN = 0x0001


def open_device():
    run('modprobe', 'tun')
    device = os.open('/dev/net/tun', os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
    fcntl.ioctl(device, TUNSETIFF, struct.pack('16sH22x', DEVICE.encode(), IFF_TUN))
    fcntl.ioctl(device, TUNSETPERSIST, 1)
    run('ip', 'link', 'set', DEVICE, 'addrgenmode', 'none')
    run('ip', 'link', 'set', DEVICE, 'up')
    run('ip', 'address', 'replace', ADDRESSES[0], 'dev', DEVICE)
    run('ip', 'address', 'replace', ADDRESSES[1], 'dev', DEVICE, 'nodad')
    return device


def answers(device):
    """How many echo replies the kernel has sent to the device since the last call."""
    count = 0
    while True:
        try:
            packet = os.read(device, 4096)[4:]
        except BlockingIOError:
            return count
        if packet[:1] == b'\x45' and packet[9:10] == b'\x01' and packet[20:21] == b'\x00':
            count += 1
        if packet[:1] == b'\x60' and packet[6:7] == b'\x3a' and packet[40:41] == b'\x81':
            count += 1


def send(device, count, interval, protocol, bad, good):
    information = struct.pack('!HH', 0, int(protocol, 16))
    answers(device)
    before = read_counters(None)
    sent_bad = answered = 0
    for number in range(count):
        if number:
            time.sleep(interval / 1000)
        if bad is not None:
            os.write(device, information + bad)
            sent_bad += 1
        os.write(device, information + good)
        answered += answers(device)
    limit = time.monotonic() + 1
    while answered < count and time.monotonic() < limit:
        time.sleep(0.02)
        answered += answers(device)
    report(None, sent_bad, count, answered, before, read_counters(None))


lock = take_lock(120)
device = open_device()
for at in range(3, len(sys.argv), 3):
    protocol, bad, good = sys.argv[at:at + 3]
    send(
        device,
        int(sys.argv[1]),
        int(sys.argv[2]),
        protocol,
        None if bad == '-' else bytes.fromhex(bad),
        bytes.fromhex(good),
    )
`}`;
