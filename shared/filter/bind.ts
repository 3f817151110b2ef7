import type { AddressNode, Comparison, Node, RangeNode, Span } from './ast.ts';
import type { Bound, NumberValue, TextValue } from './bound.ts';
import type { FilterNames } from './context.ts';
import { NUMBER_NAMES } from './numbers.ts';
import type { SliceProtocol } from './numbers.ts';
import { maskOf } from './parse-pcap.ts';
import { FilterError } from './problem.ts';
import type { ProtocolField, ValueType } from './protocol-fields.ts';
import { UNKNOWN_TYPE, resolveName, similar } from './resolve.ts';
import type { Meaning } from './resolve.ts';

/** Comparisons in one filter: it bounds what a kernel's condition, and an evaluation, can cost. */
const MOST_TESTS = 200;

/** Gives names their meaning and checks types. Throws FilterError. */
export function bind(node: Node, names: FilterNames): Bound {
  return new Binder(names).test(node);
}

/** One side of a comparison, before it is known what the other is. */
type Side =
  | { readonly kind: 'number'; readonly value: NumberValue; readonly constants: Constants | null }
  | { readonly kind: 'text'; readonly value: TextValue }
  | { readonly kind: 'fields'; readonly type: ValueType; readonly fields: readonly ProtocolField[] }
  | { readonly kind: 'frame' }
  | { readonly kind: 'string'; readonly value: string }
  | { readonly kind: 'address'; readonly node: AddressNode }
  | { readonly kind: 'word'; readonly text: string };

type Constants = { readonly field: string; readonly values: Readonly<Record<string, number>> | null };

class Binder {
  readonly #names: FilterNames;
  #tests = 0;

  constructor(names: FilterNames) {
    this.#names = names;
  }

  test(node: Node): Bound {
    const span: Span = { at: node.at, length: node.length };
    switch (node.kind) {
      case 'or':
      case 'and':
        return { kind: node.kind, terms: node.terms.map((term) => this.test(term)), ...span };
      case 'not':
        return { kind: 'not', term: this.test(node.term), ...span };
      case 'compare':
        return this.#compare(node.operator, node.left, node.right, span);
      case 'in': {
        const terms = node.items.map((item) => this.#item(node.left, item, span));
        return terms.length === 1 && terms[0] ? terms[0] : { kind: 'or', terms, ...span };
      }
      case 'host':
      case 'port':
      case 'protocol':
      case 'ethertype':
      case 'tag':
      case 'cast':
        this.#count(span);
        return node;
      case 'number':
      case 'string':
      case 'address':
      case 'arithmetic':
      case 'negative':
      case 'slice':
      case 'name':
        return this.#alone(node, span);
    }
  }

  #count(span: Span): void {
    if (++this.#tests > MOST_TESTS) throw new FilterError(span, 'too-many', { most: MOST_TESTS });
  }

  /** A value in the place of a test: numbers are true unless 0, fields of a packet where they are there. */
  #alone(node: Node, span: Span): Bound {
    this.#count(span);
    if (node.kind === 'name' && !Object.hasOwn(NUMBER_NAMES, node.text)) {
      const meaning = resolveName(node.text, span, this.#names);
      if (meaning.kind === 'protocol')
        return { kind: 'present', layers: meaning.layers, fields: [], ...span };
      if (meaning.kind === 'packet') return { kind: 'present', layers: [], fields: meaning.fields, ...span };
    }
    const side = this.#side(node);
    if (side.kind !== 'number' || side.value.kind === 'number')
      throw new FilterError(span, 'alone-type', { text: this.#label(node), type: typeName(side) }, ['==']);
    return {
      kind: 'numbers',
      operator: '!=',
      left: side.value,
      right: { kind: 'number', value: 0n },
      ...span,
    };
  }

  #item(left: Node, item: Node | RangeNode, span: Span): Bound {
    if (item.kind !== 'range') return this.#compare('==', left, item, span);
    const terms = [this.#compare('>=', left, item.low, span), this.#compare('<=', left, item.high, span)];
    const [low, high] = [item.low, item.high];
    if (low.kind === 'number' && high.kind === 'number' && high.value < low.value)
      throw new FilterError(item, 'range-reversed');
    return { kind: 'and', terms, ...span };
  }

  #compare(operator: Comparison, leftNode: Node, rightNode: Node, span: Span): Bound {
    this.#count(span);
    let left = this.#side(leftNode);
    let right = this.#side(rightNode);
    if (left.kind === 'word') left = this.#constant(left.text, leftNode, right);
    if (right.kind === 'word') right = this.#constant(right.text, rightNode, left);
    if (isLiteral(left)) {
      if (isLiteral(right)) throw new FilterError(span, 'constant-left');
      return this.#fitted(mirrored(operator, leftNode), rightNode, right, leftNode, left, span);
    }
    return this.#fitted(operator, leftNode, left, rightNode, right, span);
  }

  #fitted(operator: Comparison, leftNode: Node, left: Side, rightNode: Node, right: Side, span: Span): Bound {
    const mismatch = (): FilterError =>
      new FilterError(rightNode, 'type-mismatch', {
        left: this.#label(leftNode),
        leftType: typeName(left),
        rightType: typeName(right),
      });
    const ordered = operator === '<' || operator === '<=' || operator === '>' || operator === '>=';
    const refuseOrder = (): void => {
      if (ordered)
        throw new FilterError(span, 'order-of-text', {
          left: this.#label(leftNode),
          leftType: typeName(left),
        });
    };
    const negated = (bound: Bound): Bound => {
      if (operator !== '!=') return bound;
      // Wireshark's: none of the values equals, and there is one.
      const there = this.#present(left, span);
      const not: Bound = { kind: 'not', term: bound, ...span };
      return there === null ? not : { kind: 'and', terms: [there, not], ...span };
    };
    if (operator === 'like') {
      if (left.kind !== 'text') throw new FilterError(leftNode, 'like-type', this.#typed(leftNode, left));
      if (right.kind !== 'string') throw mismatch();
      return { kind: 'text', field: left.value, operator: 'like', value: right.value, ...span };
    }
    switch (left.kind) {
      case 'number': {
        if (operator === 'contains')
          throw new FilterError(leftNode, 'contains-type', this.#typed(leftNode, left));
        // Without BTF at hand a path may lead to a text as well.
        if (right.kind === 'string' && left.value.kind === 'path' && left.value.type === UNKNOWN_TYPE) {
          const kind = operator === '!=' || operator === '==';
          if (!kind) throw mismatch();
          return negated({ kind: 'text', field: left.value, operator: '==', value: right.value, ...span });
        }
        const value = right.kind === 'string' ? this.#stringConstant(right.value, rightNode, left) : right;
        if (value.kind !== 'number') throw mismatch();
        if (operator === '!=' && left.value.kind === 'packet') {
          const equal: Bound = {
            kind: 'numbers',
            operator: '==',
            left: left.value,
            right: value.value,
            ...span,
          };
          return negated(equal);
        }
        return {
          kind: 'numbers',
          operator: operator,
          left: left.value,
          right: value.value,
          ...span,
        };
      }
      case 'text': {
        refuseOrder();
        if (right.kind !== 'string')
          throw right.kind === 'text' ? new FilterError(span, 'not-comparable') : mismatch();
        const kind = operator === 'contains' ? 'contains' : '==';
        return negated({ kind: 'text', field: left.value, operator: kind, value: right.value, ...span });
      }
      case 'fields': {
        refuseOrder();
        if (right.kind === 'fields') throw new FilterError(span, 'not-comparable');
        if (left.type === 'bytes') return negated(this.#bytes(operator, left.fields, right, span, mismatch));
        if (operator === 'contains')
          throw new FilterError(leftNode, 'contains-type', this.#typed(leftNode, left));
        const length = left.type === 'ipv4' ? 4 : left.type === 'mac' ? 6 : 16;
        if (right.kind !== 'address' || right.node.bytes.length !== length) throw mismatch();
        const { bytes, prefix } = right.node;
        return negated({
          kind: 'address',
          fields: left.fields,
          bytes,
          mask: maskOf(length, prefix ?? length * 8),
          ...span,
        });
      }
      case 'frame':
        refuseOrder();
        return this.#bytes(operator, 'frame', right, span, mismatch);
      default:
        throw mismatch();
    }
  }

  #bytes(
    operator: Comparison,
    fields: readonly ProtocolField[] | 'frame',
    right: Side,
    span: Span,
    mismatch: () => FilterError,
  ): Bound {
    const value =
      right.kind === 'string'
        ? [...right.value].map((character) => character.charCodeAt(0) & 0xff)
        : right.kind === 'address' && right.node.prefix === null
          ? right.node.bytes
          : null;
    if (value === null || value.length === 0) throw mismatch();
    return { kind: 'bytes', fields, operator: operator === 'contains' ? 'contains' : '==', value, ...span };
  }

  /** Whether the left side has a value at all; null where it always has. */
  #present(left: Side, span: Span): Bound | null {
    if (left.kind === 'fields') return { kind: 'present', layers: [], fields: left.fields, ...span };
    if (left.kind === 'number' && left.value.kind === 'packet')
      return { kind: 'present', layers: [], fields: left.value.fields, ...span };
    if (left.kind === 'text')
      return { kind: 'text', field: left.value, operator: 'contains', value: '', ...span };
    return null;
  }

  #side(node: Node): Side {
    switch (node.kind) {
      case 'number':
        return { kind: 'number', value: { kind: 'number', value: node.value }, constants: null };
      case 'string':
        return { kind: 'string', value: node.value };
      case 'address':
        return { kind: 'address', node };
      case 'negative': {
        const value = this.#number(node.term);
        const zero: NumberValue = { kind: 'number', value: 0n };
        return {
          kind: 'number',
          constants: null,
          value:
            value.kind === 'number'
              ? { kind: 'number', value: -value.value }
              : { kind: 'arithmetic', operator: '-', left: zero, right: value },
        };
      }
      case 'arithmetic': {
        const right = this.#number(node.right);
        if ((node.operator === '/' || node.operator === '%') && right.kind === 'number' && right.value === 0n)
          throw new FilterError(node.right, 'divide-zero');
        const left = this.#number(node.left);
        return {
          kind: 'number',
          constants: null,
          value: { kind: 'arithmetic', operator: node.operator, left, right },
        };
      }
      case 'slice': {
        const offset = this.#number(node.offset);
        if (offset.kind === 'number' && (offset.value < 0n || offset.value > 255n))
          throw new FilterError(node.offset, 'slice-offset');
        if (!this.#names.points.some((point) => point.captures === 'packet'))
          throw new FilterError(node, 'packet-none', { name: node.protocol });
        const protocol = node.protocol as SliceProtocol;
        return {
          kind: 'number',
          constants: null,
          value: { kind: 'slice', protocol, offset, size: node.size },
        };
      }
      case 'name':
        return this.#named(node.text, node);
      default:
        throw new FilterError(node, 'not-numeric', { text: this.#label(node), type: 'test' });
    }
  }

  #named(text: string, span: Span): Side {
    if (Object.hasOwn(NUMBER_NAMES, text))
      return {
        kind: 'number',
        constants: null,
        value: { kind: 'number', value: BigInt(NUMBER_NAMES[text] ?? 0) },
      };
    let meaning: Meaning;
    try {
      meaning = resolveName(text, span, this.#names);
    } catch (thrown) {
      if (thrown instanceof FilterError && thrown.problem.code === 'name-unknown' && /^[\w-]+$/.test(text))
        return { kind: 'word', text };
      throw thrown;
    }
    switch (meaning.kind) {
      case 'record': {
        const { field } = meaning;
        if (field.type === 'text') return { kind: 'text', value: { kind: 'record', field } };
        const values = field.name === 'reason' ? this.#reasons() : (field.constants ?? null);
        return { kind: 'number', value: { kind: 'record', field }, constants: { field: field.name, values } };
      }
      case 'packet': {
        const type = meaning.fields[0]?.type ?? 'number';
        if (type === 'number')
          return { kind: 'number', value: { kind: 'packet', fields: meaning.fields }, constants: null };
        return { kind: 'fields', type, fields: meaning.fields };
      }
      case 'path':
        return meaning.type.kind === 'text'
          ? { kind: 'text', value: meaning }
          : { kind: 'number', value: meaning, constants: null };
      case 'frame':
        return { kind: 'frame' };
      case 'protocol':
        throw new FilterError(span, 'not-numeric', { text, type: 'protocol' });
    }
  }

  #reasons(): Readonly<Record<string, number>> | null {
    const { reasons } = this.#names;
    return reasons ? Object.fromEntries(reasons) : null;
  }

  /** A bare word beside a field: one of the words that stand for its numbers. */
  #constant(text: string, span: Span, other: Side): Side {
    const constants = other.kind === 'number' ? other.constants : null;
    if (constants === null) return this.#unknown(text, span);
    if (constants.values === null) throw new FilterError(span, 'reason-none', { name: text });
    const short = text.replace(/^SKB_DROP_REASON_/, '');
    const value = Object.hasOwn(constants.values, short) ? constants.values[short] : undefined;
    if (value !== undefined)
      return { kind: 'number', value: { kind: 'number', value: BigInt(value) }, constants: null };
    const known = Object.keys(constants.values);
    if (known.length === 0) return this.#unknown(text, span);
    const near = similar(short, known);
    throw new FilterError(
      span,
      'constant-unknown',
      { name: text, field: constants.field },
      near.length > 0 ? near : known.slice(0, 4),
    );
  }

  #stringConstant(text: string, span: Span, left: Side): Side {
    const constants = left.kind === 'number' ? left.constants : null;
    const known = constants?.values && Object.keys(constants.values).length > 0;
    return known ? this.#constant(text, span, left) : { kind: 'string', value: text };
  }

  /** Says that a name is not known, with its neighbours. */
  #unknown(text: string, span: Span): never {
    resolveName(text, span, this.#names);
    throw new FilterError(span, 'name-unknown', { name: text });
  }

  #number(node: Node): NumberValue {
    const side = this.#side(node);
    if (side.kind === 'number') return side.value;
    if (side.kind === 'word') this.#unknown(side.text, node);
    throw new FilterError(node, 'not-numeric', { text: this.#label(node), type: typeName(side) });
  }

  #typed(node: Node, side: Side): { left: string; leftType: string } {
    return { left: this.#label(node), leftType: typeName(side) };
  }

  #label(node: Node): string {
    return node.kind === 'name' ? node.text : node.kind === 'string' ? `"${node.value}"` : node.kind;
  }
}

function isLiteral(side: Side): boolean {
  return (
    side.kind === 'string' ||
    side.kind === 'address' ||
    (side.kind === 'number' && side.value.kind === 'number')
  );
}

/** `5 < ip.ttl` is `ip.ttl > 5`. */
function mirrored(operator: Comparison, span: Span): Comparison {
  switch (operator) {
    case '<':
      return '>';
    case '<=':
      return '>=';
    case '>':
      return '<';
    case '>=':
      return '<=';
    case '==':
    case '!=':
      return operator;
    default:
      throw new FilterError(span, 'constant-left');
  }
}

/** Words for types as they stand in problems: see type-names in the page's texts for other languages. */
function typeName(side: Side): string {
  switch (side.kind) {
    case 'fields':
      return TYPE_NAMES[side.type];
    case 'address':
      return side.node.bytes.length === 4 ? 'IPv4' : side.node.bytes.length === 6 ? 'MAC' : 'IPv6';
    case 'number':
      return 'number';
    case 'text':
    case 'string':
      return 'text';
    case 'frame':
      return 'bytes';
    case 'word':
      return 'word';
  }
}

const TYPE_NAMES = {
  number: 'number',
  text: 'text',
  ipv4: 'IPv4',
  ipv6: 'IPv6',
  mac: 'MAC',
  bytes: 'bytes',
} as const;
