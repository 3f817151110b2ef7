import { readSetting, writeSetting } from './settings.ts';

/** What a host is to its user. `production` is what a hasty hand must see. */
export const HOST_MARKS = ['production', 'staging', 'test'] as const;
export type HostMark = (typeof HOST_MARKS)[number];

/** More than an ssh config names; beyond it the oldest mark goes. */
const KEPT = 1000;

/** The marks that the user has put on hosts, kept in this browser. */
class HostMarks {
  #marks = $state.raw<ReadonlyMap<string, HostMark>>(storedMarks());

  /** The mark of a host by what is typed for it, whoever logs in there; null if it has none. */
  of(host: string): HostMark | null {
    return this.#marks.get(keyOf(host)) ?? null;
  }

  set(host: string, mark: HostMark | null): void {
    const marks = new Map(this.#marks);
    marks.delete(keyOf(host));
    if (mark) marks.set(keyOf(host), mark);
    this.#marks = new Map([...marks].slice(-KEPT));
    writeSetting('host-marks', JSON.stringify([...this.#marks]));
  }
}

/** `user@host:port` without the user: a host is no less in production for another login. */
function keyOf(host: string): string {
  return host.slice(host.lastIndexOf('@') + 1).toLowerCase();
}

function storedMarks(): ReadonlyMap<string, HostMark> {
  try {
    const stored: unknown = JSON.parse(readSetting('host-marks') ?? '[]');
    const marks = new Map<string, HostMark>();
    for (const pair of Array.isArray(stored) ? (stored as unknown[]) : []) {
      const [host, mark] = Array.isArray(pair) ? (pair as unknown[]) : [];
      const known = HOST_MARKS.find((candidate) => candidate === mark);
      if (typeof host === 'string' && known) marks.set(host, known);
    }
    return marks;
  } catch {
    return new Map();
  }
}

export const hostMarks = new HostMarks();
