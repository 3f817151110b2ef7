/** Longest name shown, in characters; the kernel's own KSYM_NAME_LEN is 512. */
const longestName = 512;

const plain = /^[\w.$ ]*$/;

/**
 * A name from a BTF file, made safe to show in a terminal, in HTML and in running text: printable ASCII stays
 * (dots included: `foo.isra.0`), everything else (controls, escape sequences, bidi overrides, letters that
 * look alike) and the characters < > & " ' ` \ become \xNN or \u{N}. Cut at 512 characters.
 */
export function shownName(name: string): string {
  if (name.length <= longestName && plain.test(name)) return name;
  let shown = '';
  for (const character of name.length > longestName ? name.slice(0, longestName) : name) {
    const code = character.codePointAt(0) ?? 0;
    if (code >= 0x20 && code < 0x7f && !'<>&"\'`\\'.includes(character)) shown += character;
    else if (code < 0x100) shown += `\\x${code.toString(16).padStart(2, '0')}`;
    else shown += `\\u{${code.toString(16)}}`;
  }
  return name.length > longestName ? `${shown}...` : shown;
}
