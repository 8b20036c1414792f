import { TemplateError } from '../errors.ts';
import type { Token, TokenType } from './lexer.ts';

/** Deeper nesting of expressions or blocks is refused; it would exhaust the stack. */
const deepest = 100;

/** The tokens of a template with a place to read from, and the errors of reading. */
export class TokenStream {
  readonly template: string;
  private readonly tokens: readonly Token[];
  private at = 0;
  private depth = 0;

  constructor(template: string, tokens: readonly Token[]) {
    this.template = template;
    this.tokens = tokens;
  }

  get current(): Token { return this.tokens[Math.min(this.at, this.tokens.length - 1)] as Token; }
  get following(): Token { return this.tokens[Math.min(this.at + 1, this.tokens.length - 1)] as Token; }

  next(): Token {
    const token = this.current;
    this.at++;
    return token;
  }

  is(type: TokenType, value?: string): boolean { return matches(this.current, type, value); }
  isName(...names: string[]): boolean { return this.current.type === 'name' && names.includes(this.current.value); }
  isOperator(...operators: string[]): boolean { return this.current.type === 'operator' && operators.includes(this.current.value); }

  skip(type: TokenType, value?: string): boolean {
    if (!this.is(type, value)) return false;
    this.at++;
    return true;
  }

  expect(type: TokenType, value?: string): Token {
    if (this.is(type, value)) return this.next();
    if (this.current.type === 'eof') return this.fail(`unexpected end of template, expected ${describe(type, value)}`);
    return this.fail(`expected ${describe(type, value)}, got ${describe(this.current.type, this.current.value)}`);
  }

  fail(message: string, at: { line: number; column: number } = this.current, hint?: string): never {
    throw new TemplateError(message, { template: this.template, line: at.line, column: at.column }, { code: 'template-syntax', hint });
  }

  /** Runs a parse one level deeper. */
  nested<T>(parse: () => T): T {
    if (++this.depth > deepest) this.fail(`nested deeper than ${deepest}`, this.current, 'split the template or use variables');
    const result = parse();
    this.depth--;
    return result;
  }
}

function matches(token: Token, type: TokenType, value?: string): boolean {
  return token.type === type && (value === undefined || token.value === value);
}

export function describe(type: TokenType, value?: string): string {
  switch (type) {
    case 'variable_begin': return "'begin of print statement'";
    case 'variable_end': return "'end of print statement'";
    case 'block_begin': return "'begin of statement block'";
    case 'block_end': return "'end of statement block'";
    case 'data': return "'template data / text'";
    case 'eof': return "'end of template'";
    default: return value ? `'${value}'` : `'${type}'`;
  }
}
