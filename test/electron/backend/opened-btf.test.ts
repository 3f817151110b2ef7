import { gunzipSync, gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { createBackend } from '../../../electron/backend/index.ts';
import { parseBtf } from '../../../shared/btf/decoder.ts';
import { failureOf } from '../../../shared/contract/failure.ts';
import { probeSpec } from '../../../shared/probe/spec.ts';
import { BtfWriter } from '../../shared/btf/writer.ts';

function openClient() {
  return createBackend({
    version: 'test',
    shell: 'browser',
    profileDirectory: '/nonexistent',
    cacheDirectory: '/nonexistent',
    ssh: { configFile: null, identityFiles: [], port: null },
    demo: null,
  }).open({
    event: () => undefined,
    batch: () => undefined,
    ask: async () => expect.fail('nothing was to be asked'),
  });
}

function packed(newer = false): string {
  const w = new BtfWriter();
  const int = w.int('int', 4);
  w.composite('struct', 'sk_buff', newer ? 8 : 4, [{ name: 'len', type: int, bitOffset: newer ? 32 : 0 }]);
  w.function(newer ? 'ip_rcv_core' : 'ip_rcv', w.prototype(int, []));
  return gzipSync(w.bytes()).toString('base64');
}

/** Of a module of the older kernel. */
function packedModule(): string {
  const base = parseBtf(gunzipSync(Buffer.from(packed(), 'base64')));
  const [struct = 0] = base.findAll('sk_buff', 'struct');
  const [int = 0] = base.findAll('int', 'int');
  const w = new BtfWriter({ base });
  w.function('veth_xmit', w.prototype(int, [['skb', w.pointer(struct)]]));
  return gzipSync(w.bytes()).toString('base64');
}

const codeOf = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'done',
    (error: unknown) => failureOf(error).code,
  );

test('a BTF file is a session of which functions and structs can be asked, and nothing else', async () => {
  const { handlers, close } = openClient();
  const info = await handlers.openBtf({ file: 'old.btf', packed: packed() });
  const { session } = info;
  expect(info).toMatchObject({ host: 'old.btf', replay: null, btf: { file: 'old.btf' } });
  expect(await handlers.functions({ session, query: '' })).toMatchObject([
    { name: 'ip_rcv', attachable: 'unknown' },
  ]);
  expect(await handlers.structs({ session, name: 'sk_buff' })).toMatchObject([{ size: 4 }]);
  expect(await codeOf(handlers.survey({ session }))).toBe('btf-only');
  const spec = probeSpec.parse({ function: 'ip_rcv' });
  expect(await codeOf(handlers.prepareProbe({ session, spec }))).toBe('btf-only');
  expect(await codeOf(handlers.startProbe({ session, spec }))).toBe('btf-only');

  const newer = await handlers.openBtf({ file: 'new.btf', packed: packed(true) });
  const sides = { before: session, after: newer.session };
  expect((await handlers.diffFunctions(sides)).totals).toEqual({ added: 1, removed: 1, changed: 0 });
  expect((await handlers.diffStructs(sides)).first).toMatchObject([{ name: 'sk_buff', sizeAfter: 8 }]);

  expect(await handlers.disconnect({ session })).toBeNull();
  expect(await codeOf(handlers.functions({ session, query: '' }))).toBe('not-connected');
  expect(await codeOf(handlers.openBtf({ file: 'x', packed: packed().slice(0, 30) }))).toBe('btf-damaged');
  await close();
  expect(await codeOf(handlers.diffStructs(sides))).toBe('not-connected');
});

test('a module goes on top of its kernel, and cannot be read without', async () => {
  const { handlers, close } = openClient();
  const kernel = await handlers.openBtf({ file: 'vmlinux', packed: packed() });
  const module = { file: 'veth.ko', packed: packedModule() };
  expect(await codeOf(handlers.openBtf(module))).toBe('btf-damaged');
  const both = await handlers.openBtf({ ...module, base: kernel.session });
  expect(both).toMatchObject({ host: 'vmlinux + veth.ko', btf: { file: 'vmlinux + veth.ko' } });
  expect(await handlers.functions({ session: both.session, query: '' })).toMatchObject([
    { name: 'ip_rcv', module: 'vmlinux' },
    { name: 'veth_xmit', module: 'veth', signature: 'int veth_xmit(struct sk_buff *skb)' },
  ]);
  expect(await handlers.functions({ session: kernel.session, query: 'veth' })).toEqual([]);
  // A kernel is one by itself, whatever was opened before.
  const other = await handlers.openBtf({ file: 'new', packed: packed(true), base: kernel.session });
  expect(other.host).toBe('new');
  expect(await codeOf(handlers.openBtf({ ...module, base: 's99' }))).toBe('btf-damaged');
  await close();
});
