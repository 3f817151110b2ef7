import type { EventRecord } from '../../shared/capture/record.ts';
import type { EventRing } from './event-ring.ts';
import type { Reading } from './decode.ts';

/** A value that differs between two looks at one packet: `ip.ttl` 64, then 63. */
export interface Change {
  readonly what: string;
  readonly before: string;
  readonly after: string;
}

/** One function that saw the packet, and what had changed since the one before. */
export interface JourneyStep {
  /** Number of its record in the ring. */
  readonly number: number;
  readonly record: EventRecord;
  readonly changes: readonly Change[];
}

/** What a journey is read from: records, and what a point of the run is called. */
export interface JourneySource {
  readonly ring: EventRing;
  readonly nameOf: (point: number) => string;
  readonly readingOf: (record: EventRecord) => Reading;
}

/** Records that are looked through on either side, and steps that are shown. */
const REACH = 65_536;
const MOST_STEPS = 64;

/** Where an sk_buff ends: behind them its address belongs to another packet. */
const ENDS =
  /(?:^|:)(?:kfree_skb|kfree_skb_reason|sk_skb_reason_drop|__kfree_skb|consume_skb|napi_consume_skb)$/;

/**
 * The functions that saw one packet, in time. An sk_buff is known by its address while it lives: from behind the
 * call that freed its predecessor to the one that frees it. Where nobody watches that, a packet that comes to
 * the same function again on the same device is taken for the next one (behind a tunnel the device is another).
 */
export function journeyOf(source: JourneySource, number: number): readonly JourneyStep[] {
  const { ring, nameOf, readingOf } = source;
  const selected = ring.read(number);
  if (selected === null || selected.skb === 0n) return [];
  const low = Number(selected.skb & 0xffffffffn);
  const numbers = [...before(source, number, selected), number];
  const visited = new Set(numbers.flatMap((one) => placeOf(ring.read(one) ?? selected)));
  if (!ENDS.test(nameOf(selected.point)))
    for (let next = number + 1; next < ring.next && next <= number + REACH; next++) {
      if (ring.skbLowOf(next) !== low) continue;
      const record = ring.read(next);
      if (record?.skb !== selected.skb) continue;
      const place = placeOf(record);
      if (visited.has(place) || numbers.length >= MOST_STEPS) break;
      visited.add(place);
      numbers.push(next);
      if (ENDS.test(nameOf(record.point))) break;
    }
  const steps: JourneyStep[] = [];
  for (const one of numbers) {
    const record = ring.read(one);
    const last = steps.at(-1);
    if (record)
      steps.push({ number: one, record, changes: last ? changesOf(last.record, record, readingOf) : [] });
  }
  return steps;
}

function before(source: JourneySource, number: number, selected: EventRecord): number[] {
  const { ring, nameOf } = source;
  const low = Number(selected.skb & 0xffffffffn);
  const found: number[] = [];
  const visited = new Set([placeOf(selected)]);
  for (let past = number - 1; past >= ring.first && past >= number - REACH; past--) {
    if (ring.skbLowOf(past) !== low) continue;
    const record = ring.read(past);
    if (record?.skb !== selected.skb) continue;
    const place = placeOf(record);
    if (ENDS.test(nameOf(record.point)) || visited.has(place)) break;
    if (found.length >= MOST_STEPS / 2) break;
    visited.add(place);
    found.unshift(past);
  }
  return found;
}

function placeOf(record: EventRecord): string {
  return `${record.point} ${record.edge} ${record.ifindex}`;
}

/** What the kernel did to the packet in between, as far as both looks show it. */
function changesOf(
  earlier: EventRecord,
  later: EventRecord,
  readingOf: (record: EventRecord) => Reading,
): readonly Change[] {
  const changes: Change[] = [];
  const compare = (what: string, first: string | number, second: string | number): void => {
    if (first !== second) changes.push({ what, before: String(first), after: String(second) });
  };
  compare('dev', earlier.device, later.device);
  compare('len', earlier.len, later.len);
  // Pulled or pushed: data moved over bytes of the packet.
  compare('headroom', earlier.headroom, later.headroom);
  compare('protocol', hex(earlier.protocol), hex(later.protocol));
  compare('netns', earlier.netns, later.netns);
  compare('mark', hex(earlier.mark), hex(later.mark));
  const first = fieldsOf(readingOf(earlier));
  for (const [name, value] of fieldsOf(readingOf(later))) {
    const old = first.get(name);
    if (old !== undefined) compare(name, old, value);
  }
  return changes;
}

/** Fields of the outermost header of each protocol, by name; those that were captured whole. */
function fieldsOf(reading: Reading): ReadonlyMap<string, string> {
  const fields = new Map<string, string>();
  for (const layer of reading) {
    if (layer.quoted) break;
    for (const field of layer.fields)
      if (field.coverage === 'captured' && !fields.has(field.name)) fields.set(field.name, field.value);
  }
  return fields;
}

function hex(value: number): string {
  return `0x${value.toString(16)}`;
}
