import type { BackendDeps } from '../../backend/index.ts';
import type { CommandLine } from './arguments.ts';
import { usage } from './arguments.ts';
import { openLocalClient } from './client.ts';
import type { Output } from './output.ts';
import { printable } from './output.ts';

/** `skblens survey HOST`: each thing the target can or cannot do, with its remedy. */
export async function surveyCommand(line: CommandLine, output: Output, deps: BackendDeps): Promise<number> {
  const [host, ...more] = line.positionals;
  if (host === undefined || more.length > 0) throw usage('survey takes one HOST');
  const client = openLocalClient(line, output, deps, {}, () => undefined);
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
  } finally {
    await client.close();
  }
}

/** `skblens functions HOST [QUERY]`: what can be probed, by the target's own listing; QUERY words must all occur. */
export async function functionsCommand(
  line: CommandLine,
  output: Output,
  deps: BackendDeps,
): Promise<number> {
  const [host, ...query] = line.positionals;
  if (host === undefined) throw usage('functions takes a HOST and words to look for');
  const words = query.flatMap((word) => word.toLowerCase().split(/\s+/)).filter((word) => word !== '');
  const client = openLocalClient(line, output, deps, {}, () => undefined);
  try {
    const info = await client.backend.connect({ host });
    for (const entry of await client.backend.functions({ session: info.session })) {
      const signature = entry.signature.toLowerCase();
      if (!words.every((word) => signature.includes(word))) continue;
      const { name, module } = entry;
      output.line({
        name,
        module,
        signature: entry.signature,
        attachable: 'yes',
        reason: 'LISTED_BY_BPFTRACE',
      });
      output.text(`${module === 'vmlinux' ? '' : `${module}: `}${printable(entry.signature)}`);
    }
    return 0;
  } finally {
    await client.close();
  }
}
