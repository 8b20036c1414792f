import { PyFloat } from '../python/values.ts';
import { parseInt } from '../python/numbers.ts';
import { describe, type TokenStream } from './tokens.ts';
import type { BinaryOperator } from '../python/operators.ts';
import type { Arguments, At, Call, CompareOperator, Expr, Filter } from './ast.ts';

const comparisons = ['==', '!=', '<', '<=', '>', '>='];

/** `tuple` also takes `a, b` without brackets, as after `in`, in `{{ }}` and right of `=`. */
interface TupleOptions {
  readonly condition?: boolean;
  readonly parentheses?: boolean;
  /** A name that ends the tuple, such as `in`. */
  readonly end?: string;
}

/** Parses expressions, by the precedence that Jinja2 gives its operators. */
export class ExpressionParser {
  private readonly stream: TokenStream;
  constructor(stream: TokenStream) { this.stream = stream; }

  tuple({ condition = true, parentheses = false, end }: TupleOptions = {}): Expr {
    const { stream } = this;
    const at = stream.current;
    const items: Expr[] = [];
    let isTuple = false;
    for (;;) {
      if (items.length) stream.expect('operator', ',');
      if (stream.is('variable_end') || stream.is('block_end') || stream.isOperator(')') || (end !== undefined && stream.isName(end))) break;
      items.push(condition ? this.expression() : this.or());
      if (!stream.isOperator(',')) break;
      isTuple = true;
    }
    if (!isTuple) {
      if (items[0]) return items[0];
      if (!parentheses) stream.fail(`Expected an expression, got ${describe(stream.current.type, stream.current.value)}`);
    }
    return { kind: 'tuple', items, ...place(at) };
  }

  expression(): Expr {
    const { stream } = this;
    return stream.nested(() => {
      let node = this.or();
      while (stream.isName('if')) {
        const at = stream.next();
        const test = this.or();
        const otherwise = stream.skip('name', 'else') ? this.expression() : undefined;
        node = { kind: 'cond', test, value: node, otherwise, ...place(at) };
      }
      return node;
    });
  }

  or(): Expr {
    let left = this.and();
    while (this.stream.isName('or')) left = { kind: 'logic', op: 'or', ...place(this.stream.next()), left, right: this.and() };
    return left;
  }

  private and(): Expr {
    let left = this.not();
    while (this.stream.isName('and')) left = { kind: 'logic', op: 'and', ...place(this.stream.next()), left, right: this.not() };
    return left;
  }

  private not(): Expr {
    const { stream } = this;
    if (!stream.isName('not')) return this.compare();
    const at = stream.next();
    return stream.nested(() => ({ kind: 'not', node: this.not(), ...place(at) }));
  }

  private compare(): Expr {
    const { stream } = this;
    const at = stream.current;
    const left = this.sum();
    const ops: [CompareOperator, Expr][] = [];
    for (;;) {
      if (stream.isOperator(...comparisons)) ops.push([stream.next().value as CompareOperator, this.sum()]);
      else if (stream.skip('name', 'in')) ops.push(['in', this.sum()]);
      else if (stream.isName('not') && stream.following.type === 'name' && stream.following.value === 'in') {
        stream.next();
        stream.next();
        ops.push(['not in', this.sum()]);
      } else break;
    }
    return ops.length ? { kind: 'compare', left, ops, ...place(at) } : left;
  }

  private chain(operators: readonly string[], operand: () => Expr): Expr {
    let left = operand();
    while (this.stream.isOperator(...operators)) {
      const token = this.stream.next();
      left = { kind: 'binary', op: token.value as BinaryOperator, left, right: operand(), ...place(token) };
    }
    return left;
  }

  private sum(): Expr { return this.chain(['+', '-'], () => this.concat()); }

  private concat(): Expr {
    const at = this.stream.current;
    const items = [this.product()];
    while (this.stream.skip('operator', '~')) items.push(this.product());
    return items.length === 1 ? items[0] as Expr : { kind: 'concat', items, ...place(at) };
  }

  private product(): Expr { return this.chain(['*', '/', '//', '%'], () => this.power()); }
  private power(): Expr { return this.chain(['**'], () => this.unary(true)); }

  private unary(filters: boolean): Expr {
    const { stream } = this;
    let node: Expr;
    if (stream.isOperator('-', '+')) {
      const token = stream.next();
      node = stream.nested(() => ({ kind: 'sign', op: token.value as '+' | '-', node: this.unary(false), ...place(token) }));
    } else node = this.primary();
    node = this.postfix(node);
    return filters ? this.filters(node) : node;
  }

  primary(): Expr {
    const { stream } = this;
    const token = stream.current;
    const at = place(token);
    switch (token.type) {
      case 'name':
        stream.next();
        if (['true', 'True', 'false', 'False'].includes(token.value)) return { kind: 'const', value: token.value.toLowerCase() === 'true', ...at };
        if (token.value === 'none' || token.value === 'None') return { kind: 'const', value: null, ...at };
        return { kind: 'name', name: token.value, ...at };
      case 'string': {
        let value = '';
        while (stream.is('string')) value += stream.next().value;
        return { kind: 'const', value, ...at };
      }
      case 'integer':
        stream.next();
        return { kind: 'const', value: this.integer(token.value, at), ...at };
      case 'float':
        stream.next();
        return { kind: 'const', value: new PyFloat(Number(token.value.replaceAll('_', ''))), ...at };
      default:
    }
    if (stream.isOperator('(')) {
      stream.next();
      const node = stream.nested(() => this.tuple({ parentheses: true }));
      stream.expect('operator', ')');
      return node;
    }
    if (stream.isOperator('[')) {
      const items = this.sequence(']', () => this.expression());
      return { kind: 'list', items, ...at };
    }
    if (stream.isOperator('{')) {
      const items = this.sequence('}', () => {
        const key = this.expression();
        stream.expect('operator', ':');
        return [key, this.expression()] as const;
      });
      return { kind: 'dict', items, ...at };
    }
    return stream.fail(`unexpected ${describe(token.type, token.value)}`, token);
  }

  private integer(text: string, at: At) {
    try {
      return parseInt(text, 0);
    } catch {
      return this.stream.fail(`the number ${text.slice(0, 20)}… is too long`, at);
    }
  }

  /** Elements up to a closing bracket; a comma may follow the last. */
  private sequence<T>(close: string, element: () => T): T[] {
    const { stream } = this;
    stream.next();
    const items: T[] = [];
    while (!stream.isOperator(close)) {
      if (items.length) stream.expect('operator', ',');
      if (stream.isOperator(close)) break;
      items.push(element());
    }
    stream.next();
    return items;
  }

  postfix(start: Expr): Expr {
    const { stream } = this;
    let node = start;
    for (;;) {
      if (stream.isOperator('.', '[')) node = this.subscript(node);
      else if (stream.isOperator('(')) node = this.call(node);
      else return node;
    }
  }

  private filters(start: Expr): Expr {
    const { stream } = this;
    let node = start;
    for (;;) {
      if (stream.isOperator('|')) { stream.next(); node = this.filter(node); }
      else if (stream.isName('is')) node = this.test(node);
      else if (stream.isOperator('(')) node = this.call(node);
      else return node;
    }
  }

  private subscript(node: Expr): Expr {
    const { stream } = this;
    const at = place(stream.current);
    if (stream.next().value === '.') {
      const token = stream.next();
      if (token.type === 'name') return { kind: 'attribute', node, name: token.value, ...at };
      if (token.type !== 'integer') stream.fail('expected name or number', token);
      return { kind: 'item', node, key: { kind: 'const', value: this.integer(token.value, at), ...at }, ...at };
    }
    const keys: Expr[] = [];
    while (!stream.isOperator(']')) {
      if (keys.length) stream.expect('operator', ',');
      keys.push(this.subscripted());
    }
    stream.expect('operator', ']');
    if (!keys[0]) stream.fail('unexpected \']\'', at, 'write the element in the brackets');
    return { kind: 'item', node, key: keys.length === 1 ? keys[0] as Expr : { kind: 'tuple', items: keys, ...at }, ...at };
  }

  private subscripted(): Expr {
    const { stream } = this;
    const at = place(stream.current);
    const ends = () => stream.isOperator(']', ',');
    let start: Expr | undefined;
    if (!stream.isOperator(':')) {
      start = this.expression();
      if (!stream.isOperator(':')) return start;
    }
    stream.next();
    const stop = stream.isOperator(':') || ends() ? undefined : this.expression();
    const step = stream.skip('operator', ':') && !ends() ? this.expression() : undefined;
    return { kind: 'slice', start, stop, step, ...at };
  }

  call(callee: Expr): Call {
    const at = place(this.stream.current);
    return { kind: 'call', callee, args: this.args(), ...at };
  }

  private args(): Arguments {
    const { stream } = this;
    const opening = stream.expect('operator', '(');
    const args: Expr[] = [];
    const kwargs: [string, Expr][] = [];
    let dynArgs: Expr | undefined;
    let dynKwargs: Expr | undefined;
    const ensure = (fine: boolean) => { if (!fine) stream.fail('invalid syntax for function call expression', opening, 'positional arguments come first, then name=value'); };
    for (let first = true; !stream.isOperator(')'); first = false) {
      if (!first) {
        stream.expect('operator', ',');
        if (stream.isOperator(')')) break;
      }
      if (stream.skip('operator', '*')) {
        ensure(!dynArgs && !dynKwargs);
        dynArgs = this.expression();
      } else if (stream.skip('operator', '**')) {
        ensure(!dynKwargs);
        dynKwargs = this.expression();
      } else if (stream.is('name') && stream.following.type === 'operator' && stream.following.value === '=') {
        ensure(!dynKwargs);
        const name = stream.next().value;
        stream.next();
        kwargs.push([name, this.expression()]);
      } else {
        ensure(!dynArgs && !dynKwargs && kwargs.length === 0);
        args.push(this.expression());
      }
    }
    stream.expect('operator', ')');
    return { args, kwargs, dynArgs, dynKwargs };
  }

  /** A filter's name and arguments, after the bar. */
  filter(node: Expr | undefined): Filter {
    const at = place(this.stream.current);
    return { kind: 'filter', node, name: this.dottedName(), args: this.stream.isOperator('(') ? this.args() : none, ...at };
  }

  private dottedName(): string {
    let name = this.stream.expect('name').value;
    while (this.stream.skip('operator', '.')) name += `.${this.stream.expect('name').value}`;
    return name;
  }

  private test(node: Expr): Expr {
    const { stream } = this;
    const at = place(stream.next());
    const negated = stream.skip('name', 'not');
    const name = this.dottedName();
    let args = none;
    if (stream.isOperator('(')) args = this.args();
    else if ((['name', 'string', 'integer', 'float'].includes(stream.current.type) || stream.isOperator('[', '{')) && !stream.isName('else', 'or', 'and')) {
      if (stream.isName('is')) stream.fail('You cannot chain multiple tests with is', stream.current, 'join them with and');
      args = { args: [this.postfix(this.primary())], kwargs: [] };
    }
    const test: Expr = { kind: 'test', node, name, args, ...at };
    return negated ? { kind: 'not', node: test, ...at } : test;
  }
}

const none: Arguments = { args: [], kwargs: [] };

export function place({ line, column }: At): At {
  return { line, column };
}
