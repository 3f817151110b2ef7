/** What a server may say in one line of the log or one prompt. */
const MAX_CHARACTERS = 2000;

/**
 * What the other side sent, safe to show: control characters but newline and tab, and the marks that
 * turn the direction of writing, are written as `\u001b`; the rest beyond 2,000 characters is cut off.
 */
export function visible(text: string): string {
  const cut = text.length > MAX_CHARACTERS ? `${text.slice(0, MAX_CHARACTERS)}…` : text;
  return cut.replace(
    // eslint-disable-next-line no-control-regex
    /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
