/**
 * A Python value. int is a number that is an integer, or a bigint beyond 2^53; float is PyFloat, so that 1.0 stays 1.0;
 * str is a string, list an array, tuple a PyTuple, None null; everything else is a PyObject. Missing is `undefined`.
 */
export type Value = null | boolean | number | bigint | string | PyFloat | Value[] | PyObject;

/** Keyword arguments by name, in the order given. */
export type Kwargs = ReadonlyMap<string, Value>;
export const noKwargs: Kwargs = new Map();

export class PyFloat {
  readonly value: number;
  constructor(value: number) { this.value = value; }
}

export class PyTuple extends Array<Value> {
  // Methods such as slice and map give plain arrays.
  static override get [Symbol.species](): ArrayConstructor { return Array; }
}

export function tuple(items: Iterable<Value>): PyTuple {
  const made = new PyTuple();
  for (const item of items) made.push(item);
  return made;
}

/** An object with behaviour of its own. The defaults are those of a Python object that defines nothing. */
export abstract class PyObject {
  /** Name of its Python class. */
  abstract readonly type: string;
  repr(): string { return `<${this.type} object>`; }
  str(): string { return this.repr(); }
  /** `len()`; undefined if it has none. */
  length(): number | undefined { return undefined; }
  truth(): boolean { return this.length() !== 0; }
  /** `iter()`; undefined if it cannot be iterated. */
  iterate(): Iterator<Value> | undefined { return undefined; }
  attribute(_name: string): Value | undefined { return undefined; }
  /** `self[key]`; undefined if there is no such element. */
  item(_key: Value): Value | undefined { return undefined; }
  call?(args: Value[], kwargs: Kwargs): Value;
}

export class PyFunction extends PyObject {
  readonly type: string = 'builtin_function_or_method';
  readonly name: string;
  override readonly call: (args: Value[], kwargs: Kwargs) => Value;
  constructor(name: string, call: (args: Value[], kwargs: Kwargs) => Value) {
    super();
    this.name = name;
    this.call = call;
  }
  override repr(): string { return `<built-in function ${this.name}>`; }
}

/** An iterator that can be walked once, as Python's generators. */
export class PyIterator extends PyObject {
  readonly type: string;
  private readonly source: Iterator<Value>;
  constructor(source: Iterable<Value>, type = 'generator') {
    super();
    this.type = type;
    this.source = source[Symbol.iterator]();
  }
  override iterate(): Iterator<Value> { return this.source; }
}

export interface UndefinedFacts {
  readonly hint?: string;
  readonly object?: Value;
  readonly name?: Value;
  readonly kind?: string;
  /** Names the user may have meant; asked for only when the error is shown. */
  readonly known?: () => Iterable<string>;
}

/** The value of a name that is not defined: prints as nothing, is false and empty; any other use fails. */
export class Undefined extends PyObject {
  readonly type = 'Undefined';
  readonly facts: UndefinedFacts;
  constructor(facts: UndefinedFacts) {
    super();
    this.facts = facts;
  }
  override repr(): string { return 'Undefined'; }
  override str(): string { return ''; }
  override length(): number { return 0; }
  override iterate(): Iterator<Value> { return [][Symbol.iterator](); }
}

/** The value, or undefined in Python's sense where there is none. None is a value: `??` would lose it. */
export function orUndefined(value: Value | undefined, facts: UndefinedFacts): Value {
  return value === undefined ? new Undefined(facts) : value;
}

/** Text that is safe in HTML; `|escape` and `|safe` make it. */
export class Markup extends PyObject {
  readonly type = 'Markup';
  readonly text: string;
  constructor(text: string) {
    super();
    this.text = text;
  }
  override str(): string { return this.text; }
}
