import { didYouMean } from '@lava/base';
import { tokenize, type Whitespace } from './lexer.ts';
import { ExpressionParser, place } from './expressions.ts';
import { TokenStream } from './tokens.ts';
import type { At, Expr, Filter, If, Name, Parameters, Stmt, Target } from './ast.ts';

const reserved = ['true', 'True', 'false', 'False', 'none', 'None'];

/** Parses a template. @throws TemplateError with line and column */
export function parse(source: string, template: string, whitespace: Whitespace): Stmt[] {
  return new Parser(new TokenStream(template, tokenize(source, template, whitespace))).statements([]);
}

class Parser {
  private readonly stream: TokenStream;
  private readonly expressions: ExpressionParser;
  /** Tags that are open, innermost last. */
  private readonly open: { readonly tag: string; readonly line: number }[] = [];
  private readonly awaited: (readonly string[])[] = [];

  private readonly tags: Record<string, (at: At) => Stmt> = {
    for: (at) => this.for(at),
    if: (at) => this.if(at),
    block: (at) => this.block(at),
    extends: (at) => ({ kind: 'extends', template: this.expressions.expression(), ...at }),
    print: (at) => this.print(at),
    macro: (at) => ({ kind: 'macro', name: this.name().name, ...this.parameters(), body: this.body('endmacro'), ...at }),
    include: (at) => this.include(at),
    from: (at) => this.fromImport(at),
    import: (at) => {
      const template = this.expressions.expression();
      this.stream.expect('name', 'as');
      return { kind: 'import', template, target: this.name().name, withContext: this.context() ?? false, ...at };
    },
    set: (at) => this.set(at),
    with: (at) => this.with(at),
    autoescape: (at) => ({ kind: 'autoescape', value: this.expressions.expression(), body: this.body('endautoescape'), ...at }),
    call: (at) => this.call(at),
    filter: (at) => ({ kind: 'filter-block', filter: this.filters(this.expressions.filter(undefined)), body: this.body('endfilter'), ...at }),
  };

  constructor(stream: TokenStream) {
    this.stream = stream;
    this.expressions = new ExpressionParser(stream);
  }

  /** Statements up to one of the end tags (whose name is then current), or up to the end of the template. */
  statements(ends: readonly string[]): Stmt[] {
    const { stream } = this;
    const body: Stmt[] = [];
    let items: (string | Expr)[] = [];
    let start: At = stream.current;
    const flush = () => {
      if (items.length) body.push({ kind: 'output', items, ...place(start) });
      items = [];
    };
    this.awaited.push(ends);
    while (!stream.is('eof')) {
      const token = stream.next();
      if (items.length === 0) start = token;
      if (token.type === 'data') items.push(token.value);
      else if (token.type === 'variable_begin') {
        items.push(this.expressions.tuple());
        stream.expect('variable_end');
      } else {
        flush();
        if (ends.length && stream.isName(...ends)) { this.awaited.pop(); return body; }
        body.push(stream.nested(() => this.statement()));
        stream.expect('block_end');
      }
    }
    flush();
    this.awaited.pop();
    if (ends.length) this.unfinished(ends);
    return body;
  }

  private unfinished(ends: readonly string[]): never {
    const inner = this.open.at(-1);
    const end = ends.at(-1);
    return this.stream.fail(
      `Unexpected end of template. Jinja was looking for the following tags: ${quoted(ends)}. The innermost block that needs to be closed is '${inner?.tag}'.`,
      this.stream.current, `the '${inner?.tag}' of line ${inner?.line} lacks its {% ${end} %}`);
  }

  private statement(): Stmt {
    const token = this.stream.current;
    if (token.type !== 'name') this.stream.fail('tag name expected', token);
    const parse = Object.hasOwn(this.tags, token.value) ? this.tags[token.value] : undefined;
    if (!parse) return this.unknownTag(token.value);
    this.stream.next();
    this.open.push({ tag: token.value, line: token.line });
    const statement = parse(place(token));
    this.open.pop();
    return statement;
  }

  private unknownTag(tag: string): never {
    const looking = this.awaited.at(-1) ?? [];
    let message = `Encountered unknown tag '${tag}'.`;
    if (looking.length) {
      message += this.awaited.some((ends) => ends.includes(tag))
        ? ` You probably made a nesting mistake. Jinja is expecting this tag, but currently looking for ${quoted(looking)}.`
        : ` Jinja was looking for the following tags: ${quoted(looking)}.`;
      const inner = this.open.at(-1);
      if (inner) message += ` The innermost block that needs to be closed is '${inner.tag}'.`;
    }
    const hint = ['break', 'continue', 'do', 'trans', 'debug'].includes(tag)
      ? `the Jinja extension that knows '${tag}' is not part of LAVA's templates`
      : didYouMean(tag, [...Object.keys(this.tags), ...looking]);
    return this.stream.fail(message, this.stream.current, hint);
  }

  /** The body of a tag, its end tag included. */
  private body(...ends: string[]): Stmt[] {
    this.bodyStart();
    const body = this.statements(ends);
    this.stream.next();
    return body;
  }

  private bodyStart(): void {
    this.stream.skip('operator', ':');
    this.stream.expect('block_end');
  }

  private for(at: At): Stmt {
    const { stream } = this;
    const target = this.target('in');
    stream.expect('name', 'in');
    const iter = this.expressions.tuple({ condition: false, end: 'recursive' });
    const test = stream.skip('name', 'if') ? this.expressions.expression() : undefined;
    const recursive = stream.skip('name', 'recursive');
    this.bodyStart();
    const body = this.statements(['endfor', 'else']);
    const otherwise = stream.next().value === 'else' ? this.body('endfor') : [];
    return { kind: 'for', target, iter, body, otherwise, test, recursive, ...at };
  }

  private if(at: At): If {
    const { stream } = this;
    const elifs: If[] = [];
    let otherwise: Stmt[] = [];
    const branch = (where: At): If => {
      const test = this.expressions.tuple({ condition: false });
      this.bodyStart();
      return { kind: 'if', test, body: this.statements(['elif', 'else', 'endif']), elifs: [], otherwise: [], ...where };
    };
    const first = branch(at);
    for (;;) {
      const token = stream.next();
      if (token.value === 'elif') { elifs.push(branch(place(token))); continue; }
      if (token.value === 'else') otherwise = this.body('endif');
      return { ...first, elifs, otherwise };
    }
  }

  private block(at: At): Stmt {
    const { stream } = this;
    const name = stream.expect('name').value;
    const scoped = stream.skip('name', 'scoped');
    const required = stream.skip('name', 'required');
    if (stream.isOperator('-')) {
      stream.fail('Block names in Jinja have to be valid Python identifiers and may not contain hyphens, use an underscore instead.');
    }
    const body = this.body('endblock');
    if (required && body.some((node) => node.kind !== 'output' || node.items.some((item) => typeof item !== 'string' || item.trim() !== ''))) {
      stream.fail('Required blocks can only contain comments or whitespace', at);
    }
    stream.skip('name', name);
    return { kind: 'block', name, body, scoped, required, ...at };
  }

  private print(at: At): Stmt {
    const items: Expr[] = [];
    while (!this.stream.is('block_end')) {
      if (items.length) this.stream.expect('operator', ',');
      items.push(this.expressions.expression());
    }
    return { kind: 'output', items, ...at };
  }

  private include(at: At): Stmt {
    const { stream } = this;
    const template = this.expressions.expression();
    const ignoreMissing = stream.isName('ignore') && stream.following.value === 'missing';
    if (ignoreMissing) { stream.next(); stream.next(); }
    return { kind: 'include', template, ignoreMissing, withContext: this.context() ?? true, ...at };
  }

  /** `with context` or `without context`. */
  private context(): boolean | undefined {
    const { stream } = this;
    if (!stream.isName('with', 'without') || stream.following.type !== 'name' || stream.following.value !== 'context') return undefined;
    const given = stream.next().value === 'with';
    stream.next();
    return given;
  }

  private fromImport(at: At): Stmt {
    const { stream } = this;
    const template = this.expressions.expression();
    stream.expect('name', 'import');
    const names: [string, string][] = [];
    let withContext: boolean | undefined;
    for (;;) {
      if (names.length) stream.expect('operator', ',');
      if (!stream.is('name')) stream.expect('name');
      if ((withContext = this.context()) !== undefined) break;
      const target = this.name();
      if (target.name.startsWith('_')) stream.fail('names starting with an underline can not be imported', target);
      names.push([target.name, stream.skip('name', 'as') ? this.name().name : target.name]);
      withContext = this.context();
      if (withContext !== undefined || !stream.isOperator(',')) break;
    }
    return { kind: 'from-import', template, names, withContext: withContext ?? false, ...at };
  }

  private set(at: At): Stmt {
    const target = this.target(undefined, true);
    if (this.stream.skip('operator', '=')) return { kind: 'set', target, value: this.expressions.tuple(), ...at };
    const filter = this.stream.skip('operator', '|') ? this.filters(this.expressions.filter(undefined)) : undefined;
    return { kind: 'set-block', target, filter, body: this.body('endset'), ...at };
  }

  /** Further filters of a block: `{% filter indent|upper %}`. */
  private filters(first: Filter): Filter {
    let filter = first;
    while (this.stream.skip('operator', '|')) filter = this.expressions.filter(filter);
    return filter;
  }

  private with(at: At): Stmt {
    const targets: Target[] = [];
    const values: Expr[] = [];
    while (!this.stream.is('block_end')) {
      if (targets.length) this.stream.expect('operator', ',');
      targets.push(this.target('='));
      this.stream.expect('operator', '=');
      values.push(this.expressions.expression());
    }
    return { kind: 'with', targets, values, body: this.body('endwith'), ...at };
  }

  private call(at: At): Stmt {
    const parameters = this.stream.isOperator('(') ? this.parameters() : { params: [], defaults: [] };
    const call = this.expressions.expression();
    if (call.kind !== 'call') return this.stream.fail('expected call', at, 'write {% call macro(arguments) %}');
    return { kind: 'call-block', ...parameters, call, body: this.body('endcall'), ...at };
  }

  private parameters(): Parameters {
    const { stream } = this;
    const params: Name[] = [];
    const defaults: Expr[] = [];
    stream.expect('operator', '(');
    while (!stream.isOperator(')')) {
      if (params.length) stream.expect('operator', ',');
      params.push(this.name());
      if (stream.skip('operator', '=')) defaults.push(this.expressions.expression());
      else if (defaults.length) stream.fail('non-default argument follows default argument');
    }
    stream.next();
    return { params, defaults };
  }

  private name(): Name {
    const token = this.stream.expect('name');
    if (reserved.includes(token.value)) this.stream.fail(`can't assign to '${token.value}'`, token);
    return { kind: 'name', name: token.value, ...place(token) };
  }

  /** One target, or several with commas; `end` is the name after them. */
  private target(end?: string, fields = false): Target {
    const { stream } = this;
    const at = place(stream.current);
    const items: Target[] = [];
    let several = false;
    for (;;) {
      if (items.length && (stream.isOperator('=', ')') || stream.is('block_end') || (end !== undefined && stream.isName(end)))) break;
      items.push(this.oneTarget(fields));
      if (!stream.skip('operator', ',')) break;
      several = true;
    }
    return several ? { kind: 'targets', items, ...at } : items[0] as Target;
  }

  private oneTarget(fields: boolean): Target {
    const { stream } = this;
    const at = place(stream.current);
    if (stream.skip('operator', '(')) {
      const inner = stream.nested(() => this.target(undefined, fields));
      stream.expect('operator', ')');
      return inner;
    }
    if (!stream.is('name')) stream.fail(`can't assign to ${stream.current.value ? `'${stream.current.value}'` : stream.current.type}`, at);
    const name = this.name();
    if (!fields || !stream.isOperator('.')) return name;
    stream.next();
    return { kind: 'field', name: name.name, attribute: stream.expect('name').value, ...at };
  }
}

function quoted(tags: readonly string[]): string {
  return tags.map((tag) => `'${tag}'`).join(' or ');
}
