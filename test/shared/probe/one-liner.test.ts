import { expect, test } from 'vitest';
import { bpftraceOneLiner } from '../../../shared/probe/one-liner.ts';

const probed = {
  name: 'vfs_write',
  module: 'vmlinux',
  described: true,
  parameters: [
    { type: 'struct file *', name: 'file' },
    { type: 'const char *', name: 'buf' },
    { type: 'size_t', name: 'count' },
    { type: 'struct path', name: 'by_value' },
    { type: 'unsigned long long', name: 'wide' },
    { type: 'enum skb_drop_reason', name: 'reason' },
    { type: 'int', name: '' },
  ],
};

test('every argument that bpftrace has a format for', () => {
  expect(bpftraceOneLiner(probed, { major: 0, minor: 23 })).toBe(
    `bpftrace -e 'fentry:vmlinux:vfs_write { printf("%s %d file=%p buf=%s count=%ld wide=%ld reason=%ld\\n", comm, pid, args->file, str(args->buf), args->count, args->wide, args->reason); }'`,
  );
});

test('an older bpftrace knows it as kfunc', () => {
  expect(bpftraceOneLiner({ ...probed, parameters: [] }, { major: 0, minor: 19 })).toBe(
    `bpftrace -e 'kfunc:vmlinux:vfs_write { printf("%s %d\\n", comm, pid); }'`,
  );
  expect(bpftraceOneLiner(probed, null)).toContain("'fentry:");
});

test('a function without BTF is probed by kprobe', () => {
  const bare = { name: 'tcp_ack.isra.0', module: 'vmlinux', described: false, parameters: [] };
  expect(bpftraceOneLiner(bare, { major: 0, minor: 23 })).toBe(
    `bpftrace -e 'kprobe:tcp_ack.isra.0 { printf("%s %d\\n", comm, pid); }'`,
  );
});

test('no name leaves the quotes of the shell', () => {
  const hostile = bpftraceOneLiner(
    { ...probed, parameters: [{ type: 'int', name: "x'; reboot; '" }] },
    { major: 0, minor: 23 },
  );
  expect(hostile.match(/'/g)).toHaveLength(2);
  expect(hostile).not.toContain('reboot');
});
