/** A line this long is replaced in the log anyway; its rest is not kept. */
const longestLine = 100_001;

/**
 * Cuts console text into lines for the log: at `\r\r\n`, `\r\n` or `\n`, without ESC characters.
 * What follows the last line end waits for more text, or for `flush`.
 */
export class ConsoleLines {
  readonly #write: (line: string) => void;
  #partial = '';

  constructor(write: (line: string) => void) {
    this.#write = write;
  }

  push(text: string): void {
    const clean = text.includes('\u001b') ? text.replaceAll('\u001b', '') : text;
    let from = 0;
    for (let at = clean.indexOf('\n'); at >= 0; at = clean.indexOf('\n', from)) {
      const line = this.#partial + clean.slice(from, at);
      this.#partial = '';
      from = at + 1;
      this.#write(line.endsWith('\r\r') ? line.slice(0, -2) : line.endsWith('\r') ? line.slice(0, -1) : line);
    }
    if (this.#partial.length < longestLine) this.#partial += clean.slice(from);
  }

  /** Writes the unfinished line, if there is one. */
  flush(): void {
    if (this.#partial === '') return;
    const line = this.#partial;
    this.#partial = '';
    this.#write(line);
  }
}
