/** How long a button says that it has copied, in milliseconds. */
const SAID = 1500;

/** What the buttons that copy do: the text into the clipboard, and a moment of saying so. */
export class Copier {
  copied = $state.raw(false);

  async copy(text: string): Promise<void> {
    await navigator.clipboard.writeText(text);
    this.copied = true;
    setTimeout(() => (this.copied = false), SAID);
  }
}
