import type { BackendDeps } from '../../backend/index.ts';
import type { CommandLine } from './arguments.ts';
import { usage } from './arguments.ts';
import { openLocalClient, reasonOf } from './client.ts';
import type { Output } from './output.ts';
import { printable } from './output.ts';

/** `skblens survey HOST`: each thing the target can or cannot do, with its remedy. */
export async function surveyCommand(
  line: CommandLine,
  output: Output,
  deps: BackendDeps,
  signal: AbortSignal,
): Promise<number> {
  const [host, ...more] = line.positionals;
  if (host === undefined || more.length > 0) throw usage('survey takes one HOST');
  const client = openLocalClient(line, output, deps, signal);
  try {
    const info = await client.backend.connect({ host });
    const survey = await client.backend.survey({ session: info.session });
    output.line({ type: 'survey', host, facts: survey.facts, hostKey: info.hostKey });
    output.text(`${info.user}@${info.address}:${info.port}  ${info.hostKey}`);
    for (const item of survey.items) {
      output.line({ type: 'item', host, ...item });
      output.text(`${item.state.padEnd(4)}  ${item.id.padEnd(12)}  ${printable(item.value)}`);
      if (item.remedy !== '') output.text(`      ${''.padEnd(12)}  ${item.remedy}`);
    }
    return 0;
  } catch (error) {
    throw reasonOf(error, signal);
  } finally {
    await client.close();
  }
}
