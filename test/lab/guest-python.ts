/**
 * Python that every fault script begins with: counters of the network namespace the script stands in, the lock
 * that lets one fault run at a time in a guest, and the lines that break.ts reads.
 *
 * Output: one line each, tab separated: `namespace NAME INODE`, `sent good|bad COUNT`, `answered COUNT`,
 * `counter NAME BEFORE AFTER`.
 */
export const GUEST_PYTHON = String.raw`
import errno, fcntl, os, struct, subprocess, sys, time

LOCK = '/run/skblens-lab-fault.lock'


def take_lock(seconds):
    """Waits until no other fault script runs in this guest; the lock ends with the process."""
    lock = os.open(LOCK, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    limit = time.monotonic() + seconds
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return lock
        except OSError as error:
            if error.errno != errno.EAGAIN or time.monotonic() > limit:
                sys.exit('another fault has been running for %d s' % seconds)
        time.sleep(0.1)


def run(*words):
    """Runs a command of the guest and returns its output; ends the script when it fails."""
    done = subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    text = done.stdout.decode('utf-8', 'replace')
    if done.returncode != 0:
        sys.exit('%s ended with %d: %s' % (' '.join(words), done.returncode, text.strip()))
    return text


def pairs(text, prefix):
    """The two lines 'PREFIX: name name' and 'PREFIX: 1 2' of /proc/net/snmp and /proc/net/netstat."""
    lines = [line.split()[1:] for line in text.splitlines() if line.startswith(prefix + ':')]
    return dict(zip(lines[0], lines[1]))


def read_counters(namespace):
    """InHdrErrors, InCsumErrors and Ip6InHdrErrors of a network namespace (None: the initial one)."""
    def read(name):
        if namespace is None:
            with open('/proc/net/' + name) as file:
                return file.read()
        return run('ip', 'netns', 'exec', namespace, 'cat', '/proc/net/' + name)

    ip6 = dict(line.split()[:2] for line in read('snmp6').splitlines() if line.strip())
    return {
        'InHdrErrors': int(pairs(read('snmp'), 'Ip')['InHdrErrors']),
        'InCsumErrors': int(pairs(read('netstat'), 'IpExt')['InCsumErrors']),
        'Ip6InHdrErrors': int(ip6['Ip6InHdrErrors']),
    }


def report(namespace, bad, good, answered, before, after):
    path = '/proc/self/ns/net' if namespace is None else '/run/netns/' + namespace
    print('namespace\t%s\t%d' % (namespace or 'initial', os.stat(path).st_ino))
    print('sent\tbad\t%d' % bad)
    print('sent\tgood\t%d' % good)
    print('answered\t%d' % answered)
    for name in before:
        print('counter\t%s\t%d\t%d' % (name, before[name], after[name]))
`;
