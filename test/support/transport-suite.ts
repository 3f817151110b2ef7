import { describe, expect, test, vi } from 'vitest';
import type { Backend, BackendHandlers, Page, PageEvents } from '../../shared/contract/api.ts';
import { Fail, failureOf } from '../../shared/contract/failure.ts';
import { connectBackend, serveBackend } from '../../shared/contract/rpc.ts';
import type { Transport } from '../../shared/contract/transport.ts';

/** The two ends of one wire. */
export interface Wire {
  readonly backendEnd: Transport;
  readonly pageEnd: Transport;
}

type Served = Wire & { page: Page; backend: Backend; batches: Uint8Array[]; events: unknown[] };

/** What a page and a backend may rely on, whatever wire lies between them. */
export function transportSuite(name: string, makeWire: () => Promise<Wire>): void {
  const serve = async (handlers: Partial<BackendHandlers>): Promise<Served> => {
    const wire = await makeWire();
    const batches: Uint8Array[] = [];
    const events: unknown[] = [];
    let page: Page | null = null;
    serveBackend(wire.backendEnd, (given) => {
      page = given;
      return handlers as BackendHandlers;
    });
    const told: Partial<PageEvents> = { countersFailed: (payload) => void events.push(payload) };
    const backend = connectBackend(
      wire.pageEnd,
      told as PageEvents,
      { hostKey: async ({ host }) => (host === 'known' ? 'save' : 'cancel'), secret: async () => null },
      (bytes) => void batches.push(bytes),
    );
    if (!page) throw new Error('the backend was given no page');
    return { ...wire, page, backend, batches, events };
  };

  describe(name, () => {
    test('a call goes there and its answer comes back', async () => {
      const stopProbe = vi.fn(async () => null);
      const { backend } = await serve({ stopProbe, profiles: async () => [] });
      expect(await backend.stopProbe({ run: 7 })).toBe(null);
      expect(stopProbe).toHaveBeenCalledExactlyOnceWith({ run: 7 });
      expect(await backend.profiles({})).toEqual([]);
    });

    test('calls in flight keep their own answers', async () => {
      const credit = async ({ run, bytes }: { run: number; bytes: number }) => {
        await new Promise((resolve) => setTimeout(resolve, bytes));
        if (run % 2 === 1) throw new Fail('run-unknown', { run });
        return null;
      };
      const { backend } = await serve({ credit });
      const answers = await Promise.allSettled(
        [0, 1, 2, 3].map((run) => backend.credit({ run, bytes: 20 - run * 5 })),
      );
      expect(answers.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled', 'rejected']);
    });

    test('a failure keeps its code, its numbers and its remedy', async () => {
      const thrown = new Fail('run-unknown', { run: 3 }, 'as the target said it');
      const { backend } = await serve({
        stopProbe: async () => {
          throw thrown;
        },
      });
      const caught: unknown = await backend.stopProbe({ run: 3 }).catch((error: unknown) => error);
      expect(caught).toBeInstanceOf(Fail);
      expect(failureOf(caught)).toEqual(thrown.failure);
    });

    test('input that breaks the contract never reaches the backend', async () => {
      const stopProbe = vi.fn(async () => null);
      const { backend } = await serve({ stopProbe });
      const hostile = [{ run: -1 }, { run: 1.5 }, { run: '1' }, { run: 1, more: 1 }, {}, null, [1]];
      for (const input of hostile) {
        const caught: unknown = await backend
          .stopProbe(input as { run: number })
          .catch((error: unknown) => error);
        expect(failureOf(caught).code, JSON.stringify(input)).toBe('invalid-call');
      }
      expect(stopProbe).not.toHaveBeenCalled();
    });

    test('events and batches arrive in order, bytes as they were', async () => {
      const { page, batches, events } = await serve({});
      const backing = new Uint8Array(4096).map((_, index) => index);
      const failure = failureOf(new Fail('run-unknown', { run: 1 }));
      for (let index = 0; index < 3; index += 1) {
        page.batch(backing.subarray(index * 100, index * 100 + 50));
        page.event('countersFailed', { session: `s${index}`, failure });
      }
      await vi.waitFor(() => expect([batches.length, events.length]).toEqual([3, 3]));
      expect(events.map((event) => (event as { session: string }).session)).toEqual(['s0', 's1', 's2']);
      batches.forEach((bytes, index) => {
        expect(bytes).toBeInstanceOf(Uint8Array);
        expect([...bytes]).toEqual([...backing.subarray(index * 100, index * 100 + 50)]);
      });
    });

    test('a batch brings no more than its own bytes over the wire', async () => {
      const { page, batches } = await serve({});
      page.batch(new Uint8Array(1 << 20).subarray(10, 20));
      await vi.waitFor(() => expect(batches).toHaveLength(1));
      expect(batches[0]?.byteLength).toBe(10);
      expect(batches[0]?.buffer.byteLength).toBeLessThan(1 << 20);
    });

    test('a question is answered by the page', async () => {
      const { page } = await serve({});
      const question = { host: 'known', type: 'ssh-ed25519', fingerprint: 'SHA256:x', file: '/f' };
      expect(await page.ask('hostKey', question)).toBe('save');
      expect(await page.ask('hostKey', { ...question, host: 'other' })).toBe('cancel');
    });

    test('when the backend goes away, a call in flight says so', async () => {
      const { backend, backendEnd } = await serve({ stopProbe: () => new Promise(() => undefined) });
      const waiting = backend.stopProbe({ run: 1 }).catch((error: unknown) => failureOf(error).code);
      await new Promise((resolve) => setTimeout(resolve, 20));
      backendEnd.close();
      expect(await waiting).toBe('connection-lost');
    });

    test('and so does every call after that', async () => {
      const { backend, backendEnd } = await serve({ profiles: async () => [] });
      backendEnd.close();
      await new Promise((resolve) => setTimeout(resolve, 20));
      const caught: unknown = await backend.profiles({}).catch((error: unknown) => error);
      expect(failureOf(caught).code).toBe('connection-lost');
    });
  });
}
