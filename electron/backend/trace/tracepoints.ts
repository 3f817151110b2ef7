import { Fail } from '../../../shared/contract/failure.ts';
import type { TracepointField } from '../../../shared/probe/resolved-point.ts';
import { parseTracepointFormat } from '../../../shared/probe/tracepoint-format.ts';
import { runCommand } from '../ssh/command.ts';
import type { Target } from '../ssh/command.ts';

/** A listing of 4,000 tracepoints is 120 kB; the format of one is 1 to 8 kB. */
const LISTING_BYTES = 4 << 20;
const FORMAT_BYTES = 64 << 10;
/** What may stand in a script as the path of a tracepoint. */
const SAFE = /^[A-Za-z0-9_]+:[A-Za-z0-9_]+$/;

/** The tracepoints of one target, each file of it read once. */
export class Tracepoints {
  readonly #target: Target;
  readonly #tracefs: string | null;
  #names: Promise<readonly string[]> | null = null;
  readonly #formats = new Map<string, readonly TracepointField[]>();

  constructor(target: Target, tracefs: string | null) {
    this.#target = target;
    this.#tracefs = tracefs;
  }

  /** `CATEGORY:NAME` of every tracepoint, in order. Throws `tracefs-missing` and what runCommand throws. */
  names(): Promise<readonly string[]> {
    this.#names ??= this.#read('cat "$tracefs/available_events"', LISTING_BYTES)
      .then((text) =>
        text
          .split('\n')
          .filter((line) => SAFE.test(line))
          .sort(),
      )
      .catch((error: unknown) => {
        this.#names = null;
        throw error;
      });
    return this.#names;
  }

  /** The fields of one, named `CATEGORY:NAME` as `names` gave it. */
  async fields(name: string): Promise<readonly TracepointField[]> {
    const known = this.#formats.get(name);
    if (known !== undefined) return known;
    if (!SAFE.test(name)) throw new Fail('function-name-invalid', { function: `tracepoint:${name}` });
    const file = `$tracefs/events/${name.replace(':', '/')}/format`;
    const fields = parseTracepointFormat(await this.#read(`cat "${file}"`, FORMAT_BYTES));
    this.#formats.set(name, fields);
    return fields;
  }

  async #read(command: string, bytes: number): Promise<string> {
    const host = this.#target.connection.config.alias;
    if (this.#tracefs === null || !/^[\w/.-]+$/.test(this.#tracefs))
      throw new Fail('tracefs-missing', { host });
    const script = `tracefs=${this.#tracefs}\nexec ${command}`;
    const { status, stdout, stderr } = await runCommand(this.#target, script, 'tracepoints', {
      seconds: 20,
      bytes,
    });
    if (/: not in this recording$/m.test(stderr)) throw new Fail('not-recorded', { host, command });
    if (status !== 0) throw new Fail('command-failed', { command, host, status }, stderr);
    return stdout.toString('latin1');
  }
}
