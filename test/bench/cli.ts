import { GUEST_NAMES } from '../lab/guest-names.ts';
import type { GuestName } from '../lab/guest-names.ts';
import type { BenchLine } from './bench-line.ts';

/** The measures by name; each is loaded only when it is asked for. Never part of the tests. */
const BENCHES: Readonly<Record<string, () => Promise<{ run(guest?: GuestName): Promise<BenchLine[]> }>>> = {
  btf: () => import('./btf.ts'),
  decode: () => import('./decode.ts'),
  flood: () => import('./flood.ts'),
  ssh: () => import('./ssh.ts'),
  stream: () => import('./stream.ts'),
  target: () => import('./target.ts'),
  ui: () => import('./ui.ts'),
  verdict: () => import('./verdict.ts'),
};

/**
 * `npm run -s bench -- NAME... [--json] [--guest GUEST]`: prints a line a measure; exit status 2 for a name that is none.
 * GUEST is the machine of the lab that those use which need one.
 */
export async function main(words: readonly string[]): Promise<number> {
  const json = words.includes('--json');
  const at = words.indexOf('--guest');
  const guest = at < 0 ? undefined : GUEST_NAMES.find((name) => name === words[at + 1]);
  const names = words.filter((word, n) => word !== '--json' && (at < 0 || (n !== at && n !== at + 1)));
  const unknown = names.filter((name) => !Object.hasOwn(BENCHES, name));
  if (names.length === 0 || unknown.length > 0 || (at >= 0 && guest === undefined)) {
    process.stderr.write(
      `usage: bench ${Object.keys(BENCHES).join('|')}... [--json] [--guest ${GUEST_NAMES.join('|')}]\n`,
    );
    return 2;
  }
  for (const name of names) {
    const bench = await BENCHES[name]?.();
    for (const line of (await bench?.run(guest)) ?? [])
      process.stdout.write(`${json ? JSON.stringify(line) : describe(line)}\n`);
  }
  return 0;
}

function describe({ bench, ours, peer, peerName, ratio, unit }: BenchLine): string {
  const against = peer === null ? '' : `, ${peerName} ${peer} ${unit}: ${ratio?.toFixed(2)} times as good`;
  return `${bench.padEnd(24)} ${ours} ${unit}${against}`;
}
