import { checkDepth, limitText } from '../limits.ts';
import type { Location } from '../errors.ts';
import type { Builtins } from '../builtins/define.ts';
import type { Value } from '../python/values.ts';
import type { Module } from './objects.ts';
import type { Context, TemplateCode } from './context.ts';

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
