import type { Expr, If, Stmt, Target } from '../syntax/ast.ts';
import { childExpressions } from './walk.ts';

// Which variable a name means is decided before a template runs, by the rules of Jinja2: every frame (template, block,
// loop body, macro …) has symbols; a name that a frame stores is its own variable, a name that it only loads is looked up
// in the frames around it, and at last in the context. Loads happen when a frame is entered.

/** A variable: a slot of the function that owns it. */
export interface Variable {
  readonly owner: FunctionScope;
  readonly index: number;
}

/** One run-time frame's worth of slots: the template's root, a block, a macro, a recursive loop. */
export class FunctionScope {
  readonly depth: number;
  private readonly variables = new Map<string, Variable>();
  constructor(depth: number) { this.depth = depth; }
  get size(): number { return this.variables.size; }
  variable(level: number, name: string): Variable {
    const key = `${level} ${name}`;
    let found = this.variables.get(key);
    if (!found) this.variables.set(key, found = { owner: this, index: this.variables.size });
    return found;
  }
}

/** How a variable gets its value when its frame is entered. */
export type Load = { readonly from: 'parameter' | 'nowhere' } | { readonly from: 'context'; readonly name: string } | { readonly from: 'outer'; readonly variable: Variable };

export class Symbols {
  readonly level: number;
  readonly parent: Symbols | undefined;
  readonly owner: FunctionScope;
  refs = new Map<string, Variable>();
  loads = new Map<Variable, Load>();
  stores = new Set<string>();

  constructor(parent: Symbols | undefined, owner: FunctionScope) {
    this.parent = parent;
    this.owner = owner;
    this.level = parent ? parent.level + 1 : 0;
  }

  private define(name: string, load: Load): Variable {
    const variable = this.owner.variable(this.level, name);
    this.refs.set(name, variable);
    this.loads.set(variable, load);
    return variable;
  }

  find(name: string): Variable | undefined {
    return this.refs.get(name) ?? this.parent?.find(name);
  }

  ref(name: string): Variable {
    const found = this.find(name);
    if (!found) throw new Error(`the symbols of this frame lack '${name}'`);
    return found;
  }

  load(name: string): void {
    if (!this.find(name)) this.define(name, { from: 'context', name });
  }

  store(name: string): void {
    this.stores.add(name);
    if (this.refs.has(name)) return;
    const outer = this.parent?.find(name);
    this.define(name, outer ? { from: 'outer', variable: outer } : { from: 'nowhere' });
  }

  parameter(name: string): Variable {
    this.stores.add(name);
    return this.define(name, { from: 'parameter' });
  }

  /** Names stored in this frame and around it, as an include or an inner scope sees them. */
  stored(): [string, Variable][] {
    return [...this.storedNames()].map((name) => [name, this.ref(name)]);
  }

  private storedNames(): Set<string> {
    return new Set([...[...this.stores].sort(), ...(this.parent?.storedNames() ?? [])]);
  }

  private copy(): Symbols {
    const copy = new Symbols(this.parent, this.owner);
    copy.refs = new Map(this.refs);
    copy.loads = new Map(this.loads);
    copy.stores = new Set(this.stores);
    return copy;
  }

  /** What may be stored in some branch starts with the value from outside. */
  private mergeBranches(branches: readonly Symbols[]): void {
    const stores = new Set<string>();
    for (const branch of branches) for (const name of branch.stores) if (!this.stores.has(name)) stores.add(name);
    for (const branch of branches) {
      for (const [name, variable] of branch.refs) this.refs.set(name, variable);
      for (const [variable, load] of branch.loads) this.loads.set(variable, load);
      for (const name of branch.stores) this.stores.add(name);
    }
    for (const name of stores) {
      const outer = this.parent?.find(name);
      this.loads.set(this.ref(name), outer ? { from: 'outer', variable: outer } : { from: 'context', name });
    }
  }

  /** Notes the names of an expression. */
  expression(node: Expr | undefined): void {
    if (!node) return;
    if (node.kind === 'name') this.load(node.name);
    for (const child of childExpressions(node)) this.expression(child);
  }

  target(target: Target, asParameter = false): void {
    if (target.kind === 'targets') for (const item of target.items) this.target(item, asParameter);
    else if (target.kind === 'field') this.load(target.name);
    else if (asParameter) this.parameter(target.name);
    else this.store(target.name);
  }

  /** Notes the names that statements use in this frame; inner frames note their own. */
  statements(body: readonly Stmt[]): void {
    for (const node of body) this.statement(node);
  }

  private statement(node: Stmt): void {
    switch (node.kind) {
      case 'output': for (const item of node.items) if (typeof item !== 'string') this.expression(item); break;
      case 'if': this.branches(node); break;
      case 'for': this.expression(node.iter); break;
      case 'macro': this.store(node.name); break;
      case 'call-block': this.expression(node.call); break;
      case 'filter-block': this.expression(node.filter); break;
      case 'with': for (const value of node.values) this.expression(value); break;
      case 'set': this.expression(node.value); this.target(node.target); break;
      case 'set-block': this.target(node.target); break;
      case 'import': this.expression(node.template); this.store(node.target); break;
      case 'from-import': this.expression(node.template); for (const [, alias] of node.names) this.store(alias); break;
      case 'include': case 'extends': this.expression(node.template); break;
      case 'block': case 'autoescape': break;
      default: node satisfies never;
    }
  }

  private branches(node: If): void {
    this.expression(node.test);
    const branch = (note: (symbols: Symbols) => void) => {
      const copy = this.copy();
      note(copy);
      return copy;
    };
    this.mergeBranches([
      branch((s) => s.statements(node.body)),
      branch((s) => { for (const elif of node.elifs) s.branches(elif); }),
      branch((s) => s.statements(node.otherwise)),
    ]);
  }
}
