import type { SshConnection } from '../contract/ssh-session.ts';

/**
 * The conditions by which an engine knows a connection's own packets in a script, each null where there is none.
 * The same places at every call: the first for one connection is the first for another.
 */
export type OwnConditions = (connection: SshConnection) => readonly (string | null)[];

export interface OwnScript {
  readonly script: string;
  /** Nothing in it leaves out this connection's packets: each event that it sends is more packets. */
  readonly feedsItself: boolean;
}

/** Pairs of connections without a number in common: what differs between their conditions is the connection. */
const SAMPLES: readonly (readonly [SshConnection, SshConnection])[] = [
  [sample('1.2.3.4', 1111, '5.6.7.8', 2222), sample('9.10.11.13', 3333, '14.15.16.17', 4444)],
  [
    sample('1:2:3:4:5:6:7:8', 1111, '9:a:b:c:d:e:f:10', 2222),
    sample('11:12:13:14:15:16:17:18', 3333, '19:1a:1b:1c:1d:1e:1f:20', 4444),
  ],
];
const NUMBER = /(0x[0-9a-f]+|\d+)/;

/**
 * A script that was edited on one connection, made ready for another: a saved investigation is run again, or on
 * another host, where the ports are others. Without this it would see its own events as packets, and send those.
 */
export function ownScript(
  script: string,
  connection: SshConnection | null,
  conditions: OwnConditions,
): OwnScript {
  if (connection === null) return { script, feedsItself: false };
  const wanted = conditions(connection);
  let [made, feedsItself] = [script, true];
  for (const [one, other] of SAMPLES) {
    const [these, those] = [conditions(one), conditions(other)];
    wanted.forEach((condition, place) => {
      const pattern = patternOf(these[place] ?? null, those[place] ?? null);
      if (pattern === null || condition === null) return;
      made = made.replace(pattern, () => {
        feedsItself = false;
        return condition;
      });
    });
  }
  return { script: made, feedsItself };
}

/** The script that runs: as it was written, or as the user `edited` it, for this connection. */
export function scriptToRun(
  edited: string | null,
  written: string,
  connection: SshConnection | null,
  conditions: OwnConditions,
): OwnScript {
  if (edited === null) return { script: written, feedsItself: false };
  const { script, feedsItself } = ownScript(edited, connection, conditions);
  // A function that sees no packets has none to leave out: its written script does not either.
  return { script, feedsItself: feedsItself && !ownScript(written, connection, conditions).feedsItself };
}

/** What matches a condition whatever its connection. */
function patternOf(one: string | null, other: string | null): RegExp | null {
  if (one === null || other === null) return null;
  const parts = other.split(NUMBER);
  const source = one
    .split(NUMBER)
    .map((part, i) => (part === parts[i] ? part.replace(/[^\w\s]/g, '\\$&') : NUMBER.source));
  return new RegExp(source.join(''), 'g');
}

function sample(
  clientAddress: string,
  clientPort: number,
  serverAddress: string,
  serverPort: number,
): SshConnection {
  return { clientAddress, clientPort, serverAddress, serverPort };
}
