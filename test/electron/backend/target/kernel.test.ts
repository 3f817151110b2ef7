import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openDemoTarget } from '../../../../electron/backend/demo/target.ts';
import { createBackend } from '../../../../electron/backend/index.ts';
import type { Page } from '../../../../shared/contract/api.ts';
import { failureOf } from '../../../../shared/contract/failure.ts';
import { PACKET_PATH } from '../../../../shared/probe/packet-path.ts';
import { probeSpec } from '../../../../shared/probe/spec.ts';

const RECORDING = fileURLToPath(
  new URL('../../../../electron/backend/demo/recording.jsonl.gz', import.meta.url),
);

let directory = '';
let demo: Awaited<ReturnType<typeof openDemoTarget>>;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'skblens-kernel-test-'));
  demo = await openDemoTarget(RECORDING);
});
afterAll(async () => {
  await demo.close();
  await rm(directory, { recursive: true });
});

/** A page that keeps what ran on the target. */
function connectDemo() {
  const commands: string[] = [];
  const page: Page = {
    event: (name, payload) => {
      if (name === 'commandRan') commands.push((payload as { purpose: string }).purpose);
    },
    batch: () => undefined,
    ask: async () => expect.fail('nothing was to be asked'),
  };
  const { handlers, close } = createBackend({
    version: 'test',
    shell: 'browser',
    profileDirectory: join(directory, 'profiles'),
    cacheDirectory: join(directory, 'cache'),
    ssh: { configFile: null, identityFiles: [], port: null },
    demo,
  }).open(page);
  return { handlers, close, commands };
}

test(
  'the functions of a recorded kernel: downloaded once, then from the cache',
  { timeout: 60_000 },
  async () => {
    const first = connectDemo();
    const { session } = await first.handlers.connectDemo({});
    const all = await first.handlers.functions({ session, query: '' });
    expect(all.length).toBeGreaterThan(30_000);
    expect(all.every(({ name }, at) => at === 0 || (all[at - 1]?.name ?? '') <= name)).toBe(true);
    expect((await first.handlers.functions({ session, query: 'ip_rcv_core' }))[0]).toMatchObject({
      name: 'ip_rcv_core',
      attachable: 'yes',
      reason: '',
    });
    const candidates = await first.handlers.functions({ session, query: 'icmp arg:sk_buff ->int' });
    expect(candidates.length).toBeGreaterThan(3);
    for (const { signature } of candidates)
      expect(signature).toMatch(/^(?:static )?int .*icmp.*struct sk_buff \*/);
    const here = new Set(all.map(({ name }) => name));
    // The compiler made a clone of it, which is in no BTF.
    expect(PACKET_PATH.map(({ name }) => name).filter((name) => !here.has(name))).toEqual([
      '__netif_receive_skb_core',
    ]);
    expect(first.commands).toContain('btf');
    await first.close();

    const second = connectDemo();
    const again = await second.handlers.connectDemo({});
    expect(await second.handlers.functions({ session: again.session, query: '' })).toEqual(all);
    expect(second.commands).toContain('kernel identity');
    expect(second.commands).not.toContain('btf');
    await second.close();
  },
);

test(
  'what cannot be probed, or is not there, is said before anything runs',
  { timeout: 60_000 },
  async () => {
    const { handlers, close, commands } = connectDemo();
    const { session } = await handlers.connectDemo({});
    const codeOf = (promise: Promise<unknown>): Promise<string> =>
      promise.then(
        () => 'none',
        (error: unknown) => failureOf(error).code,
      );
    const refused = (await handlers.functions({ session, query: '' })).find(
      ({ attachable, module }) => attachable === 'no' && module === 'vmlinux',
    );
    const spec = probeSpec.parse({ function: refused?.name ?? expect.fail('everything is attachable') });
    expect(await codeOf(handlers.prepareProbe({ session, spec }))).toBe('function-not-attachable');
    expect(await codeOf(handlers.startProbe({ session, spec }))).toBe('function-not-attachable');
    const unknown = probeSpec.parse({ function: 'no_such_function' });
    expect(await codeOf(handlers.prepareProbe({ session, spec: unknown }))).toBe('function-unknown');
    expect(await codeOf(handlers.structs({ session, name: 'sk_bufff' }))).toBe('struct-unknown');
    expect((await handlers.structs({ session, name: 'sk_buff' }))[0]).toMatchObject({ module: 'vmlinux' });
    expect(commands).not.toContain('probe');
    await close();
  },
);
