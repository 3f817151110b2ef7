import type { Bound, NumberValue, Order, TextValue } from './bound.ts';
import type { BpftraceLanguage, FilterPoint } from './context.ts';
import { addressFormula, headerPlace, numberAt, primitiveFormula, protocolAt } from './expected-header.ts';
import type { Version } from './expected-header.ts';
import { all, any, compare, opposite } from './formula.ts';
import type { Formula } from './formula.ts';
import { KERNEL_FIELDS } from './kernel-fields.ts';
import type { KernelField } from './kernel-fields.ts';
import type { ProtocolField } from './protocol-fields.ts';
import { parameterOf } from './resolve.ts';

/** A number as text, and what must hold for it to be there. */
interface KernelNumber {
  readonly text: string;
  readonly guard: Formula;
  readonly signed: boolean;
}

const ORDERS = ['==', '!=', '<', '<=', '>', '>='] as const;
/** Operators that mean the same in C's 64 bits and on arrival. */
const SAFE_ARITHMETIC = new Set(['&', '|', '^', '>>', '+']);
/** Characters of a string literal that need no thought in any version of bpftrace. */
const PLAIN_TEXT = /^[ !#-[\]-~]*$/;

/**
 * A filter, or a part of one, at one point in bpftrace's language. With a version the expected header is looked at
 * too, which is right only where verified() holds. Null where the kernel cannot say exactly this.
 */
export class BpftraceWriter {
  readonly #point: FilterPoint;
  readonly #language: BpftraceLanguage;
  readonly #version: Version | null;
  /** Set when a part looks at fields that inner headers have too. */
  innermost = false;

  constructor(point: FilterPoint, language: BpftraceLanguage, version: Version | null) {
    this.#point = point;
    this.#language = language;
    this.#version = version;
  }

  formula(bound: Bound): Formula | null {
    switch (bound.kind) {
      case 'and':
      case 'or': {
        const terms: Formula[] = [];
        for (const term of bound.terms) {
          const formula = this.formula(term);
          if (formula === null) return null;
          terms.push(formula);
        }
        return bound.kind === 'and' ? all(...terms) : any(...terms);
      }
      case 'not': {
        const term = this.formula(bound.term);
        return term === null ? null : opposite(term);
      }
      case 'constant':
        return bound.value;
      case 'numbers':
        return this.#numbers(bound.operator, bound.left, bound.right);
      case 'text':
        return this.#text(bound.field, bound.operator, bound.value);
      case 'address':
        return this.#address(bound.fields, bound.bytes, bound.mask);
      case 'present':
        return this.#present(bound.layers, bound.fields);
      case 'bytes':
        return null;
      case 'host':
      case 'port':
      case 'protocol':
      case 'ethertype':
      case 'tag':
      case 'cast':
        return this.#version === null ? null : primitiveFormula(bound, this.#version);
    }
  }

  #numbers(operator: Order, left: NumberValue, right: NumberValue): Formula | null {
    if (left.kind === 'packet') return this.#packet(left.fields, operator, right);
    if (right.kind === 'packet') return this.#packet(right.fields, ORDERS[MIRRORED[operator]], left);
    const [a, b] = [this.#number(left), this.#number(right)];
    if (a === null || b === null) return null;
    const test = compared(operator, a, b, left, right);
    return test === null ? null : all(a.guard, b.guard, test);
  }

  /** Any of several fields of the packet; more than a number on the other side is left to arrival. */
  #packet(fields: readonly ProtocolField[], operator: Order, other: NumberValue): Formula | null {
    if (this.#version === null || other.kind !== 'number') return null;
    const terms: Formula[] = [];
    for (const field of fields) {
      const place = this.#fieldPlace(field);
      if (place === null) return null;
      const scaled = field.scale === 1 ? place.text : `${place.text} * ${field.scale}`;
      const number: KernelNumber = { text: scaled, guard: place.guard, signed: false };
      const constant: KernelNumber = { text: other.value.toString(), guard: true, signed: false };
      const left: NumberValue = { kind: 'packet', fields };
      const test = compared(operator, number, constant, left, other);
      if (test === null) return null;
      terms.push(all(place.guard, test));
    }
    this.innermost = true;
    return any(...terms);
  }

  #fieldPlace(field: ProtocolField): { readonly text: string; readonly guard: Formula } | null {
    const known = Object.hasOwn(KERNEL_FIELDS, field.name) ? KERNEL_FIELDS[field.name] : undefined;
    if (known === undefined || this.#version === null) return null;
    const header = headerPlace(known.header, this.#version);
    return header === null ? null : { text: fieldText(known, header.at), guard: header.guard };
  }

  #address(
    fields: readonly ProtocolField[],
    bytes: readonly number[],
    mask: readonly number[],
  ): Formula | null {
    if (this.#version === null) return null;
    const terms: Formula[] = [];
    for (const { name } of fields) {
      const known = Object.hasOwn(KERNEL_FIELDS, name) ? KERNEL_FIELDS[name] : undefined;
      const header = known === undefined ? null : headerPlace(known.header, this.#version);
      if (known === undefined || header === null) return null;
      terms.push(header.guard === false ? false : addressFormula(known.at, bytes, mask));
    }
    this.innermost = true;
    return any(...terms);
  }

  #present(layers: readonly string[], fields: readonly ProtocolField[]): Formula | null {
    if (this.#version === null) return null;
    this.innermost = true;
    const own = { ipv4: 4, ipv6: 6 } as const;
    const behind = { tcp: 6, udp: 17 } as const;
    const terms: Formula[] = [];
    for (const layer of layers) {
      if (layer in own) terms.push(own[layer as keyof typeof own] === this.#version);
      else if (layer in behind)
        terms.push(compare(protocolAt(this.#version), '==', behind[layer as keyof typeof behind]));
      else return null;
    }
    for (const field of fields) {
      const place = this.#fieldPlace(field);
      if (place === null) return null;
      terms.push(place.guard);
    }
    return any(...terms);
  }

  #text(value: TextValue, operator: '==' | 'contains' | 'like', wanted: string): Formula | null {
    const source = this.#textSource(value);
    if (source === null) return null;
    const { text, guard } = source;
    if (operator === 'contains') return wanted === '' ? guard : null;
    if (!PLAIN_TEXT.test(wanted)) return null;
    if (operator === '==') {
      // Names of devices and processes have at most 15 characters.
      if (value.kind === 'record' && wanted.length > 15) return false;
      return all(guard, compare(text, '==', `"${wanted}"`));
    }
    const head = wanted.replace(/\*+$/, '');
    if (head === wanted || head === '' || /[*?]/.test(head)) return null;
    if (value.kind === 'record' && head.length > 15) return false;
    return all(guard, compare(`strncmp(${text}, "${head}", ${head.length})`, '==', 0));
  }

  #textSource(value: TextValue): { readonly text: string; readonly guard: Formula } | null {
    if (value.kind === 'path') {
      if (parameterOf(this.#point, value.root) === null) return { text: '', guard: false };
      const text = this.#pathText(value.path, value.root);
      return text === null ? null : { text, guard: true };
    }
    const { bpftrace, needs } = value.field;
    if (bpftrace === null) return null;
    return { text: bpftrace, guard: this.#guard(needs) };
  }

  #guard(needs: 'skb' | 'device' | null): Formula {
    if (needs === null) return true;
    if (this.#point.captures !== 'packet') return false;
    return needs === 'device' ? compare('(uint64)$d', '!=', 0) : true;
  }

  #number(value: NumberValue): KernelNumber | null {
    switch (value.kind) {
      case 'number':
        return { text: value.value.toString(), guard: true, signed: value.value < 0n };
      case 'record':
        return this.#recordNumber(value.field);
      case 'path': {
        const unsigned = value.type.signed ? '(int64)' : '(uint64)';
        if (parameterOf(this.#point, value.root) === null)
          return { text: '0', guard: false, signed: value.type.signed };
        const text = this.#pathText(value.path, value.root);
        return text === null ? null : { text: `${unsigned}${text}`, guard: true, signed: value.type.signed };
      }
      case 'slice': {
        if (this.#version === null || value.offset.kind !== 'number') return null;
        const header = headerPlace(value.protocol, this.#version);
        const offset = Number(value.offset.value);
        if (header === null) return null;
        if (header.guard === false) return { text: '0', guard: false, signed: false };
        if (offset + value.size > header.size) return null;
        return { text: numberAt(header.at + offset, value.size), guard: header.guard, signed: false };
      }
      case 'arithmetic': {
        if (!SAFE_ARITHMETIC.has(value.operator)) return null;
        const [a, b] = [this.#number(value.left), this.#number(value.right)];
        if (a === null || b === null || a.signed || b.signed) return null;
        return {
          text: `(${a.text} ${value.operator} ${b.text})`,
          guard: all(a.guard, b.guard),
          signed: false,
        };
      }
      case 'packet':
        return null;
    }
  }

  #recordNumber(field: (NumberValue & { readonly kind: 'record' })['field']): KernelNumber | null {
    if (field.name === 'reason') {
      if (parameterOf(this.#point, 'reason') === null) return null;
      const text = this.#language.argument('reason', this.#point);
      return text === null ? null : { text: `(uint64)${text}`, guard: true, signed: false };
    }
    if (field.name === 'ret') {
      if (this.#point.edge === 'entry') return { text: '0', guard: false, signed: true };
      const text = this.#language.returned?.(this.#point) ?? null;
      return text === null ? null : { text: `(int64)${text}`, guard: true, signed: true };
    }
    if (field.bpftrace === null) return null;
    return { text: field.bpftrace, guard: this.#guard(field.needs), signed: false };
  }

  #pathText(path: string, root: string): string | null {
    const argument = this.#language.argument(root, this.#point);
    return argument === null ? null : argument + path.slice(root.length);
  }
}

const MIRRORED = { '==': 0, '!=': 1, '<': 4, '<=': 5, '>': 2, '>=': 3 } as const;

function compared(
  operator: Order,
  a: KernelNumber,
  b: KernelNumber,
  left: NumberValue,
  right: NumberValue,
): Formula | null {
  if (left.kind === 'number' && right.kind !== 'number')
    return compared(ORDERS[MIRRORED[operator]], b, a, right, left);
  if (right.kind === 'number') {
    // bpftrace reads literals of up to 63 bits the same way in all versions.
    if (right.value >= 1n << 63n || right.value < -(1n << 62n)) return null;
    if (!a.signed && right.value < 0n) return operator === '!=' || operator === '>' || operator === '>=';
  } else if (a.signed !== b.signed) return null;
  return compare(a.text, operator, b.text);
}

function fieldText(field: KernelField, at: number): string {
  const text = numberAt(at + field.at, field.size);
  const shifted = field.shift === 0 ? text : `(${text} >> ${field.shift})`;
  return field.mask === null ? text : `(${shifted} & ${field.mask})`;
}
