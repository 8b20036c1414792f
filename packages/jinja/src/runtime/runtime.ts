import { checkDepth, limitText } from '../limits.ts';
import type { Location } from '../errors.ts';
import type { Builtins } from '../builtins/define.ts';
import type { Value } from '../python/values.ts';
import type { Module } from './module.ts';

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

/** State of one render. */
export class Runtime {
  /** Text made so far in the innermost capture. */
  out = '';
  /** What is being done now, for errors. */
  at: Location;
  /** Text of the filter or set block whose filter runs. */
  captured: Value = '';
  readonly builtins: Builtins;
  /** @throws PyError TemplateNotFound */
  readonly load: (name: Value) => TemplateCode;
  readonly globals: ReadonlyMap<string, Value>;
  readonly modules = new Map<TemplateCode, Module>();
  private depth = 0;

  constructor(at: Location, builtins: Builtins, globals: ReadonlyMap<string, Value>, load: (name: Value) => TemplateCode) {
    this.at = at;
    this.builtins = builtins;
    this.globals = globals;
    this.load = load;
  }

  write(text: string): void {
    this.out += text;
    limitText(this.out.length);
  }

  /** The text that `work` writes. */
  capture(work: () => void): string {
    const outer = this.out;
    this.out = '';
    work();
    const text = this.out;
    this.out = outer;
    return text;
  }

  /** Runs a call, include or parent one level deeper. */
  nested<T>(work: () => T): T {
    checkDepth(++this.depth);
    const result = work();
    this.depth--;
    return result;
  }
}

/** Slots of a running function; see FunctionScope. */
export class Frame {
  readonly slots: (Value | undefined)[];
  readonly outer: Frame | undefined;
  readonly context: Context;
  readonly runtime: Runtime;
  /** The template that this one extends, once its `extends` ran. */
  parent: TemplateCode | undefined;

  constructor(size: number, context: Context, runtime: Runtime, outer?: Frame) {
    this.slots = Array.from({ length: size });
    this.context = context;
    this.runtime = runtime;
    this.outer = outer;
  }
}
