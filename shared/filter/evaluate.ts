import { FLAG_ARGUMENTS } from '../capture/record.ts';
import type { EventRecord } from '../capture/record.ts';
import { isWide } from './bound.ts';
import type { Bound, NumberValue, Order, TextValue } from './bound.ts';
import type { FilterNames, FilterPoint } from './context.ts';
import { directAt, directFields, directNumber, isPlain } from './direct-fields.ts';
import { PacketPlace } from './packet-place.ts';
import { primitiveTest, sliceNumber } from './primitives.ts';
import type { ProtocolField } from './protocol-fields.ts';
import type { Subject, Test } from './subject.ts';
import { parameterOf } from './resolve.ts';

type NumberOf = (subject: Subject) => number;
type WideOf = (subject: Subject) => bigint | null;

/**
 * A filter as a function of a record. `values` are the names of the record's values, in order. Numbers that are
 * not there are NaN (null where they are wide): every comparison with them is false.
 */
export function evaluator(
  bound: Bound,
  names: FilterNames,
  values: readonly string[],
): (record: EventRecord) => boolean {
  const test = new Evaluator(values).test(bound);
  const place = new PacketPlace();
  let located = false;
  const nowhere: FilterPoint = {
    name: '',
    edge: 'entry',
    captures: 'arguments',
    expect: 'auto',
    pointer: 'data',
    output: false,
    parameters: [],
  };
  const subject: { -readonly [K in keyof Subject]: Subject[K] } = {
    record: null as unknown as EventRecord,
    point: nowhere,
    place: () => {
      if (!located) place.locate(subject.record, subject.point);
      located = true;
      return place;
    },
  };
  return (record) => {
    subject.record = record;
    subject.point = names.points[record.point] ?? names.points[0] ?? nowhere;
    located = false;
    return test(subject);
  };
}

class Evaluator {
  readonly #values: readonly string[];

  constructor(values: readonly string[]) {
    this.#values = values;
  }

  test(bound: Bound): Test {
    switch (bound.kind) {
      case 'or': {
        const terms = bound.terms.map((term) => this.test(term));
        return (subject) => {
          for (const term of terms) if (term(subject)) return true;
          return false;
        };
      }
      case 'and': {
        const terms = bound.terms.map((term) => this.test(term));
        return (subject) => {
          for (const term of terms) if (!term(subject)) return false;
          return true;
        };
      }
      case 'not': {
        const term = this.test(bound.term);
        return (subject) => !term(subject);
      }
      case 'constant':
        return () => bound.value;
      case 'numbers':
        return this.#numbers(bound.operator, bound.left, bound.right);
      case 'text': {
        const read = textOf(bound.field);
        const { operator, value } = bound;
        if (operator === 'like') {
          const like = glob(value);
          return (subject) => {
            const text = read(subject);
            return text !== null && like(text);
          };
        }
        if (operator === 'contains') return (subject) => read(subject)?.includes(value) ?? false;
        return (subject) => read(subject) === value;
      }
      case 'address':
        return addressTest(bound.fields, bound.bytes, bound.mask);
      case 'bytes':
        return bytesTest(bound.fields, bound.operator === 'contains', bound.value);
      case 'present': {
        const { layers } = bound;
        const names = new Set(bound.fields.map(({ name }) => name));
        return ({ place }) => {
          for (const layer of place().layers()) {
            if (layers.includes(layer.protocol)) return true;
            if (names.size === 0) continue;
            for (const field of layer.fields) if (field.raw !== null && names.has(field.name)) return true;
          }
          return false;
        };
      }
      case 'host':
      case 'port':
      case 'protocol':
      case 'ethertype':
      case 'tag':
      case 'cast':
        return primitiveTest(bound);
    }
  }

  #numbers(operator: Order, left: NumberValue, right: NumberValue): Test {
    if (isWide(left) || isWide(right)) {
      const [a, b] = [this.#wide(left), this.#wide(right)];
      return (subject) => {
        const first = a(subject);
        const second = b(subject);
        return first !== null && second !== null && ordered(operator, first, second);
      };
    }
    if (left.kind === 'packet') return anyNumber(left.fields, operator, this.number(right));
    if (right.kind === 'packet') return anyNumber(right.fields, MIRRORED[operator], this.number(left));
    const [a, b] = [this.number(left), this.number(right)];
    switch (operator) {
      case '==':
        return (subject) => a(subject) === b(subject);
      case '!=':
        // NaN is unequal to everything: what is not there must not match.
        return (subject) => {
          const first = a(subject);
          const second = b(subject);
          return first < second || first > second;
        };
      case '<':
        return (subject) => a(subject) < b(subject);
      case '<=':
        return (subject) => a(subject) <= b(subject);
      case '>':
        return (subject) => a(subject) > b(subject);
      case '>=':
        return (subject) => a(subject) >= b(subject);
    }
  }

  /** As a number of at most 53 bits; NaN where it is not there. Several values: the first. */
  number(value: NumberValue): NumberOf {
    switch (value.kind) {
      case 'number': {
        const constant = Number(value.value);
        return () => constant;
      }
      case 'record': {
        const { field } = value;
        if (field.type === 'number') return ({ record, point }) => field.get(record, point);
        return ({ record, point }) => Number(field.get(record, point) ?? NaN);
      }
      case 'packet': {
        const names = namesOf(value.fields);
        return ({ place }) => {
          for (const layer of place().layers())
            for (const field of layer.fields) {
              const scale = names.get(field.name);
              if (scale !== undefined && field.raw !== null && !(field.raw instanceof Uint8Array))
                return Number(field.raw) * scale;
            }
          return NaN;
        };
      }
      case 'path': {
        const wide = this.#wide(value);
        return (subject) => Number(wide(subject) ?? NaN);
      }
      case 'slice':
        return sliceNumber(value.protocol, this.number(value.offset), value.size);
      case 'arithmetic': {
        const [a, b] = [this.number(value.left), this.number(value.right)];
        const apply = ARITHMETIC[value.operator];
        return (subject) => apply(a(subject), b(subject));
      }
    }
  }

  #wide(value: NumberValue): WideOf {
    switch (value.kind) {
      case 'number':
        return () => value.value;
      case 'record': {
        const { field } = value;
        if (field.type === 'wide') return ({ record, point }) => field.get(record, point);
        return ({ record, point }) => whole(field.get(record, point));
      }
      case 'path':
        return this.#path(value.path, value.root, value.type.signed);
      case 'packet':
      case 'slice': {
        const number = this.number(value);
        return (subject) => whole(number(subject));
      }
      case 'arithmetic': {
        const [a, b] = [this.#wide(value.left), this.#wide(value.right)];
        const apply = WIDE_ARITHMETIC[value.operator];
        return (subject) => {
          const first = a(subject);
          const second = b(subject);
          return first === null || second === null ? null : apply(first, second);
        };
      }
    }
  }

  /** A captured value by its path; in a record of arguments, eight big-endian bytes for each. */
  #path(path: string, root: string, signed: boolean): WideOf {
    const index = this.#values.indexOf(path);
    const sign = (value: bigint): bigint => (signed ? BigInt.asIntN(64, value) : BigInt.asUintN(64, value));
    return ({ record, point }) => {
      if (path === root && record.flags & FLAG_ARGUMENTS) {
        const at = point.parameters.findIndex(({ name }) => name === root) * 8;
        if (at < 0 || at + 8 > record.bytes.length) return null;
        return sign(new DataView(record.bytes.buffer, record.bytes.byteOffset + at, 8).getBigUint64(0));
      }
      if (index < 0 || index >= record.values.length || parameterOf(point, root) === null) return null;
      return sign(record.values[index] ?? 0n);
    };
  }
}

function textOf(value: TextValue): (subject: Subject) => string | null {
  if (value.kind === 'path') return () => null;
  const { field } = value;
  return ({ record, point }) => field.get(record, point);
}

function namesOf(fields: readonly ProtocolField[]): ReadonlyMap<string, number> {
  return new Map(fields.map(({ name, scale }) => [name, scale]));
}

/** Whether any value of the fields compares so. */
function anyNumber(fields: readonly ProtocolField[], operator: Order, other: NumberOf): Test {
  const names = namesOf(fields);
  const direct = directFields(fields);
  return (subject) => {
    const second = other(subject);
    if (direct !== null && isPlain(subject.place())) {
      for (const { place, scale } of direct)
        if (ordered(operator, directNumber(subject.place(), place) * scale, second)) return true;
      return false;
    }
    for (const layer of subject.place().layers())
      for (const field of layer.fields) {
        const scale = names.get(field.name);
        if (scale === undefined || field.raw === null || field.raw instanceof Uint8Array) continue;
        if (ordered(operator, Number(field.raw) * scale, second)) return true;
      }
    return false;
  };
}

function addressTest(
  fields: readonly ProtocolField[],
  bytes: readonly number[],
  mask: readonly number[],
): Test {
  const names = namesOf(fields);
  const wanted = bytes.map((byte, index) => byte & (mask[index] ?? 0));
  const direct = directFields(fields);
  const equals = (packet: PacketPlace, at: number): boolean => {
    if (at < 0 || at + wanted.length > packet.limit) return false;
    for (let i = 0; i < wanted.length; i++)
      if (((packet.bytes[at + i] ?? 0) & (mask[i] ?? 0)) !== wanted[i]) return false;
    return true;
  };
  return ({ place }) => {
    if (direct !== null && isPlain(place())) {
      for (const one of direct) if (equals(place(), directAt(place(), one.place))) return true;
      return false;
    }
    for (const layer of place().layers())
      for (const field of layer.fields) {
        if (field.raw === null || !names.has(field.name)) continue;
        if (equals(place(), field.at)) return true;
      }
    return false;
  };
}

function bytesTest(
  fields: readonly ProtocolField[] | 'frame',
  contains: boolean,
  value: readonly number[],
): Test {
  const fits = (bytes: Uint8Array): boolean =>
    contains ? holds(bytes, value) : bytes.length === value.length && holds(bytes, value);
  if (fields === 'frame') return ({ record }) => fits(record.bytes);
  const names = namesOf(fields);
  return ({ place }) => {
    for (const layer of place().layers())
      for (const field of layer.fields)
        if (names.has(field.name) && field.raw instanceof Uint8Array && fits(field.raw)) return true;
    return false;
  };
}

function holds(bytes: Uint8Array, value: readonly number[]): boolean {
  for (let at = 0; at + value.length <= bytes.length; at++) {
    let i = 0;
    while (i < value.length && bytes[at + i] === value[i]) i++;
    if (i === value.length) return true;
  }
  return false;
}

/** `*` for any run of characters, `?` for one. Two pointers: linear in practice, never exponential. */
export function glob(pattern: string): (text: string) => boolean {
  return (text) => {
    let at = 0;
    let in_ = 0;
    let star = -1;
    let mark = 0;
    while (at < text.length) {
      if (pattern[in_] === '*') {
        star = in_++;
        mark = at;
      } else if (in_ < pattern.length && (pattern[in_] === '?' || pattern[in_] === text[at])) {
        in_++;
        at++;
      } else if (star >= 0) {
        in_ = star + 1;
        at = ++mark;
      } else return false;
    }
    while (pattern[in_] === '*') in_++;
    return in_ === pattern.length;
  };
}

function whole(value: number): bigint | null {
  return Number.isInteger(value) ? BigInt(value) : null;
}

function ordered<T extends number | bigint>(operator: Order, left: T, right: T): boolean {
  switch (operator) {
    case '==':
      return left === right;
    case '!=':
      return left < right || left > right;
    case '<':
      return left < right;
    case '<=':
      return left <= right;
    case '>':
      return left > right;
    case '>=':
      return left >= right;
  }
}

const MIRRORED = { '==': '==', '!=': '!=', '<': '>', '<=': '>=', '>': '<', '>=': '<=' } as const;

/** Of numbers up to 32 bits; NaN in, NaN out (bit operations would make 0 of it). */
const ARITHMETIC = {
  '|': (a: number, b: number) => (Number.isNaN(a + b) ? NaN : (a | b) >>> 0),
  '^': (a: number, b: number) => (Number.isNaN(a + b) ? NaN : (a ^ b) >>> 0),
  '&': (a: number, b: number) => (Number.isNaN(a + b) ? NaN : (a & b) >>> 0),
  '<<': (a: number, b: number) => (b > 31 ? 0 : Number.isNaN(a + b) ? NaN : (a << b) >>> 0),
  '>>': (a: number, b: number) => (b > 31 ? 0 : Number.isNaN(a + b) ? NaN : (a >>> 0) >>> b),
  '+': (a: number, b: number) => a + b,
  '-': (a: number, b: number) => a - b,
  '*': (a: number, b: number) => a * b,
  '/': (a: number, b: number) => (b === 0 ? NaN : Math.trunc(a / b)),
  '%': (a: number, b: number) => (b === 0 ? NaN : a % b),
} as const;

const WIDE_ARITHMETIC = {
  '|': (a: bigint, b: bigint) => a | b,
  '^': (a: bigint, b: bigint) => a ^ b,
  '&': (a: bigint, b: bigint) => a & b,
  '<<': (a: bigint, b: bigint) => (b < 0n || b > 63n ? 0n : BigInt.asIntN(64, a << b)),
  '>>': (a: bigint, b: bigint) => (b < 0n || b > 63n ? 0n : a >> b),
  '+': (a: bigint, b: bigint) => a + b,
  '-': (a: bigint, b: bigint) => a - b,
  '*': (a: bigint, b: bigint) => BigInt.asIntN(64, a * b),
  '/': (a: bigint, b: bigint) => (b === 0n ? null : a / b),
  '%': (a: bigint, b: bigint) => (b === 0n ? null : a % b),
} as const;
