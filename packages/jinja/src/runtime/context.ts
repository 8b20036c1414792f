import type { Value } from '../python/values.ts';
import type { Runtime } from './runtime.ts';

/** A block of a template, ready to run. */
export interface BlockCode {
  readonly name: string;
  run(context: Context, runtime: Runtime): void;
}

/** A compiled template. */
export interface TemplateCode {
  readonly name: string;
  readonly blocks: ReadonlyMap<string, BlockCode>;
  run(context: Context, runtime: Runtime): void;
}

/** The variables of a render: what the caller gave, and what templates set at their top level. */
export class Context {
  readonly template: string;
  readonly given: ReadonlyMap<string, Value>;
  readonly vars = new Map<string, Value>();
  /** Names that an import of this template offers. */
  readonly exported = new Set<string>();
  /** For each block its codes, the child's first. */
  readonly blocks: Map<string, BlockCode[]>;

  constructor(template: string, given: ReadonlyMap<string, Value>, blocks: Iterable<readonly [string, readonly BlockCode[]]>) {
    this.template = template;
    this.given = given;
    this.blocks = new Map([...blocks].map(([name, codes]) => [name, [...codes]]));
  }

  static of(code: TemplateCode, given: ReadonlyMap<string, Value>): Context {
    return new Context(code.name, given, [...code.blocks].map(([name, block]) => [name, [block]]));
  }

  resolve(name: string): Value | undefined {
    const own = this.vars.get(name);
    return own === undefined ? this.given.get(name) : own;
  }

  /** All variables, with local ones on top. */
  all(locals: Iterable<readonly [string, Value]> = []): Map<string, Value> {
    return new Map([...this.given, ...this.vars, ...locals]);
  }

  names(): string[] {
    return [...this.vars.keys(), ...this.given.keys()];
  }

  /** A context of its own for a scoped block. */
  derived(locals: Iterable<readonly [string, Value]>): Context {
    return new Context(this.template, this.all(locals), this.blocks);
  }

  set(name: string, value: Value, exported: boolean): void {
    this.vars.set(name, value);
    if (exported && !name.startsWith('_')) this.exported.add(name);
  }
}
