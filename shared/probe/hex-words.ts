/** Value of a lower-case hexadecimal digit by its code, 255 for what is none. */
const DIGITS = new Uint8Array(256).fill(255);
for (let value = 0; value < 16; value++) DIGITS[value.toString(16).charCodeAt(0)] = value;

/** `count` words of 16 lower-case hexadecimal digits from `text[from]` on into bytes; false if a digit is none. */
export function readWords(text: Uint8Array, from: number, bytes: Uint8Array, count: number): boolean {
  if (from + count * 16 > text.length || count * 8 > bytes.length) return false;
  let bad = 0;
  for (let i = 0, at = from; i < count * 8; i++, at += 2) {
    const high = DIGITS[text[at] as number] as number;
    const low = DIGITS[text[at + 1] as number] as number;
    bad |= high | low;
    bytes[i] = (high << 4) | low;
  }
  return bad < 16;
}
