import type { Arithmetic, CastNode, Comparison, HostNode, PortNode, Span } from './ast.ts';
import type { PathType } from './context.ts';
import type { SliceProtocol } from './numbers.ts';
import type { ProtocolField } from './protocol-fields.ts';
import type { RecordField } from './record-fields.ts';

/** A filter whose names mean something and whose types fit: what is evaluated, and written for a kernel. */
export type Bound = Span &
  (
    | { readonly kind: 'or' | 'and'; readonly terms: readonly Bound[] }
    | { readonly kind: 'not'; readonly term: Bound }
    | { readonly kind: 'constant'; readonly value: boolean }
    | {
        readonly kind: 'numbers';
        readonly operator: Order;
        readonly left: NumberValue;
        readonly right: NumberValue;
      }
    | {
        readonly kind: 'text';
        readonly field: TextValue;
        readonly operator: TextOperator;
        readonly value: string;
      }
    | {
        readonly kind: 'address';
        readonly fields: readonly ProtocolField[];
        readonly bytes: readonly number[];
        readonly mask: readonly number[];
      }
    | {
        readonly kind: 'bytes';
        readonly fields: readonly ProtocolField[] | 'frame';
        readonly operator: '==' | 'contains';
        readonly value: readonly number[];
      }
    | {
        readonly kind: 'present';
        readonly layers: readonly string[];
        readonly fields: readonly ProtocolField[];
      }
    | Primitive
  );

export type Order = Exclude<Comparison, 'contains' | 'like'>;
export type TextOperator = '==' | 'contains' | 'like';

export type Primitive = Span &
  (
    | HostNode
    | PortNode
    | { readonly kind: 'protocol'; readonly family: 'any' | 'ip' | 'ip6'; readonly number: number }
    | { readonly kind: 'ethertype'; readonly type: number }
    | { readonly kind: 'tag'; readonly of: 'vlan' | 'mpls'; readonly id: number | null }
    | CastNode
  );

/** Something with a number; `wide` where it may need all 64 bits. */
export type NumberValue =
  | { readonly kind: 'number'; readonly value: bigint }
  | { readonly kind: 'record'; readonly field: RecordField & { readonly type: 'number' | 'wide' } }
  | { readonly kind: 'packet'; readonly fields: readonly ProtocolField[] }
  | PathValue
  | {
      readonly kind: 'slice';
      readonly protocol: SliceProtocol;
      readonly offset: NumberValue;
      readonly size: number;
    }
  | {
      readonly kind: 'arithmetic';
      readonly operator: Arithmetic;
      readonly left: NumberValue;
      readonly right: NumberValue;
    };

/** A C path from an argument on. */
export interface PathValue {
  readonly kind: 'path';
  /** With `args->` taken away: `skb->dev->mtu`. */
  readonly path: string;
  /** The argument it begins at. */
  readonly root: string;
  readonly type: PathType;
}

export type TextValue =
  { readonly kind: 'record'; readonly field: RecordField & { readonly type: 'text' } } | PathValue;

export function isWide(value: NumberValue): boolean {
  switch (value.kind) {
    case 'number':
      return value.value > 0xffffffffn || value.value < -0x80000000n;
    case 'record':
      return value.field.type === 'wide';
    case 'path':
      return true;
    case 'packet':
    case 'slice':
      return false;
    case 'arithmetic':
      return isWide(value.left) || isWide(value.right);
  }
}
