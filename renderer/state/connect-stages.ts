import type { ConnectLine } from '../../shared/contract/ssh-session.ts';

/** What an attempt to connect goes through, for each host on the way; `survey` only on the target. */
export const CONNECT_STAGES = [
  'resolve',
  'connect',
  'key-exchange',
  'host-key',
  'authentication',
  'survey',
] as const;
export type ConnectStage = (typeof CONNECT_STAGES)[number];

/** How far an attempt is. Times are milliseconds since it began. */
export interface Reached {
  /** The host that is being connected to now: a jump host, or the target; empty before the first line. */
  readonly leg: string;
  readonly stage: ConnectStage;
  readonly since: number;
  /** How long the stages before took on this leg. */
  readonly spent: ReadonlyMap<ConnectStage, number>;
}

/**
 * How far an attempt is, by the lines of its log. A host whose key was unknown is connected to a second
 * time, so a stage may be reached again: its times add up. `surveyAt` is when the backend said that it
 * surveys the target, null before that.
 */
export function stagesReached(lines: readonly ConnectLine[], surveyAt: number | null): Reached {
  let leg = '';
  let stage: ConnectStage = 'resolve';
  let since = 0;
  let spent = new Map<ConnectStage, number>();
  const enter = (next: ConnectStage, at: number): void => {
    if (next === stage) return;
    spent.set(stage, (spent.get(stage) ?? 0) + Math.max(0, at - since));
    stage = next;
    since = at;
  };
  for (const line of lines) {
    if (line.host !== leg) {
      if (leg !== '') {
        spent = new Map();
        stage = 'resolve';
        since = line.at;
      }
      leg = line.host;
    }
    enter(stageAfter(stage, line), line.at);
  }
  if (surveyAt !== null) enter('survey', surveyAt);
  return { leg, stage, since, spent };
}

/** The stage that is under way once a line has been said. */
function stageAfter(stage: ConnectStage, line: ConnectLine): ConnectStage {
  switch (line.step) {
    case 'connect':
      // A name is looked up within connecting to it, an address or a way through others is not.
      return line.key === 'connected' ? 'key-exchange' : line.key === 'resolving' ? 'resolve' : 'connect';
    case 'host-key':
      return 'host-key';
    case 'key-exchange':
      return 'authentication';
    case 'authentication':
      // Keys are looked for before the host is connected to.
      return stage === 'resolve' ? stage : 'authentication';
    case 'privilege':
    case 'survey':
      return 'survey';
    case 'route':
      return stage;
  }
}
