/** Python that follows GUEST_PYTHON: bpf(2), and XDP programs of a few instructions, so that no compiler is needed. */
export const GUEST_BPF = String.raw`
import ctypes

SYS_BPF, BPF_PROG_LOAD, BPF_OBJ_PIN, BPF_PROG_RUN, BPF_PROG_TYPE_XDP = 321, 5, 6, 10, 6


def bpf(command, attributes):
    libc = ctypes.CDLL(None, use_errno=True)
    buffer = ctypes.create_string_buffer(attributes, len(attributes))
    result = libc.syscall(SYS_BPF, command, buffer, len(attributes))
    if result < 0:
        number = ctypes.get_errno()
        sys.exit('bpf(%d) failed: %s' % (command, os.strerror(number)))
    return result


def address_of(buffer):
    return ctypes.cast(buffer, ctypes.c_void_p).value


def load_xdp(program, name):
    """The file descriptor of an XDP program of 8-byte instructions."""
    instructions = ctypes.create_string_buffer(program, len(program))
    license = ctypes.create_string_buffer(b'GPL')
    log = ctypes.create_string_buffer(4096)
    return bpf(
        BPF_PROG_LOAD,
        struct.pack(
            '<IIQQIIQII16s', BPF_PROG_TYPE_XDP, len(program) // 8, address_of(instructions),
            address_of(license), 1, len(log), address_of(log), 0, 0, name,
        ),
    )
`;
