import { closeSync, openSync } from 'node:fs';
import { ReadStream } from 'node:tty';
import type { SecretAnswer, SecretQuestion } from '../../../shared/contract/ssh-session.ts';
import type { Output } from './output.ts';
import { printable } from './output.ts';

const TERMINAL = process.platform === 'win32' ? '\\\\.\\CON' : '/dev/tty';
const MAX_ANSWER = 1024;

/**
 * Asks on the terminal, as ssh does, whatever stdin and stdout are connected to; what is typed is not
 * shown unless the question says so. Null without a terminal, and when the user presses Ctrl-C or
 * Ctrl-D: a secret is never taken from arguments or the environment, where others could read it.
 */
export async function askSecret(question: SecretQuestion, output: Output): Promise<SecretAnswer> {
  let descriptor: number;
  try {
    descriptor = openSync(TERMINAL, 'r+');
  } catch {
    output.note(`skblens: ${promptText(question, '')} there is no terminal to ask on`);
    return null;
  }
  const terminal = new ReadStream(descriptor);
  // Before the prompt appears: the terminal would show what is typed at once.
  terminal.setRawMode(true);
  try {
    const heading = [question.title, question.instruction].filter(Boolean).join('\n');
    if (question.kind === 'keyboard-interactive' && heading !== '') output.note(printable(heading));
    const answers: string[] = [];
    for (const { text, echo } of question.prompts) {
      process.stderr.write(printable(promptText(question, text)));
      const answer = await readLine(terminal, echo);
      process.stderr.write('\n');
      if (answer === null) return null;
      answers.push(answer);
    }
    return answers;
  } finally {
    terminal.setRawMode(false);
    terminal.destroy();
    try {
      closeSync(descriptor);
    } catch {
      // destroy() closes it where it owns it.
    }
  }
}

/** The words before the cursor. */
export function promptText(question: SecretQuestion, text: string): string {
  const who = `${question.user}@${question.host}`;
  switch (question.kind) {
    case 'password':
      return `${who}'s password: `;
    case 'passphrase':
      return `${question.again ? 'Wrong passphrase. ' : ''}Passphrase for key '${question.title}': `;
    case 'sudo':
      return text === ''
        ? `[${question.title}] password for ${who}: `
        : `[${question.title} on ${who}] ${text} `;
    case 'keyboard-interactive':
      return `(${who}) ${text}`;
    default:
      return text;
  }
}

/** One line in raw mode: the terminal shows nothing that we do not write ourselves. */
function readLine(terminal: ReadStream, echo: boolean): Promise<string | null> {
  return new Promise((resolve) => {
    let typed = '';
    const finish = (answer: string | null): void => {
      terminal.off('data', take);
      terminal.pause();
      resolve(answer);
    };
    const take = (chunk: Buffer): void => {
      for (const character of chunk.toString('utf8')) {
        if (character === '\r' || character === '\n') return finish(typed);
        if (character === '\u0003' || (character === '\u0004' && typed === '')) return finish(null);
        if (character === '\u007f' || character === '\b') typed = [...typed].slice(0, -1).join('');
        else if (character === '\u0015') typed = '';
        else if (character >= ' ' && typed.length < MAX_ANSWER) typed += character;
        if (echo) process.stderr.write(`\r\u001b[K${printable(typed)}`);
      }
    };
    terminal.on('data', take);
    terminal.resume();
  });
}
