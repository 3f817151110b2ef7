import * as fc from 'fast-check';
import { EventEmitter } from 'node:events';
import { describe, expect, test } from 'vitest';
import { createOutput, printable } from '../../../../electron/hosts/commands/output.ts';
import { Fail } from '../../../../shared/contract/failure.ts';

function output(json: boolean) {
  const out: string[] = [];
  const error: string[] = [];
  const events = new EventEmitter();
  const stdout = Object.assign(events, { write: (text: string) => out.push(text), writableNeedDrain: false });
  const made = createOutput(json, { stdout, stderr: { write: (text: string) => error.push(text) } });
  return { made, out, error, stdout };
}

const UNSAFE =
  // eslint-disable-next-line no-control-regex
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/;

describe('text for people', () => {
  test('control characters, escapes and bidi controls are made visible', () => {
    const hostile =
      '\u001b[2J\u001b]0;title\u0007 \r\u0008 \u009b31m \u202eevil\u2066 \u200f \u061c \u2028 \ufeff \0';
    const { made, out, error } = output(false);
    made.text(hostile);
    made.note(hostile);
    made.failure(new Fail('host-invalid', { host: hostile }, hostile));
    for (const text of [...out, ...error]) expect(text).not.toMatch(UNSAFE);
    expect(out[0]).toContain('\\u001b[2J');
    expect(error.join('')).toContain('\\u202eevil');
  });

  test('ordinary text of any language stays as it is', () => {
    expect(printable('以太网 é ✓ 🙂\ta\nb')).toBe('以太网 é ✓ 🙂\ta\nb');
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(printable(printable(text))).toBe(printable(text));
      }),
    );
  });

  test('JSON lines are silent, and the failure goes to stderr with its remedy and detail', () => {
    const { made, out, error } = output(false);
    made.line({ type: 'event' });
    made.failure(new Fail('bpftrace-missing', { host: 'web' }, 'first\nsecond'));
    expect(out).toEqual([]);
    expect(error.join('')).toMatch(
      /^skblens: web has no bpftrace\.\n {2}Install .*\n {2}\| first\n {2}\| second\n$/,
    );
  });
});

describe('JSON for programs', () => {
  test('one object a line, nothing else on stdout', () => {
    const { made, out, error } = output(true);
    made.text('for people');
    made.note('beside');
    made.line({ type: 'event', comm: 'a\nb\u2028\u001b' });
    made.failure(new Fail('bpftrace-missing', { host: 'web' }), { host: 'web' });
    expect(error).toEqual(['beside\n']);
    expect(out).toHaveLength(2);
    for (const text of out) expect(text.indexOf('\n')).toBe(text.length - 1);
    expect(JSON.parse(out[0] ?? '')).toEqual({ type: 'event', comm: 'a\nb\u2028\u001b' });
    expect(JSON.parse(out[1] ?? '')).toMatchObject({
      type: 'failure',
      host: 'web',
      code: 'bpftrace-missing',
    });
  });

  test('integers beyond 2^53 are exact', () => {
    const { made, out } = output(true);
    made.line({
      ns: 1795000000123456789n,
      big: (1n << 64n) - 1n,
      below: -1n,
      nested: { list: [9007199254740993n] },
    });
    expect(out[0]).toBe(
      '{"ns":1795000000123456789,"big":18446744073709551615,"below":-1,"nested":{"list":[9007199254740993]}}\n',
    );
  });

  test('no text can pass for one of them', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.bigInt(), (text, number) => {
        const { made, out } = output(true);
        const strange = { text, '\u0000big0\u0000': '\u0000big0\u0000', number: 0 };
        made.line({ ...strange, number });
        expect(JSON.parse(out[0] ?? '')).toEqual({ ...strange, number: Number(number) });
        expect(out[0]).toContain(`"number":${number}`);
      }),
    );
  });
});

test('a slow reader is waited for; one that goes away is not', async () => {
  const { made, stdout } = output(true);
  await made.drained();
  for (const event of ['drain', 'error', 'close']) {
    stdout.writableNeedDrain = true;
    let done = 0;
    const waiting = Array.from({ length: 30 }, () => made.drained().then(() => done++));
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(done).toBe(0);
    expect(stdout.listenerCount('drain')).toBe(1);
    stdout.on('error', () => undefined);
    stdout.emit(event, new Error('EPIPE'));
    await Promise.all(waiting);
    stdout.removeAllListeners('error');
    expect(['drain', 'close'].map((name) => stdout.listenerCount(name))).toEqual([0, 0]);
  }
});
