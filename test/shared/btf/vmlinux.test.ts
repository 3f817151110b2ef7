import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { prototype } from '../../../shared/btf/declare.ts';
import { parseBtf } from '../../../shared/btf/decoder.ts';
import { listFunctions } from '../../../shared/btf/functions.ts';
import { layoutOf, namedMembers } from '../../../shared/btf/layout.ts';
import { resolvePath } from '../../../shared/btf/path.ts';
import { describeWith, unreadable } from './tool.ts';

const vmlinux = '/sys/kernel/btf/vmlinux';

describeWith('the BTF of the running kernel', unreadable(vmlinux), () => {
  const btf = parseBtf(readFileSync(vmlinux));

  test('lists its functions in name order', () => {
    const names = listFunctions(btf).names;
    expect(names.length).toBeGreaterThan(10_000);
    expect(names).toContain('ip_rcv_core');
    expect(names.every((name, i) => i === 0 || (names[i - 1] ?? '') <= name)).toBe(true);
  });

  test('writes C prototypes', () => {
    const [id] = btf.findAll('ip_rcv_core', 'func');
    expect(prototype(btf, id ?? 0)).toBe('struct sk_buff *ip_rcv_core(struct sk_buff *skb, struct net *net)');
    const [read] = btf.findAll('vfs_read', 'func');
    expect(prototype(btf, read ?? 0)).toMatch(
      /^ssize_t vfs_read\(struct file \*file, char (__user )?\*buf, size_t count, loff_t \*pos\)$/,
    );
  });

  test('lays out sk_buff', () => {
    const [id] = btf.findAll('sk_buff', 'struct');
    const members = namedMembers(layoutOf(btf, id ?? 0));
    const data = members.find((member) => member.path === 'data');
    expect(data).toMatchObject({ bits: 64, type: 'unsigned char *', bitfield: false });
    expect(resolvePath(btf, 'sk_buff.data')).toMatchObject({
      byteOffset: data?.byteOffset,
      bitOffset: (data?.byteOffset ?? 0) * 8,
      bits: 64,
    });
    expect(resolvePath(btf, 'sk_buff.pkt_type').bits).toBe(3);
    expect(resolvePath(btf, 'sk_buff.dev->name[2]')).toMatchObject({ pointers: [16], bits: 8, type: 'char' });
  });
});
