import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openDemoTarget } from '../../backend/demo/target.ts';
import type { BackendDeps } from '../../backend/index.ts';
import type { CommandLine } from './arguments.ts';
import { specFor } from './arguments.ts';
import type { Output } from './output.ts';
import { probeHost } from './probe.ts';

/** The recording lies in the source tree, two folders above this bundle (dist/electron/). */
export const RECORDING = join(
  dirname(fileURLToPath(import.meta.url)),
  '../../electron/backend/demo/recording.jsonl.gz',
);

/** The demo target, or null where its recording is not at hand: everything else works without it. */
export async function demoTarget(
  file = RECORDING,
): Promise<Awaited<ReturnType<typeof openDemoTarget>> | null> {
  return openDemoTarget(file).catch(() => null);
}

/** `skblens demo`: the reference investigation, on the recorded kernel: probe ip_rcv_core, keep bad headers, judge them. */
export async function demoCommand(
  line: CommandLine,
  output: Output,
  deps: BackendDeps,
  signal: AbortSignal,
): Promise<number> {
  const spec = {
    ...specFor('ip_rcv_core', line),
    filter: 'bad-ip-header' as const,
    count: line.spec.count ?? 3,
    seconds: line.spec.seconds ?? 60,
  };
  const { seenVerdicts } = await probeHost({ line, output, deps, spec, host: { demo: true }, signal });
  const wanted = line.expectVerdict ?? 'ethernet-where-ip-expected';
  return seenVerdicts.has(wanted) ? 0 : line.expectVerdict === null ? 1 : 3;
}
