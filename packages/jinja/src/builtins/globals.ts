import { checkList } from '../limits.ts';
import { PyDict } from '../python/dict.ts';
import { pairs } from '../python/container-methods.ts';
import { PyError, typeError, valueError } from '../python/errors.ts';
import { PyRange } from '../python/range.ts';
import { repr } from '../python/repr.ts';
import { indexOf } from '../python/types.ts';
import { PyFunction, PyObject, type Kwargs, type Value } from '../python/values.ts';

/** `namespace()`: an object whose fields `{% set ns.field = … %}` changes, also from inside loops. */
export class Namespace extends PyObject {
  readonly type = 'jinja2.utils.Namespace';
  private readonly fields: PyDict;
  constructor(fields: PyDict) {
    super();
    this.fields = fields;
  }
  set(name: string, value: Value): void { this.fields.set(name, value); }
  override attribute(name: string): Value | undefined { return this.fields.get(name); }
  override repr(): string { return `<Namespace ${repr(this.fields)}>`; }
}

class Cycler extends PyObject {
  readonly type = 'jinja2.utils.Cycler';
  private readonly items: Value[];
  private at = 0;
  constructor(items: Value[]) {
    super();
    this.items = items;
  }
  override attribute(name: string): Value | undefined {
    switch (name) {
      case 'current': return this.items[this.at] as Value;
      case 'pos': return this.at;
      case 'next': return new PyFunction(name, () => {
        const item = this.items[this.at] as Value;
        this.at = (this.at + 1) % this.items.length;
        return item;
      });
      case 'reset': return new PyFunction(name, () => { this.at = 0; return null; });
      default: return undefined;
    }
  }
}

class Joiner extends PyObject {
  readonly type = 'jinja2.utils.Joiner';
  private readonly separator: Value;
  private used = false;
  constructor(separator: Value) {
    super();
    this.separator = separator;
  }
  override call(): Value {
    if (this.used) return this.separator;
    this.used = true;
    return '';
  }
}

/** A function that makes objects of its class. */
class PyClass extends PyFunction {
  override readonly type: string = 'type';
  override repr(): string { return `<class '${this.name}'>`; }
}

function makeDict(args: Value[], kwargs: Kwargs): PyDict {
  if (args.length > 1) throw typeError(`dict expected at most 1 argument, got ${args.length}`);
  const dict = new PyDict(args[0] === undefined ? [] : pairs(args[0]));
  for (const [key, value] of kwargs) dict.set(key, value);
  return dict;
}

function makeRange(args: Value[], kwargs: Kwargs): PyRange {
  if (kwargs.size) throw typeError('range() takes no keyword arguments');
  if (args.length === 0 || args.length > 3) throw typeError(`range expected 1 to 3 arguments, got ${args.length}`);
  const [a = 0, b, c = 1] = args.map(indexOf);
  if (c === 0) throw valueError('range() arg 3 must not be zero');
  const range = b === undefined ? new PyRange(0, a, 1) : new PyRange(a, b, c);
  checkList(range.size);
  return range;
}

/** Functions that every template can call. `lipsum` is not among them: a configuration has no use for random prose. */
export const globals: ReadonlyMap<string, Value> = new Map<string, Value>([
  ['range', new PyFunction('range', makeRange)],
  ['dict', new PyClass('dict', makeDict)],
  ['namespace', new PyClass('jinja2.utils.Namespace', (args, kwargs) => new Namespace(makeDict(args, kwargs)))],
  ['cycler', new PyClass('jinja2.utils.Cycler', (args) => {
    if (args.length === 0) throw new PyError('RuntimeError', 'at least one item has to be provided');
    return new Cycler(args);
  })],
  ['joiner', new PyClass('jinja2.utils.Joiner', (args, kwargs) => new Joiner(args.length ? args[0] as Value : kwargs.has('sep') ? kwargs.get('sep') as Value : ', '))],
]);
