import { Fail } from '../../../shared/contract/failure.ts';
import { ListingParser } from '../../../shared/probe/signature.ts';
import type { Signature } from '../../../shared/probe/signature.ts';
import { quote, runCommand } from '../ssh/command.ts';
import type { Target } from '../ssh/command.ts';

const MAX_LISTING_BYTES = 64 << 20;

/** Every function the target's bpftrace can attach a BTF trampoline probe to; about 7 s and 4 MB for 50,000. */
export async function listFunctions(
  target: Target,
  onProgress: (bytes: number) => void,
): Promise<Signature[]> {
  return list(target, '*', 'functions', onProgress);
}

/** One function's signature; throws `function-unknown` if the target does not list it. */
export async function findFunction(target: Target, name: string): Promise<Signature> {
  const colon = name.indexOf(':');
  const [module, bare] = colon < 0 ? ['vmlinux', name] : [name.slice(0, colon), name.slice(colon + 1)];
  const pattern = colon < 0 ? bare : `${module}:${bare}`;
  const found = await list(target, pattern, 'signature', () => undefined);
  const match = found.find((one) => one.name === bare && (colon < 0 || one.module === module));
  if (!match) throw new Fail('function-unknown', { function: name, host: target.connection.config.alias });
  return match;
}

async function list(
  target: Target,
  pattern: string,
  purpose: string,
  onProgress: (bytes: number) => void,
): Promise<Signature[]> {
  const host = target.connection.config.alias;
  const script = `exec bpftrace -lv ${quote(`kfunc:${pattern}`)}`;
  const result = await runCommand(target, script, purpose, {
    seconds: 120,
    bytes: MAX_LISTING_BYTES,
    onProgress,
  });
  if (result.status === 127) throw new Fail('bpftrace-missing', { host });
  const signatures: Signature[] = [];
  const parser = new ListingParser((signature) => signatures.push(signature));
  parser.push(result.stdout.toString('latin1'));
  parser.end();
  if (signatures.length === 0 && result.status !== 0)
    throw explainBpftrace(target, result.stderr, result.status, script);
  return signatures;
}

/** bpftrace's refusal to work at all, as a failure of ours; its own words stay as the detail. */
export function explainBpftrace(target: Target, stderr: string, status: number, command: string): Fail {
  const { alias: host, user } = target.connection.config;
  if (/root user|CAP_/i.test(stderr))
    return new Fail('not-privileged', { host, user, message: 'bpftrace must run as root' }, stderr);
  if (/lockdown|locked down/i.test(stderr))
    return new Fail('kernel-locked-down', { host, mode: 'confidentiality' }, stderr);
  return new Fail('command-failed', { host, command, status }, stderr);
}
