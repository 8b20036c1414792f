import type { YamlPosition } from './error.ts';

/** Turns offsets into lines and columns; the table is made when first asked. */
export class LineTable {
  readonly #text: string;
  readonly #file: string | undefined;
  #starts: number[] | undefined;

  constructor(text: string, file?: string) {
    this.#text = text;
    this.#file = file;
  }

  /** Place of an offset; without an end (or one on another line) it reaches to the end of the line's text. */
  at(offset: number, end = -1): YamlPosition {
    const starts = (this.#starts ??= lineStarts(this.#text));
    let low = 0;
    let high = starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((starts[middle] ?? 0) <= offset) low = middle;
      else high = middle - 1;
    }
    const start = starts[low] ?? 0;
    const line = this.#text.slice(start, starts[low + 1] ?? this.#text.length).trimEnd();
    const column = offset - start + 1;
    const endColumn = end >= offset && end - start <= line.length ? end - start + 1 : line.length + 1;
    return { ...(this.#file === undefined ? {} : { file: this.#file }), line: low + 1, column, endColumn: Math.max(column + 1, endColumn) };
  }
}

function lineStarts(text: string): number[] {
  const starts = [0];
  for (const match of text.matchAll(/\r\n|\r|\n/g)) starts.push(match.index + match[0].length);
  return starts;
}
