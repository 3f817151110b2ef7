import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readWithWireshark } from '../../../../electron/backend/local/tshark.ts';
import { failureOf } from '../../../../shared/contract/failure.ts';
import type { Failure } from '../../../../shared/contract/failure.ts';
import { needs } from '../../../support/needs.ts';

const IP = '45000054e223400040013fbf0a6201010a630202080054db01de0001';
const FRAME = Buffer.from(`02005e20000202005e2000010800${IP}`, 'hex');

async function failure(promise: Promise<unknown>): Promise<Failure> {
  return promise.then(
    () => expect.fail('it did not fail'),
    (error: unknown) => failureOf(error),
  );
}

describe('a packet as Wireshark reads it', () => {
  let directory = '';
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'skblens-tshark-'));
  });
  afterAll(async () => {
    await rm(directory, { recursive: true });
  });
  const script = async (name: string, text: string): Promise<string> => {
    const file = join(directory, name);
    await writeFile(file, `#!/bin/sh\n${text}\n`);
    await chmod(file, 0o755);
    return file;
  };

  test('tshark-missing: nowhere on this machine', async () => {
    const failed = await failure(readWithWireshark(1, FRAME, [join(directory, 'none'), '/nowhere/tshark']));
    expect(failed.code).toBe('tshark-missing');
  });

  test('tshark-failed: with its status and its words', async () => {
    const broken = await script('broken', 'echo "no plugins" >&2; exit 2');
    const failed = await failure(readWithWireshark(1, FRAME, [join(directory, 'none'), broken]));
    expect(failed).toMatchObject({ code: 'tshark-failed', detail: 'no plugins' });
    expect(failed.values['status']).toBe(2);
  });

  test('output without end is cut off and refused', async () => {
    const endless = await script('endless', 'exec yes');
    expect((await failure(readWithWireshark(1, FRAME, [endless]))).code).toBe('tshark-failed');
  });
});

needs('tshark')('a packet as the tshark of this machine reads it', () => {
  test('the same bytes under two link types are two packets', async () => {
    const asFrame = await readWithWireshark(1, FRAME);
    expect(asFrame.protocols.slice(0, 3)).toEqual(['eth', 'ethertype', 'ip']);
    expect(asFrame.text).toMatch(/^Ethernet II/);
    expect(asFrame.text).toContain('10.98.1.1');
    const asIp = await readWithWireshark(101, FRAME);
    expect(asIp.protocols[0]).toBe('raw');
    expect(asIp.text).not.toContain('10.98.1.1');
    expect(asIp.text).not.toContain('Frame Number');
  });

  test('no bytes at all are no failure', async () => {
    expect((await readWithWireshark(101, new Uint8Array(0))).protocols).toEqual(['raw']);
  });
});
