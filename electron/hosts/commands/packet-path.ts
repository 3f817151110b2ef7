import type { FunctionEntry } from '../../../shared/contract/api.ts';
import { PACKET_PATH } from '../../../shared/probe/packet-path.ts';
import type { Output } from './output.ts';
import { printable } from './output.ts';

/** `skblens functions … --path`: the packet's way through this kernel, and where one can attach to it. */
export function tellPacketPath(entries: readonly FunctionEntry[], output: Output): void {
  const byName = new Map(entries.toReversed().map((entry) => [entry.name, entry]));
  let heading = '';
  for (const { name, direction, stage, family, note } of PACKET_PATH) {
    const found = byName.get(name);
    const { module, signature, attachable, reason } = found ?? ABSENT;
    output.line({
      name,
      direction,
      stage,
      family,
      note,
      present: found !== undefined,
      module,
      signature,
      attachable,
      reason,
    });
    if (heading !== `${direction}, ${stage}`) output.text((heading = `${direction}, ${stage}`));
    const answer = found === undefined ? 'not here' : attachable;
    output.text(`  ${name.padEnd(26)} ${family.padEnd(5)} ${answer.padEnd(10)} ${printable(note)}`);
  }
}

/** Inlined by the compiler, or of another kernel version. */
const ABSENT = { module: null, signature: null, attachable: 'no', reason: 'ABSENT' } as const;
