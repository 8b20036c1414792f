import { charge } from '../limits.ts';
import { valueError } from '../python/errors.ts';

interface WrapOptions {
  readonly width: number;
  readonly breakLongWords: boolean;
  readonly breakOnHyphens: boolean;
}

const space = '[\\t\\n\\v\\f\\r ]';
const text = '[^\\t\\n\\v\\f\\r ]';
const letter = '[\\p{L}\\p{N}_]';
const notDigit = '[\\p{L}_]';

// Chunks of a line: blanks, em-dashes between words, words (cut after a hyphen inside them).
const hyphenated = new RegExp(
  `(${space}+|(?<=${letter}|[!"'&.,?])-{2,}(?=${letter})|${text}+?(?:-(?:(?<=${notDigit}{2}-)|(?<=${notDigit}-${notDigit}-))(?=${notDigit}-?${notDigit})|(?=${space}|$)|(?<=${letter}|[!"'&.,?])(?=-{2,}${letter})))`, 'u');
const simple = new RegExp(`(${space}+)`, 'u');

/** Breaks one line of text as Python's `textwrap.wrap` does with the settings of `|wordwrap`. */
export function wrap(line: string, { width, breakLongWords, breakOnHyphens }: WrapOptions): string[] {
  if (width <= 0) throw valueError(`invalid width ${width} (must be > 0)`);
  // The pattern for hyphens may look at a run of them again from each of its places.
  const hyphens = breakOnHyphens ? line.split('-').length : 0;
  charge(Math.floor(hyphens * hyphens / 4096) + (line.length >> 3));
  const chunks = line.split(breakOnHyphens ? hyphenated : simple).filter(Boolean).map((chunk) => Array.from(chunk)).toReversed();
  const lines: string[] = [];
  const blank = (chunk: string[] | undefined) => chunk !== undefined && chunk.join('').trim() === '';
  while (chunks.length) {
    charge();
    if (lines.length && blank(chunks.at(-1))) chunks.pop();
    const row: string[][] = [];
    let used = 0;
    while (chunks.length && used + (chunks.at(-1)?.length ?? 0) <= width) {
      const chunk = chunks.pop() as string[];
      row.push(chunk);
      used += chunk.length;
    }
    const next = chunks.at(-1);
    if (next && next.length > width) {
      if (breakLongWords) {
        let end = width - used;
        if (breakOnHyphens && next.length > end) {
          const hyphen = end > 0 ? next.lastIndexOf('-', end - 1) : -1;
          if (hyphen > 0 && next.slice(0, hyphen).some((c) => c !== '-')) end = hyphen + 1;
        }
        row.push(next.splice(0, end));
      } else if (row.length === 0) row.push(chunks.pop() as string[]);
    }
    if (blank(row.at(-1))) row.pop();
    if (row.length) lines.push(row.map((chunk) => chunk.join('')).join(''));
  }
  return lines;
}
