/** What a failure of the lab is called; the sentence says the figures, the remedy what to do next. */
export type LabFailureCode =
  | 'usage'
  | 'tool-missing'
  | 'root-needed'
  | 'image-build-failed'
  | 'boot-failed'
  | 'guest-died'
  | 'not-running'
  | 'still-running'
  | 'fault-failed'
  | 'ssh-failed'
  | 'lock-timeout';

/** A failure of the lab, with its code, a sentence and a remedy (may be empty). */
export class LabFailure extends Error {
  readonly code: LabFailureCode;
  readonly remedy: string;

  constructor(code: LabFailureCode, message: string, remedy = '') {
    super(message);
    this.name = 'LabFailure';
    this.code = code;
    this.remedy = remedy;
  }
}

/** Takes a line of progress, without a newline. */
export type Progress = (line: string) => void;

/** Writes progress to stderr, so that stdout stays for results. */
export const progressToStderr: Progress = (line) => {
  process.stderr.write(`lab: ${line}\n`);
};
