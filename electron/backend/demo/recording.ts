import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { z } from 'zod';
import type { RecordingInfo } from '../../../shared/contract/api.ts';
import { Fail } from '../../../shared/contract/failure.ts';

/**
 * A recording of a real target, made by `npm run lab -- record`: gzipped JSON lines. The first is the
 * header; each other is one leashed command with what it wrote, in chunks with their times:
 *
 *     {"recording":1,"kernel":"6.1.0-…","bpftrace":"0.17.0","recorded":"2026-11-22"}
 *     {"command":"/bin/sh","input":"…","chunks":[[milliseconds,"base64"],…],"interruptedAt":null,"exit":0}
 *
 * `interruptedAt`: the millisecond at which the recorder sent SIGINT; later chunks are its END.
 */
const header = z.strictObject({
  recording: z.literal(1),
  kernel: z.string(),
  bpftrace: z.string(),
  recorded: z.iso.date(),
});

const recordedCommand = z.strictObject({
  command: z.string(),
  input: z.string(),
  chunks: z.array(z.tuple([z.number().nonnegative(), z.base64()])),
  interruptedAt: z.number().nullable(),
  exit: z.number().int(),
});
export type RecordedCommand = z.infer<typeof recordedCommand>;

export interface Recording {
  readonly info: RecordingInfo;
  /** What `command` with `input` did, or null: not in this recording. */
  find(command: string, input: string): RecordedCommand | null;
}

/** Reads and checks a recording. Throws `recording-missing`. */
export async function readRecording(file: string): Promise<Recording> {
  try {
    const text = (await promisify(gunzip)(await readFile(file), { maxOutputLength: 256 << 20 })).toString(
      'utf8',
    );
    const [first = '', ...rest] = text.split('\n').filter((line) => line !== '');
    const { kernel, bpftrace, recorded } = header.parse(JSON.parse(first));
    const commands = new Map<string, RecordedCommand>();
    for (const line of rest) {
      const one = recordedCommand.parse(JSON.parse(line));
      commands.set(key(one.command, one.input), one);
    }
    return {
      info: { kernel, bpftrace, recorded },
      find: (command, input) => commands.get(key(command, input)) ?? null,
    };
  } catch (error) {
    throw new Fail('recording-missing', { message: `${file}: ${(error as Error).message}` });
  }
}

/** The tag that marks a run's own lines; it differs from run to run. */
export function tagOf(input: string): string | null {
  return /printf\("(k[0-9a-f]{8})\\tB/.exec(input)?.[1] ?? null;
}

/** A command's identity: without its tag and its limits, which the client enforces anyway. */
function key(command: string, input: string): string {
  const tag = tagOf(input);
  const plain = tag === null ? input : input.replaceAll(tag, 'TAG');
  return `${command}\n${plain
    .replace(/@ticks >= \d+/, '@ticks >= N')
    .replace(/@second < \d+/, '@second < N')
    .trim()}`;
}
