/** A line this long is replaced in the log anyway; its rest is not kept. */
const longestLine = 100_001;

/**
 * Cuts console text into lines for the log: at `\r\r\n`, `\r\n` or `\n`, without ESC characters.
 * What follows the last line end waits for more text, or for `flush`.
 */
export class ConsoleLines {
  readonly #write: (line: string) => void;
  #partial = '';
  /** The line so far was written before its end came. */
  #written = false;

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
      const text = line.endsWith('\r\r') ? line.slice(0, -2) : line.endsWith('\r') ? line.slice(0, -1) : line;
      if (text !== '' || !this.#written) this.#write(text);
      this.#written = false;
    }
    if (this.#partial.length < longestLine) this.#partial += clean.slice(from);
  }

  /** Writes the unfinished line, if there is one, as it is; its end makes no line of its own then. */
  writeUnfinished(): void {
    if (this.#partial === '') return;
    this.flush();
    this.#written = true;
  }

  /** Writes the unfinished line, if there is one. */
  flush(): void {
    if (this.#partial === '' || (this.#written && /^\r+$/.test(this.#partial))) return;
    const line = this.#partial;
    this.#partial = '';
    this.#write(line);
  }
}
