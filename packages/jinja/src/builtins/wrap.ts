import { charge } from '../limits.ts';
import { valueError } from '../python/errors.ts';

interface WrapOptions {
  readonly width: number;
  readonly breakLongWords: boolean;
  readonly breakOnHyphens: boolean;
}

type Characters = readonly string[];

const isSpace = (c: string) => /^[\t-\r ]$/.test(c);
const isWord = (c: string | undefined) => c !== undefined && /^[\p{L}\p{N}_]$/u.test(c);
const isLetter = (c: string | undefined) => isWord(c) && !/^\p{Nd}$/u.test(c as string);
const isBlank = (piece: Characters) => piece.every((c) => c.trim() === '');

/** Whether a line may end after the hyphen at `i`: it joins parts of a compound such as `well-known` or `x-y-axis`. */
function joinsCompound(text: Characters, i: number): boolean {
  const before = isLetter(text[i - 1]) && (isLetter(text[i - 2]) || (text[i - 2] === '-' && isLetter(text[i - 3])));
  const after = isLetter(text[i + 1]) && (isLetter(text[i + 2]) || (text[i + 2] === '-' && isLetter(text[i + 3])));
  return before && after;
}

/** Whether the hyphens from `start` to `end` are a dash between two words, as in `so--as`. */
function isDash(text: Characters, start: number, end: number): boolean {
  return end - start >= 2 && isWord(text[end]) && (isWord(text[start - 1]) || /^[!"'&.,?]$/.test(text[start - 1] ?? ''));
}

/** Cuts a line where it may be broken: around blanks and, if wanted, around dashes and after hyphens inside words. */
function pieces(text: Characters, onHyphens: boolean): Characters[] {
  const found: Characters[] = [];
  let start = 0;
  const cut = (at: number) => {
    if (at > start) found.push(text.slice(start, at));
    start = Math.max(start, at);
  };
  for (let i = 0; i < text.length; i++) {
    if (i > 0 && isSpace(text[i] as string) !== isSpace(text[i - 1] as string)) cut(i);
    if (!onHyphens || text[i] !== '-') continue;
    let end = i + 1;
    while (text[end] === '-') end++;
    if (isDash(text, i, end)) {
      cut(i);
      cut(end);
    } else if (joinsCompound(text, i)) cut(i + 1);
    i = end - 1;
  }
  cut(text.length);
  return found;
}

/** How much of a word that is too long for any line goes into the `room` that is left: all that fits, but best up to a hyphen. */
function headOf(word: Characters, room: number, onHyphens: boolean): number {
  const hyphen = onHyphens && room > 0 && word.length > room ? word.lastIndexOf('-', room - 1) : -1;
  return hyphen > 0 && word.slice(0, hyphen).some((c) => c !== '-') ? hyphen + 1 : room;
}

/**
 * Breaks one line of text as Python's `textwrap.wrap` does with the settings of `|wordwrap`: as many pieces on each row
 * as fit; blanks at the ends of rows are dropped, but not those that begin the text.
 */
export function wrap(line: string, { width, breakLongWords, breakOnHyphens }: WrapOptions): string[] {
  if (width <= 0) throw valueError(`invalid width ${width} (must be > 0)`);
  charge(line.length >> 3);
  const rows: string[] = [];
  let row: Characters[] = [];
  let used = 0;
  // A row loses one blank piece at its start.
  let lost = false;
  const endRow = () => {
    if (row.length && isBlank(row.at(-1) as Characters)) row.pop();
    if (row.length) rows.push(row.map((piece) => piece.join('')).join(''));
    row = [];
    used = 0;
    lost = false;
  };
  const put = (piece: Characters) => {
    row.push(piece);
    used += piece.length;
  };
  for (const piece of pieces(Array.from(line), breakOnHyphens)) {
    for (let rest = piece; rest.length;) {
      charge();
      if (row.length === 0 && rows.length && !lost && isBlank(rest)) {
        lost = true;
        break;
      }
      if (used + rest.length <= width) {
        put(rest);
        break;
      }
      if (rest.length > width && breakLongWords) {
        const head = headOf(rest, width - used, breakOnHyphens);
        // Also when nothing of it fits: such a row keeps the blank before it, as Python has it.
        put(rest.slice(0, head));
        rest = rest.slice(head);
      } else if (rest.length > width && row.length === 0) {
        put(rest);
        rest = [];
      }
      endRow();
    }
  }
  endRow();
  return rows;
}
