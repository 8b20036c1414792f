import { PyDict } from './dict.ts';
import { typeError } from './errors.ts';
import { typeName, undefinedError } from './types.ts';
import { PyFunction, PyObject, Undefined, tuple, type Kwargs, type Value } from './values.ts';

/** A parameter: its name, and a default if it may be left out. `*name` and `**name` collect the rest. */
export type Parameter = string | readonly [name: string, fallback: Value];

export interface Signature {
  readonly names: readonly string[];
  readonly defaults: readonly (Value | undefined)[];
  readonly rest: boolean;
  readonly extra: boolean;
}

export function signature(parameters: readonly Parameter[]): Signature {
  const names: string[] = [];
  const defaults: (Value | undefined)[] = [];
  let rest = false;
  let extra = false;
  for (const parameter of parameters) {
    const name = typeof parameter === 'string' ? parameter : parameter[0];
    if (name.startsWith('**')) extra = true;
    else if (name.startsWith('*')) rest = true;
    else { names.push(name); defaults.push(typeof parameter === 'string' ? undefined : parameter[1]); }
  }
  return { names, defaults, rest, extra };
}

/**
 * Arranges arguments by a signature: one value a parameter, then (if it collects them) the rest as a tuple and the other
 * keywords as a dict. @throws PyError TypeError in Python's words
 */
export function bind(what: string, sig: Signature, args: readonly Value[], kwargs: Kwargs): Value[] {
  const { names, defaults } = sig;
  if (args.length > names.length && !sig.rest) throw typeError(`${what} takes at most ${names.length} argument${names.length === 1 ? '' : 's'} (${args.length} given)`);
  const bound: Value[] = [];
  for (let i = 0; i < names.length; i++) {
    const given = i < args.length ? args[i] : undefined;
    const named = kwargs.size ? kwargs.get(names[i] as string) : undefined;
    if (given !== undefined && named !== undefined) throw typeError(`${what} got multiple values for argument '${names[i]}'`);
    const value = given ?? named;
    if (value !== undefined || (given === null || named === null)) { bound.push(value ?? null); continue; }
    const fallback = defaults[i];
    if (fallback === undefined) throw typeError(`${what} is missing its argument '${names[i]}'`);
    bound.push(fallback);
  }
  if (sig.rest) bound.push(tuple(args.slice(names.length)));
  if (sig.extra || kwargs.size) {
    const others = [...kwargs].filter(([name]) => !names.includes(name));
    if (sig.extra) bound.push(new PyDict(others));
    else if (others[0]) throw typeError(`${what} got an unexpected keyword argument '${others[0][0]}'`);
  }
  return bound;
}

/** Methods of a type: name → how to call it on a value. */
export type Methods<T> = ReadonlyMap<string, (self: T) => PyFunction>;

type MethodTable<T> = Record<string, readonly [parameters: readonly Parameter[], run: (self: T, ...args: Value[]) => Value]>;

export function methods<T>(type: string, table: MethodTable<T>): Methods<T> {
  return new Map(Object.entries(table).map(([name, [parameters, run]]) => {
    const sig = signature(parameters);
    return [name, (self: T) => new PyFunction(name, (args, kwargs) => run(self, ...bind(`${type}.${name}()`, sig, args, kwargs)))];
  }));
}

/** Calls a value. @throws PyError if it cannot be called */
export function callValue(callee: Value, args: Value[], kwargs: Kwargs): Value {
  if (callee instanceof Undefined) throw undefinedError(callee);
  if (callee instanceof PyObject && callee.call) return callee.call(args, kwargs);
  throw typeError(`'${typeName(callee)}' object is not callable`);
}
