import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { WiresharkReading } from '../../../shared/contract/api.ts';
import { Fail } from '../../../shared/contract/failure.ts';
import { PcapngWriter } from '../../../shared/capture/pcapng-writer.ts';

/** Where Wireshark's installers put it on systems that do not put it on the PATH. */
const PROGRAMS = [
  'tshark',
  '/Applications/Wireshark.app/Contents/MacOS/tshark',
  'C:\\Program Files\\Wireshark\\tshark.exe',
];
const OUTPUT_LIMIT = 512 * 1024;
const MILLISECONDS = 15_000;

/**
 * One packet as the Wireshark of this machine dissects it (tshark(1) -V), with the user's own preferences, but
 * without looking up names: nothing of a packet leaves the machine. `linktype` is what a capture file would say of
 * the bytes. Throws `tshark-missing` and `tshark-failed`.
 */
export async function readWithWireshark(
  linktype: number,
  bytes: Uint8Array,
  programs: readonly string[] = PROGRAMS,
): Promise<WiresharkReading> {
  const writer = new PcapngWriter({ application: 'skblens', os: null, hardware: null, comment: null });
  const point = { function: 'skblens', device: null, linktype };
  const packet = { ...point, ns: 0n, bytes, originalLength: bytes.length, comments: [] };
  const capture = Buffer.concat([writer.start(), writer.packet(packet)]);
  const directory = await mkdtemp(join(tmpdir(), 'skblens-packet-'));
  try {
    const file = join(directory, 'packet.pcapng');
    await writeFile(file, capture, { mode: 0o600 });
    return await dissect(file, programs);
  } finally {
    await rm(directory, { recursive: true });
  }
}

/** tshark cannot read from the sockets that Node gives a child as its stdin: it takes a file. */
async function dissect(file: string, programs: readonly string[]): Promise<WiresharkReading> {
  for (const program of programs) {
    const ended = await run(program, file);
    if (ended === null) continue;
    const text = ended.stdout.toString('utf8');
    if (ended.status !== 0 || text === '')
      throw new Fail('tshark-failed', { program, status: ended.status }, ended.stderr.trim() || null);
    const protocols = /^\s*\[Protocols in frame: ([\w:.-]*)\]$/m.exec(text)?.[1] ?? '';
    return { text: withoutFrame(text), protocols: protocols.split(':').filter(Boolean) };
  }
  throw new Fail('tshark-missing', {});
}

interface Ended {
  readonly status: number | string;
  readonly stdout: Buffer;
  readonly stderr: string;
}

/** Null if there is no such program. */
async function run(program: string, file: string): Promise<Ended | null> {
  const child = spawn(program, ['-n', '-V', '-r', file], {
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: MILLISECONDS,
    windowsHide: true,
  });
  const chunks: Buffer[] = [];
  let size = 0;
  let stderr = '';
  child.stdout.on('data', (chunk: Buffer) => {
    size += chunk.length;
    if (size > OUTPUT_LIMIT) child.kill();
    else chunks.push(chunk);
  });
  child.stderr.on('data', (chunk: Buffer) => {
    if (stderr.length < 4096) stderr += chunk.toString('utf8');
  });
  return await new Promise<Ended | null>((resolve) => {
    child.once('error', () => resolve(null));
    child.once('close', (code, signal) =>
      resolve({ status: code ?? signal ?? -1, stdout: Buffer.concat(chunks), stderr }),
    );
  });
}

/** What tshark says of the frame is about the capture file, which is ours; the packet begins behind it. */
function withoutFrame(text: string): string {
  return text.replace(/^Frame \d+:.*\n(?: .*\n)*/, '').trimEnd();
}
