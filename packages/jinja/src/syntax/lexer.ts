import { TemplateError } from '../errors.ts';
import { pySpace, stripEnd } from '../python/text.ts';
import { unescape } from './unescape.ts';

/** How whitespace around tags is treated. */
export interface Whitespace {
  /** A line feed right after a block tag or comment is dropped. */
  readonly trimBlocks: boolean;
  /** Blanks before a block tag or comment at the start of a line are dropped. */
  readonly lstripBlocks: boolean;
  /** The last line feed of a template is kept. */
  readonly keepTrailingNewline: boolean;
}

export type TokenType = 'data' | 'variable_begin' | 'variable_end' | 'block_begin' | 'block_end' | 'name' | 'string' | 'integer' | 'float' | 'operator' | 'eof';

export interface Token {
  readonly type: TokenType;
  /** Text of data, names, operators; the value of a string; the digits of a number. */
  readonly value: string;
  readonly line: number;
  readonly column: number;
}

// Sticky: each is tried at the current place only.
const blank = `[${pySpace}]`;
const space = new RegExp(`${blank}+`, 'y');
const float = /(?<!\.)(?:\d+_)*\d+(?:(?:\.(?:\d+_)*\d+)?e[+-]?(?:\d+_)*\d+|\.(?:\d+_)*\d+)/iy;
const integer = /0b(?:_?[01])+|0o(?:_?[0-7])+|0x(?:_?[\da-f])+|[1-9](?:_?\d)*|0(?:_?0)*/iy;
const name = /[\p{L}\p{N}\p{M}_]+/uy;
const identifier = /^[\p{XID_Start}_]\p{XID_Continue}*$/u;
const string = /'[^'\\]*(?:\\[^][^'\\]*)*'|"[^"\\]*(?:\\[^][^"\\]*)*"/y;
const operator = /\/\/|\*\*|==|!=|>=|<=|[-+/*%~[\](){}<>=.:|,;]/y;
const opening = new RegExp(`\\{%([-+]?)${blank}*raw${blank}*(?:-%\\}${blank}*|%\\})|\\{%([-+]?)|\\{#([-+]?)|\\{\\{([-+]?)`, 'g');
const closers: Record<string, string> = { '(': ')', '[': ']', '{': '}' };

/** Splits a template into tokens. @throws TemplateError for what cannot be one */
export function tokenize(source: string, template: string, whitespace: Whitespace): Token[] {
  const text = normalize(source, whitespace.keepTrailingNewline);
  const tokens: Token[] = [];
  const suffix = whitespace.trimBlocks ? '\\n?' : '';
  const blockEnd = new RegExp(`\\+%\\}|-%\\}${blank}*|%\\}${suffix}`, 'y');
  const commentEnd = new RegExp(`\\+#\\}|-#\\}${blank}*|#\\}${suffix}`, 'g');
  const rawEnd = new RegExp(`\\{%([-+]?)${blank}*endraw${blank}*(?:\\+%\\}|-%\\}${blank}*|%\\}${suffix})`, 'g');
  const variableEnd = new RegExp(`-\\}\\}${blank}*|\\}\\}`, 'y');

  let pos = 0;
  let line = 1;
  let lineStart = 0;
  let counted = 0;
  const place = (at: number) => {
    for (let nl = text.indexOf('\n', counted); nl >= 0 && nl < at; nl = text.indexOf('\n', counted)) {
      line++;
      lineStart = counted = nl + 1;
    }
    return { line, column: at - lineStart + 1 };
  };
  const fail = (message: string, at: number, hint?: string): never => {
    // The place may lie before what has been counted: at the start of a tag that nobody closed.
    const before = text.slice(0, at);
    throw new TemplateError(message, { template, line: before.split('\n').length, column: at - before.lastIndexOf('\n') }, { code: 'template-syntax', hint });
  };
  const push = (type: TokenType, value: string, at: number) => { tokens.push({ type, value, ...place(at) }); };

  /** Text before a tag, after the tag's sign and lstrip_blocks had their say. */
  const data = (from: number, to: number, sign: string, variable: boolean) => {
    let before = text.slice(from, to);
    if (sign === '-') before = stripEnd(before);
    else if (sign !== '+' && whitespace.lstripBlocks && !variable) {
      const start = before.lastIndexOf('\n') + 1;
      if ((start > 0 || from === 0 || text[from - 1] === '\n') && /^\s+$/.test(before.slice(start))) before = before.slice(0, start);
    }
    if (before) push('data', before, from);
  };

  while (pos < text.length) {
    opening.lastIndex = pos;
    const m = opening.exec(text);
    if (!m) { push('data', text.slice(pos), pos); break; }
    const [tag, raw, block, comment, variable] = m;
    data(pos, m.index, raw ?? block ?? comment ?? variable ?? '', variable !== undefined);
    pos = m.index + tag.length;
    if (raw !== undefined) {
      rawEnd.lastIndex = pos;
      const end = rawEnd.exec(text) ?? fail('Missing end of raw directive', m.index, 'close it with {% endraw %}');
      data(pos, end.index, end[1] ?? '', false);
      pos = rawEnd.lastIndex;
    } else if (comment !== undefined) {
      commentEnd.lastIndex = pos;
      if (!commentEnd.test(text)) fail('Missing end of comment tag', m.index, 'close the comment with #}');
      pos = commentEnd.lastIndex;
    } else {
      push(block === undefined ? 'variable_begin' : 'block_begin', tag, m.index);
      pos = inside(m.index, block === undefined ? variableEnd : blockEnd, block === undefined ? 'variable_end' : 'block_end');
    }
  }
  push('eof', '', text.length);
  return tokens;

  /** Tokens of one tag; returns the place after it. */
  function inside(start: number, end: RegExp, endType: TokenType): number {
    let at = pos;
    const open: string[] = [];
    const take = (pattern: RegExp): string | undefined => {
      pattern.lastIndex = at;
      return pattern.exec(text)?.[0];
    };
    while (at < text.length) {
      // Inside brackets "}}" is two braces of a dict.
      let found = open.length === 0 ? take(end) : undefined;
      if (found !== undefined) { push(endType, found, at); return at + found.length; }
      if ((found = take(space)) !== undefined) { /* nothing to keep */ }
      else if ((found = take(float)) !== undefined) push('float', found, at);
      else if ((found = take(integer)) !== undefined) push('integer', found, at);
      else if ((found = take(name)) !== undefined) {
        if (!identifier.test(found)) fail('Invalid character in identifier', at);
        push('name', found, at);
      } else if ((found = take(string)) !== undefined) {
        const value = unescape(found.slice(1, -1));
        push('string', value ?? fail(`the text ${found} holds a broken escape`, at, 'write \\\\ for a backslash'), at);
      } else if ((found = take(operator)) !== undefined) {
        if (closers[found]) open.push(closers[found] as string);
        else if (')]}'.includes(found)) {
          const expected = open.pop();
          if (expected === undefined) fail(`unexpected '${found}'`, at);
          if (expected !== found) fail(`unexpected '${found}', expected '${expected}'`, at);
        }
        push('operator', found, at);
      } else {
        const char = String.fromCodePoint(text.codePointAt(at) as number);
        fail(`unexpected char '${char}'`, at, char === "'" || char === '"' ? 'this text is not closed' : undefined);
      }
      at += (found as string).length;
    }
    if (open.length) fail(`this tag lacks its '${open.at(-1)}'`, start);
    return fail(`this tag is not closed; it lacks '${endType === 'block_end' ? '%}' : '}}'}'`, start);
  }
}

function normalize(source: string, keepTrailingNewline: boolean): string {
  const text = source.includes('\r') ? source.replace(/\r\n?/g, '\n') : source;
  return !keepTrailingNewline && text.endsWith('\n') ? text.slice(0, -1) : text;
}
