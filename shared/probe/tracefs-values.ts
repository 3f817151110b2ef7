/** How many values one event may have, and how many elements an array. */
const MAX_VALUES = 128;

/** The values of one event, taken by name. */
export interface EventValues {
  has(name: string): boolean;
  /** One character a byte; '' for what is none. */
  text(name: string): string;
  /** A value of at most 32 bits; 0 for what is none. */
  number(name: string): number;
  isZero(name: string): boolean;
  unsigned(name: string): bigint;
  /** Any value as a signed 64-bit number; 0n for what is none. */
  signed(name: string): bigint;
  /** `count` 64-bit words, little-endian as they lie in the target's memory; false if there are not as many. */
  words(name: string, bytes: Uint8Array, count: number): boolean;
  /** Bytes from one address to another; addresses of kernel memory are above what a number holds exactly. */
  difference(to: string, from: string): number;
}

/**
 * The values of one event of the kernel's text, `name=0x1f other=12 list={0x1,0x2} text="sh"`, taken by name. Only
 * their places are noted as the line is read; each is parsed when it is asked for.
 */
export class TracefsValues implements EventValues {
  readonly #places = new Map<string, { from: number; to: number; turn: number }>();
  #line = '';
  #turn = 0;

  /** Notes the values of `line` from `at` on; false when it does not look as the kernel writes it. */
  read(line: string, at: number): boolean {
    this.#line = line;
    this.#turn++;
    let count = 0;
    let i = at;
    for (;;) {
      while (line.charCodeAt(i) === SPACE) i++;
      if (i >= line.length) return true;
      const equals = line.indexOf('=', i);
      if (equals < 0 || equals - i > 32 || ++count > MAX_VALUES) return false;
      const name = line.slice(i, equals);
      let from = equals + 1;
      let to: number;
      const first = line.charCodeAt(from);
      if (first === QUOTE) {
        // comm stands last and may hold anything: it reaches to the last quote, or to the newline that cut it off.
        from++;
        to = line.charCodeAt(line.length - 1) === QUOTE && line.length > from ? line.length - 1 : line.length;
        i = line.length;
      } else if (first === BRACE) {
        from++;
        to = line.indexOf('}', from);
        if (to < 0) return false;
        i = to + 1;
      } else {
        to = line.indexOf(' ', from);
        if (to < 0) to = line.length;
        // A symbol of a module: `fn+0x1/0x2 [module]`.
        if (line.charCodeAt(to + 1) === BRACKET) {
          const end = line.indexOf(']', to);
          if (end > 0) to = end + 1;
        }
        i = to;
      }
      const place = this.#places.get(name);
      if (place === undefined) {
        if (this.#places.size >= MAX_VALUES) return false;
        this.#places.set(name, { from, to, turn: this.#turn });
      } else if (place.turn === this.#turn) return false;
      else {
        place.from = from;
        place.to = to;
        place.turn = this.#turn;
      }
    }
  }

  has(name: string): boolean {
    return this.#places.get(name)?.turn === this.#turn;
  }

  text(name: string): string {
    const place = this.#places.get(name);
    return place?.turn === this.#turn ? this.#line.slice(place.from, place.to) : '';
  }

  number(name: string): number {
    const number = Number(this.text(name));
    return Number.isInteger(number) ? number : 0;
  }

  isZero(name: string): boolean {
    return /^(?:0x0*|0*)$/.test(this.text(name));
  }

  unsigned(name: string): bigint {
    return BigInt.asUintN(64, this.signed(name));
  }

  signed(name: string): bigint {
    const text = this.text(name);
    if (/^0x[0-9a-f]{1,16}$/.test(text)) return BigInt.asIntN(64, BigInt(text));
    if (/^\d{1,20}$/.test(text)) return BigInt.asIntN(64, BigInt(text));
    return /^-\d{1,19}$/.test(text) ? BigInt.asIntN(64, BigInt(text)) : 0n;
  }

  difference(to: string, from: string): number {
    const [toHigh, toLow] = this.#halves(to);
    const [fromHigh, fromLow] = this.#halves(from);
    return (toHigh - fromHigh) * 0x100000000 + (toLow - fromLow) || 0;
  }

  /** Upper and lower half of a hexadecimal value. */
  #halves(name: string): readonly [number, number] {
    const digits = this.text(name).slice(2);
    const cut = Math.max(0, digits.length - 8);
    return [Number.parseInt(digits.slice(0, cut) || '0', 16), Number.parseInt(digits.slice(cut) || '0', 16)];
  }

  words(name: string, bytes: Uint8Array, count: number): boolean {
    const place = this.#places.get(name);
    if (place?.turn !== this.#turn) return false;
    let at = 0;
    for (let i = place.from; i < place.to;) {
      if (at >= count || this.#line.charCodeAt(i) !== ZERO || this.#line.charCodeAt(i + 1) !== X)
        return false;
      let end = this.#line.indexOf(',', i);
      if (end < 0 || end > place.to) end = place.to;
      if (end - i < 3 || end - i > 18) return false;
      let byte = at * 8;
      for (let digit = end - 1; digit > i + 1; digit -= 2) {
        const low = nibble(this.#line.charCodeAt(digit));
        const high = digit - 1 > i + 1 ? nibble(this.#line.charCodeAt(digit - 1)) : 0;
        if (low < 0 || high < 0) return false;
        bytes[byte++] = (high << 4) | low;
      }
      bytes.fill(0, byte, at * 8 + 8);
      at++;
      i = end + 1;
    }
    return at === count;
  }
}

/** Two words as a C string of at most 15 characters: a device's name. */
export function deviceName(values: EventValues, name: string): string {
  if (!values.words(name, NAME, 2)) return '';
  const end = NAME.indexOf(0);
  return String.fromCharCode(...NAME.subarray(0, Math.min(15, end < 0 ? 15 : end)));
}

const SPACE = 32;
const QUOTE = 34;
const BRACE = 123;
const BRACKET = 91;
const ZERO = 48;
const X = 120;
const NAME = new Uint8Array(16);

function nibble(code: number): number {
  if (code >= 48 && code <= 57) return code - 48;
  return code >= 97 && code <= 102 ? code - 87 : -1;
}
