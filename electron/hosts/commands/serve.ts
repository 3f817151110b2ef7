import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Fail } from '../../../shared/contract/failure.ts';
import { createBackend } from '../../backend/index.ts';
import type { BackendDeps } from '../../backend/index.ts';
import { startLoopback } from '../loopback.ts';
import type { CommandLine } from './arguments.ts';
import type { Output } from './output.ts';

/** `skblens serve`: the app on 127.0.0.1 until it is stopped. The built page lies beside this bundle. */
export async function serveCommand(
  line: CommandLine,
  output: Output,
  deps: BackendDeps,
  signal: AbortSignal,
): Promise<number> {
  const page = join(dirname(fileURLToPath(import.meta.url)), '..', 'renderer');
  if (!existsSync(join(page, 'index.html')))
    throw new Fail('file-unreadable', {
      file: join(page, 'index.html'),
      message: 'the page is not built: npm run build',
    });
  const host = await startLoopback(createBackend(deps), page, line.port);
  output.text(host.url);
  output.line({ type: 'serving', url: host.url, port: host.port });
  await new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
  await host.close();
  return 0;
}
