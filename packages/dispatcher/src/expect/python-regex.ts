/**
 * Python's regular expressions (module `re`): parsed once, then written in the syntax of RE2 and of JavaScript, and as
 * a tree for the scanner. Users and device types write patterns in Python's syntax.
 */
import { everything, otherCases, others, setOf, setOfCodes, withOtherCase, type CharacterSet } from './character-set.ts';

export type Tree =
  | { readonly kind: 'set'; readonly set: CharacterSet }
  | { readonly kind: 'all'; readonly parts: readonly Tree[] }
  | { readonly kind: 'any'; readonly parts: readonly Tree[] }
  /** `max` may be infinite. */
  | { readonly kind: 'repeat'; readonly part: Tree; readonly min: number; readonly max: number };

export interface ParsedRegex {
  /** What the text must at least contain: every match of the expression is one of the tree, not the other way round. */
  readonly tree: Tree;
  /** RE2's syntax; undefined if the expression needs what RE2 has not (look-around, references to groups). */
  readonly re2: string | undefined;
  /** JavaScript's syntax, for the flag `u`. */
  readonly js: string;
  /** It has a `$`, which Python also lets match before a line feed that ends the text. */
  readonly endsBeforeLineFeed: boolean;
  /** Text after a place can make a match there that was none before (look-ahead, `\B`). */
  readonly dependsOnLaterText: boolean;
}

/** A part of an expression in all its forms. */
interface Piece {
  readonly tree: Tree;
  readonly re2: string | undefined;
  readonly js: string;
  /** Whether a quantifier may follow. */
  readonly repeatable: boolean;
}

interface Flags { i: boolean; s: boolean; m: boolean; x: boolean }

const nothing: Tree = { kind: 'all', parts: [] };
const anything: Tree = { kind: 'repeat', part: { kind: 'set', set: everything }, min: 0, max: Number.POSITIVE_INFINITY };

const classes = {
  d: { inside: '\\p{Nd}', has: (c: number) => c >= 48 && c <= 57 },
  w: { inside: '\\p{L}\\p{N}_', has: (c: number) => (c >= 48 && c <= 57) || (c >= 65 && c <= 90) || c === 95 || (c >= 97 && c <= 122) },
  s: { inside: '\\t-\\r\\x1c- \\p{Z}', has: (c: number) => (c >= 9 && c <= 13) || (c >= 28 && c <= 32) },
} as const;
const simpleEscapes: Readonly<Record<string, number>> = { a: 7, f: 12, n: 10, r: 13, t: 9, v: 11 };

/** A character as both syntaxes take it, in and outside of a class. */
function written(code: number): string {
  const c = String.fromCodePoint(code);
  if (/[A-Za-z0-9 _]/.test(c) || code > 0xa0) return c;
  return code < 0x20 || code >= 0x7f ? `\\x${code.toString(16).padStart(2, '0')}` : /[-!"#%&',/:;<=>@`~]/.test(c) ? `\\x${code.toString(16)}` : `\\${c}`;
}

class Parser {
  readonly #source: readonly string[];
  #at = 0;
  #flags: Flags = { i: false, s: false, m: false, x: false };
  #groups = 0;
  readonly #names = new Map<string, number>();
  endsBeforeLineFeed = false;
  dependsOnLaterText = false;

  constructor(source: string, flags: Partial<Flags>) {
    this.#source = [...source];
    this.#flags = { ...this.#flags, ...flags };
  }

  parse(): Piece {
    const piece = this.#alternatives();
    if (this.#at < this.#source.length) throw this.#error('unbalanced parenthesis');
    return piece;
  }

  #peek(offset = 0): string { return this.#source[this.#at + offset] ?? ''; }
  #next(): string { return this.#source[this.#at++] ?? ''; }
  #eat(text: string): boolean {
    if (this.#source.slice(this.#at, this.#at + text.length).join('') !== text) return false;
    this.#at += text.length;
    return true;
  }
  #error(text: string): Error { return new Error(`${text} at position ${this.#at}`); }

  #alternatives(): Piece {
    const branches = [this.#sequence()];
    while (this.#eat('|')) branches.push(this.#sequence());
    const [only] = branches;
    if (branches.length === 1 && only) return only;
    return {
      tree: { kind: 'any', parts: branches.map((b) => b.tree) }, repeatable: true,
      re2: joined(branches.map((b) => b.re2), '|'), js: branches.map((b) => b.js).join('|'),
    };
  }

  #sequence(): Piece {
    const parts: Piece[] = [];
    while (this.#at < this.#source.length && this.#peek() !== '|' && this.#peek() !== ')') {
      if (this.#flags.x && (/\s/.test(this.#peek()) || this.#peek() === '#')) {
        if (this.#next() === '#') while (this.#at < this.#source.length && this.#next() !== '\n') { /* a comment */ }
        continue;
      }
      const atom = this.#atom();
      if (atom) parts.push(this.#quantified(atom));
    }
    return {
      tree: { kind: 'all', parts: parts.map((p) => p.tree) }, repeatable: true,
      re2: joined(parts.map((p) => p.re2), ''), js: parts.map((p) => p.js).join(''),
    };
  }

  #quantified(atom: Piece): Piece {
    const bounds = this.#quantifier();
    if (!bounds) return atom;
    if (!atom.repeatable) throw this.#error('nothing to repeat');
    const lazy = this.#eat('?') ? '?' : '';
    // A possessive repeat matches a part of what the plain one does; neither target syntax has it.
    if (lazy === '') this.#eat('+');
    const again = this.#at;
    if (this.#quantifier()) { this.#at = again; throw this.#error('multiple repeat'); }
    const { min, max, text } = bounds;
    if (max < min) throw this.#error('min repeat greater than max repeat');
    return {
      tree: { kind: 'repeat', part: atom.tree, min, max }, repeatable: true, js: `(?:${atom.js})${text}${lazy}`,
      // RE2 refuses counts above 1000.
      re2: atom.re2 === undefined || (Number.isFinite(max) ? max : min) > 1000 ? undefined : `(?:${atom.re2})${text}${lazy}`,
    };
  }

  #quantifier(): { min: number; max: number; text: string } | undefined {
    if (this.#eat('*')) return { min: 0, max: Number.POSITIVE_INFINITY, text: '*' };
    if (this.#eat('+')) return { min: 1, max: Number.POSITIVE_INFINITY, text: '+' };
    if (this.#eat('?')) return { min: 0, max: 1, text: '?' };
    const m = /^\{(\d*)(,?)(\d*)\}/.exec(this.#source.slice(this.#at, this.#at + 24).join(''));
    if (!m || (m[1] === '' && m[3] === '')) return undefined;
    this.#at += m[0].length;
    const min = Number(m[1] || 0);
    const max = m[2] === '' ? min : m[3] === '' ? Number.POSITIVE_INFINITY : Number(m[3]);
    return { min, max, text: `{${min}${m[2] === '' ? '' : `,${m[3]}`}}` };
  }

  /** One character, class, group or assertion; undefined for what stands for nothing (comments, flags). */
  #atom(): Piece | undefined {
    const c = this.#next();
    switch (c) {
      case '(': return this.#group();
      case '[': return this.#class();
      case '.': {
        const { s } = this.#flags;
        return { tree: { kind: 'set', set: s ? everything : setOf((n) => n !== 10, true) }, re2: s ? '(?s:.)' : '[^\\n]', js: s ? '[^]' : '[^\\n]', repeatable: true };
      }
      case '^': return this.#flags.m ? assertion('(?m:^)', '(?<![^\\n])') : assertion('\\A', '^');
      case '$':
        if (this.#flags.m) return assertion('(?m:$)', '(?![^\\n])');
        this.endsBeforeLineFeed = true;
        return assertion('\\z', '(?=\\n?$)');
      case '\\': return this.#escape();
      case '*': case '+': case '?': throw this.#error('nothing to repeat');
      default: return this.#character(c.codePointAt(0) as number);
    }
  }

  #character(code: number): Piece {
    const codes = this.#flags.i ? otherCases(code) : [code];
    const text = codes.length === 1 ? written(code) : `[${codes.map(written).join('')}]`;
    return { tree: { kind: 'set', set: setOfCodes(codes) }, re2: text, js: text, repeatable: true };
  }

  #escape(): Piece {
    const c = this.#peek();
    if (c === '') throw this.#error('bad escape (end of pattern)');
    const lower = c.toLowerCase();
    if (lower === 'd' || lower === 'w' || lower === 's') {
      this.#at += 1;
      const { inside, has } = classes[lower];
      const negated = c !== lower;
      const text = `[${negated ? '^' : ''}${inside}]`;
      return { tree: { kind: 'set', set: setOf((n) => has(n) !== negated, true) }, re2: text, js: text, repeatable: true };
    }
    switch (c) {
      case 'A': this.#at += 1; return assertion('\\A', '^');
      case 'Z': this.#at += 1; return assertion('\\z', '$');
      case 'b': this.#at += 1; return assertion('\\b', '\\b');
      case 'B': this.#at += 1; this.dependsOnLaterText = true; return assertion('\\B', '\\B');
      default:
    }
    const reference = /^[1-9]\d?/.exec(this.#source.slice(this.#at, this.#at + 3).join(''));
    if (reference && !/^[0-3][0-7]{2}/.test(this.#source.slice(this.#at, this.#at + 3).join(''))) {
      this.#at += reference[0].length;
      return this.#reference(Number(reference[0]));
    }
    return this.#character(this.#escapedCharacter());
  }

  #reference(group: number): Piece {
    if (group > this.#groups) throw this.#error(`invalid group reference ${group}`);
    return { tree: anything, re2: undefined, js: `(?:\\${group})`, repeatable: true };
  }

  /** After the backslash: an escape that stands for one character. */
  #escapedCharacter(): number {
    const c = this.#next();
    const simple = simpleEscapes[c];
    if (simple !== undefined) return simple;
    const digits = { x: 2, u: 4, U: 8 }[c];
    if (digits !== undefined) {
      const hex = this.#source.slice(this.#at, this.#at + digits).join('');
      const code = Number.parseInt(hex, 16);
      if (!new RegExp(`^[0-9a-fA-F]{${digits}}$`).test(hex) || code > 0x10ffff) throw this.#error(`incomplete escape \\${c}${hex}`);
      this.#at += digits;
      return code;
    }
    if (/[0-7]/.test(c)) {
      let octal = c;
      while (octal.length < 3 && /[0-7]/.test(this.#peek())) octal += this.#next();
      return Number.parseInt(octal, 8) & 0xff;
    }
    if (/[A-Za-z0-9]/.test(c)) throw this.#error(`bad escape \\${c}`);
    return c.codePointAt(0) as number;
  }

  #class(): Piece {
    const negated = this.#eat('^');
    const ranges: (readonly [number, number])[] = [];
    let texts = '';
    const named: (readonly [(c: number) => boolean, boolean])[] = [];
    for (let first = true; first || this.#peek() !== ']'; first = false) {
      if (this.#at >= this.#source.length) throw this.#error('unterminated character set');
      const from = this.#classItem();
      if (typeof from !== 'number') {
        const { inside, has } = classes[from.name];
        named.push([has, from.negated]);
        // A class within a class cannot be negated in either syntax: there, \W and the like know ASCII only.
        texts += from.negated ? `\\${from.name.toUpperCase()}` : inside;
        continue;
      }
      let to = from;
      if (this.#peek() === '-' && this.#peek(1) !== ']' && this.#peek(1) !== '') {
        this.#at += 1;
        const end = this.#classItem();
        if (typeof end !== 'number' || end < from) throw this.#error('bad character range');
        to = end;
      }
      ranges.push([from, to]);
    }
    this.#at += 1;
    const all = this.#flags.i ? ranges.flatMap(withOtherCase) : ranges;
    texts += all.map(([from, to]) => (from === to ? written(from) : `${written(from)}-${written(to)}`)).join('');
    const has = (c: number) => all.some(([from, to]) => c >= from && c <= to) || named.some(([isIn, not]) => isIn(c) !== not);
    const otherToo = negated || named.length > 0 || all.some(([, to]) => to >= others);
    const text = `[${negated ? '^' : ''}${texts}]`;
    return { tree: { kind: 'set', set: setOf((c) => has(c) !== negated, otherToo) }, re2: text, js: text, repeatable: true };
  }

  #classItem(): number | { name: 'd' | 'w' | 's'; negated: boolean } {
    const c = this.#next();
    if (c !== '\\') return c.codePointAt(0) as number;
    const lower = this.#peek().toLowerCase();
    if (lower === 'd' || lower === 'w' || lower === 's') return { name: lower, negated: this.#next() !== lower };
    if (this.#eat('b')) return 8;
    return this.#escapedCharacter();
  }

  #group(): Piece | undefined {
    if (!this.#eat('?')) return this.#capture('');
    if (this.#eat('#')) {
      while (this.#at < this.#source.length && this.#next() !== ')') { /* a comment */ }
      return undefined;
    }
    if (this.#eat('P=')) {
      const name = this.#until(')');
      const group = this.#names.get(name);
      if (group === undefined) throw this.#error(`unknown group name '${name}'`);
      return this.#reference(group);
    }
    if (this.#eat('=')) return this.#look('(?=', true);
    if (this.#eat('!')) return this.#look('(?!', true);
    if (this.#eat('<=')) return this.#look('(?<=', false);
    if (this.#eat('<!')) return this.#look('(?<!', false);
    // `(?<name>` is how our own patterns write it.
    if (this.#eat('P<') || this.#eat('<')) return this.#capture(this.#until('>'));
    // An atomic group matches a part of what the plain one does; neither target syntax has it.
    if (this.#eat(':') || this.#eat('>')) return this.#inside('(?:', '(?:');
    const m = /^([aiLmsux]*)(?:-([imsx]+))?([:)])/.exec(this.#source.slice(this.#at, this.#at + 16).join(''));
    if (!m) throw this.#error('unknown extension');
    this.#at += m[0].length;
    const flags = { ...this.#flags };
    for (const f of m[1] ?? '') if (f in flags) flags[f as keyof Flags] = true;
    for (const f of m[2] ?? '') flags[f as keyof Flags] = false;
    if (m[3] === ')') {
      this.#flags = flags;
      return undefined;
    }
    const outside = this.#flags;
    this.#flags = flags;
    const piece = this.#inside('(?:', '(?:');
    this.#flags = outside;
    return piece;
  }

  #capture(name: string): Piece {
    this.#groups += 1;
    if (name !== '') {
      if (!/^[A-Za-z_]\w*$/.test(name)) throw this.#error(`bad character in group name '${name}'`);
      if (this.#names.has(name)) throw this.#error(`redefinition of group name '${name}'`);
      this.#names.set(name, this.#groups);
    }
    return name === '' ? this.#inside('(', '(') : this.#inside(`(?P<${name}>`, `(?<${name}>`);
  }

  #inside(re2: string, js: string): Piece {
    const outer = this.#flags;
    const piece = this.#alternatives();
    this.#flags = outer;
    if (!this.#eat(')')) throw this.#error('missing ), unterminated subpattern');
    return { tree: piece.tree, re2: piece.re2 === undefined ? undefined : `${re2}${piece.re2})`, js: `${js}${piece.js})`, repeatable: true };
  }

  #look(js: string, ahead: boolean): Piece {
    if (ahead && js === '(?=') this.dependsOnLaterText = true;
    const piece = this.#inside('', js);
    return { tree: nothing, re2: undefined, js: piece.js, repeatable: false };
  }

  #until(end: string): string {
    let text = '';
    while (this.#peek() !== end) {
      if (this.#at >= this.#source.length) throw this.#error(`missing ${end}, unterminated name`);
      text += this.#next();
    }
    this.#at += 1;
    return text;
  }
}

const assertion = (re2: string, js: string): Piece => ({ tree: nothing, re2, js, repeatable: false });

const joined = (parts: readonly (string | undefined)[], by: string) => (parts.includes(undefined) ? undefined : parts.join(by));

/** Parses an expression. @throws Error that says what is wrong with it and where */
export function parsePythonRegex(source: string, flags: Partial<Flags> = {}): ParsedRegex {
  const parser = new Parser(source, flags);
  const { tree, re2, js } = parser.parse();
  return { tree, re2, js, endsBeforeLineFeed: parser.endsBeforeLineFeed, dependsOnLaterText: parser.dependsOnLaterText };
}
