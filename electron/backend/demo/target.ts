import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import ssh2 from 'ssh2';
import type { DemoTarget } from '../index.ts';
import { HOST_DEFAULTS } from '../ssh/config.ts';
import type { HostConfig } from '../ssh/config.ts';
import { startDemoServer } from './server.ts';
import { readRecording } from './recording.ts';

/** The demo target over a recording file: started at first use, reached like any other host. Throws `recording-missing`. */
export async function openDemoTarget(
  recordingFile: string,
): Promise<DemoTarget & { close(): Promise<void> }> {
  const recording = await readRecording(recordingFile);
  let started: Promise<{ config: HostConfig; close: () => Promise<void> }> | null = null;

  const start = async (): Promise<{ config: HostConfig; close: () => Promise<void> }> => {
    const directory = await mkdtemp(join(tmpdir(), 'skblens-demo-'));
    const host = newKeyPair();
    const user = newKeyPair();
    const identity = join(directory, 'id_ed25519');
    const knownHosts = join(directory, 'known_hosts');
    const publicBlob = Buffer.from(user.public.split(' ')[1] ?? '', 'base64');
    await writeFile(identity, user.private, { mode: 0o600 });
    const server = await startDemoServer(recording, host.private, publicBlob);
    await writeFile(knownHosts, `[127.0.0.1]:${server.port} ${host.public}\n`, { mode: 0o600 });
    return {
      config: {
        ...HOST_DEFAULTS,
        alias: 'demo',
        hostName: '127.0.0.1',
        port: server.port,
        user: 'root',
        identityFiles: [identity],
        identitiesNamed: true,
        identitiesOnly: true,
        agent: null,
        userKnownHostsFiles: [knownHosts],
        globalKnownHostsFiles: [],
        hostKeyAlias: null,
        strictHostKeyChecking: 'yes',
        connectTimeoutSeconds: 10,
        serverAliveIntervalSeconds: 5,
        serverAliveCountMax: 2,
      },
      close: async () => {
        server.close();
        await rm(directory, { recursive: true, force: true });
      },
    };
  };

  return {
    recording: recording.info,
    start: async () => {
      started ??= start().catch((error: unknown) => {
        started = null;
        throw error;
      });
      return (await started).config;
    },
    close: async () => {
      const running = await started?.catch(() => null);
      started = null;
      await running?.close();
    },
  };
}

/** ssh2 strips a leading zero of the public key, so that it cannot read one pair of 256 that it makes itself. */
function newKeyPair(): { private: string; public: string } {
  for (;;) {
    const pair = ssh2.utils.generateKeyPairSync('ed25519');
    const [privateKey, publicKey]: unknown[] = [pair.private, pair.public].map((text) =>
      ssh2.utils.parseKey(text),
    );
    if (!(privateKey instanceof Error) && !(publicKey instanceof Error)) return pair;
  }
}
