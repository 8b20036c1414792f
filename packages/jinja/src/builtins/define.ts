import { signature, type Parameter, type Signature } from '../python/call.ts';
import type { Kwargs, Value } from '../python/values.ts';

/** What filters and tests may ask of the render that uses them. */
export interface Scope {
  readonly builtins: Builtins;
  readonly autoescape: boolean;
}

export interface Filter {
  readonly signature: Signature;
  readonly run: (scope: Scope, args: Value[]) => Value;
}

export interface Test {
  readonly signature: Signature;
  readonly run: (scope: Scope, args: Value[]) => boolean;
}

/** The filters and tests of an environment. */
export interface Builtins {
  readonly filters: ReadonlyMap<string, Filter>;
  readonly tests: ReadonlyMap<string, Test>;
  /** Applies a filter by name. @throws PyError if there is none of that name */
  filter(name: string, scope: Scope, args: Value[], kwargs: Kwargs): Value;
  test(name: string, scope: Scope, args: Value[], kwargs: Kwargs): boolean;
}

/**
 * A filter: its parameters, the filtered value first, and what it does with their values.
 * @example filter(['value', ['by', 1]], (value, by) => …)
 */
export function filter(parameters: readonly Parameter[], run: (...args: Value[]) => Value): Filter {
  return { signature: signature(parameters), run: (_scope, args) => run(...args) };
}

/** A filter that needs the render's scope. */
export function scopedFilter(parameters: readonly Parameter[], run: (scope: Scope, ...args: Value[]) => Value): Filter {
  return { signature: signature(parameters), run: (scope, args) => run(scope, ...args) };
}

export function test(parameters: readonly Parameter[], run: (...args: Value[]) => boolean): Test {
  return { signature: signature(parameters), run: (_scope, args) => run(...args) };
}

/** A test that needs the render's scope. */
export function scopedTest(parameters: readonly Parameter[], run: (scope: Scope, ...args: Value[]) => boolean): Test {
  return { signature: signature(parameters), run: (scope, args) => run(scope, ...args) };
}
