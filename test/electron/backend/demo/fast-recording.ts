import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gunzipSync, gzipSync } from 'node:zlib';

export const RECORDING = fileURLToPath(
  new URL('../../../../electron/backend/demo/recording.jsonl.gz', import.meta.url),
);

interface Line {
  chunks?: [number, string][];
  interruptedAt?: number | null;
}

/** The demo's recording, played `factor` times as fast, written to `file`: for tests that need not wait as people do. */
export function writeFastRecording(file: string, factor: number): string {
  const lines = gunzipSync(readFileSync(RECORDING)).toString('utf8').split('\n');
  const faster = lines.map((text) => {
    if (text === '') return '';
    const line = JSON.parse(text) as Line;
    for (const chunk of line.chunks ?? []) chunk[0] /= factor;
    if (typeof line.interruptedAt === 'number') line.interruptedAt /= factor;
    return JSON.stringify(line);
  });
  writeFileSync(file, gzipSync(faster.join('\n'), { level: 1 }));
  return file;
}
