/** How a piece of console text looks; colours are 0–15 (palette), or a CSS colour for 256 and true colours. */
export interface AnsiStyle {
  fg?: number | string; bg?: number | string;
  bold?: boolean; dim?: boolean; italic?: boolean; underline?: boolean; inverse?: boolean; strike?: boolean;
}
export interface AnsiPiece { readonly text: string; readonly style: AnsiStyle }

const levels = [0, 95, 135, 175, 215, 255];

/** A colour of the 256 palette: the first 16 by number (they follow the theme), the others as CSS. */
function color256(n: number): number | string {
  if (n < 16) return n;
  if (n >= 232) { const v = 8 + (n - 232) * 10; return `rgb(${v}, ${v}, ${v})`; }
  const i = n - 16;
  return `rgb(${levels[Math.floor(i / 36)]}, ${levels[Math.floor(i / 6) % 6]}, ${levels[i % 6]})`;
}

/** 38/48 and what follows: `5;n` or `2;r;g;b`. Returns the colour and how many numbers it took. */
function extended(codes: readonly number[], at: number): { color?: number | string; took: number } {
  const [kind, a = 0, b = 0, c = 0] = codes.slice(at + 1, at + 5);
  if (kind === 5) return { ...(a <= 255 && { color: color256(a) }), took: 2 };
  if (kind === 2) return { ...(Math.max(a, b, c) <= 255 && { color: `rgb(${a}, ${b}, ${c})` }), took: 4 };
  return { took: codes.length };
}

/** The style after a select-graphic-rendition sequence with these numbers. */
function rendition(style: AnsiStyle, codes: readonly number[]): AnsiStyle {
  let next: AnsiStyle = { ...style };
  for (let i = 0; i < codes.length; i++) {
    const code = codes[i] ?? 0;
    if (code === 0) next = {};
    else if (code === 1) next.bold = true;
    else if (code === 2) next.dim = true;
    else if (code === 3) next.italic = true;
    else if (code === 4 || code === 21) next.underline = true;
    else if (code === 7) next.inverse = true;
    else if (code === 9) next.strike = true;
    else if (code === 22) { delete next.bold; delete next.dim; }
    else if (code === 23) delete next.italic;
    else if (code === 24) delete next.underline;
    else if (code === 27) delete next.inverse;
    else if (code === 29) delete next.strike;
    else if (code >= 30 && code <= 37) next.fg = code - 30;
    else if (code >= 90 && code <= 97) next.fg = code - 82;
    else if (code >= 40 && code <= 47) next.bg = code - 40;
    else if (code >= 100 && code <= 107) next.bg = code - 92;
    else if (code === 39) delete next.fg;
    else if (code === 49) delete next.bg;
    else if (code === 38 || code === 48) {
      const { color, took } = extended(codes, i);
      if (color !== undefined) next[code === 38 ? 'fg' : 'bg'] = color;
      i += took;
    }
  }
  return next;
}

// With the escape character: any control sequence, any string sequence (titles and the like), any two-character one.
/* oxlint-disable-next-line no-control-regex */
const escaped = /\u001b(?:\[([0-9;:?<=>!]*)[ -/]*([@-~])|[\]P_^X][^\u0007\u001b]*(?:\u0007|\u001b\\)|[ -/]*[0-Z\\-~])/gu;
// Without it (console lines are stored so): only what can hardly be anything else. `[10m]` stays text, unless a colour
// came before it in the line, as in systemd's `[[0;32m  OK  [0m]`.
const bareRendition = /\[(\d{1,3}(?:;\d{1,3})*)m(\]?)/gu;
// Modes such as bracketed paste, and the question for the cursor's place that shells end their prompts with.
const bareMode = /\[\?\d{1,4}(?:;\d{1,4})*[hl]|\[6n(?=\s*$)/gu;
const bareReset = /\[(?:m|[0-3]?K)(?!\])/gu;

const known = (code: number) => code <= 9 || (code >= 21 && code <= 49) || (code >= 90 && code <= 107);

/** True when all numbers of a bare sequence mean something, colours of the 256 palette included. */
function plausible(codes: readonly number[]): boolean {
  const first = codes[0] ?? 0;
  return first === 38 || first === 48 ? codes[1] === 5 || codes[1] === 2 : codes.every((c) => known(c) || codes.includes(38) || codes.includes(48));
}

/** Puts the escape character back before sequences that lost it; text that only looks alike stays as it is. */
function restoreEscapes(text: string): string {
  if (!text.includes('[')) return text;
  let colored = false;
  let result = text.replace(bareRendition, (match, numbers: string, bracket: string) => {
    if (!plausible(numbers.split(';').map(Number)) || (bracket !== '' && !colored)) return match;
    colored = true;
    return `\u001b${match}`;
  });
  result = result.replace(bareMode, (match) => `\u001b${match}`);
  return colored ? result.replace(bareReset, (match, at: number) => (result[at - 1] === '\u001b' ? match : `\u001b${match}`)) : result;
}

/** Control characters made visible (␇), except tab; carriage returns are dropped. */
/* oxlint-disable-next-line no-control-regex */
const visible = (text: string) => text.replace(/\r/gu, '').replace(/[\u0000-\u0008\u000a-\u001f]/gu, (c) => String.fromCodePoint(0x2400 + c.charCodeAt(0)));

/**
 * Console text as pieces of plain text with a style; every control sequence is read or dropped, none gets through.
 * `bare`: also reads colour sequences whose escape character is gone, as in lines of level `target`.
 */
export function parseAnsi(text: string, options: { bare?: boolean } = {}): AnsiPiece[] {
  const source = options.bare && !text.includes('\u001b') ? restoreEscapes(text) : text;
  if (!source.includes('\u001b')) return source === '' ? [] : [{ text: visible(source), style: {} }];
  const pieces: AnsiPiece[] = [];
  let style: AnsiStyle = {};
  let from = 0;
  const push = (until: number) => {
    const piece = visible(source.slice(from, until));
    if (piece !== '') pieces.push({ text: piece, style });
  };
  for (const match of source.matchAll(escaped)) {
    push(match.index);
    from = match.index + match[0].length;
    if (match[2] === 'm' && /^[0-9;:]*$/u.test(match[1] ?? '')) {
      style = rendition(style, (match[1] ?? '').split(/[;:]/u).map((n) => (n === '' ? 0 : Number(n))));
    }
  }
  push(source.length);
  return pieces;
}
