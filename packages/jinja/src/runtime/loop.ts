import { lengthOf } from '../python/attributes.ts';
import { equal } from '../python/compare.ts';
import { typeError } from '../python/errors.ts';
import { iterate } from '../python/iterate.ts';
import { PyFunction, PyIterator, PyObject, orUndefined, tuple, type Value } from '../python/values.ts';

/** The variable `loop` of a for loop, which is also what drives the loop. */
export class LoopContext extends PyObject {
  readonly type = 'LoopContext';
  private readonly source: Value;
  private readonly recurse: ((items: Value, depth0: number) => Value) | undefined;
  private readonly depth0: number;
  private walk: Iterator<Value, unknown>;
  private index0 = -1;
  private known: number | undefined;
  private ahead: Value | undefined;
  private current: Value | undefined;
  private before: Value | undefined;
  private lastSeen: Value | undefined;

  constructor(source: Value, depth0: number, recurse?: (items: Value, depth0: number) => Value) {
    super();
    this.source = source;
    this.walk = iterate(source);
    this.depth0 = depth0;
    this.recurse = recurse;
  }

  /** The next element; undefined at the end. */
  next(): Value | undefined {
    const item = this.peek();
    this.ahead = undefined;
    if (item === undefined) return undefined;
    this.index0++;
    this.before = this.current;
    this.current = item;
    return item;
  }

  private peek(): Value | undefined {
    if (this.ahead === undefined) {
      const next = this.walk.next();
      if (!next.done) this.ahead = next.value;
    }
    return this.ahead;
  }

  override length(): number {
    if (this.known !== undefined) return this.known;
    if (this.source instanceof PyIterator || (this.source instanceof PyObject && this.source.length() === undefined)) {
      const rest: Value[] = [];
      for (let next = this.walk.next(); !next.done; next = this.walk.next()) rest.push(next.value);
      this.walk = rest.values();
      this.known = rest.length + this.index0 + 1 + (this.ahead === undefined ? 0 : 1);
    } else this.known = lengthOf(this.source);
    return this.known;
  }

  /** Who iterates over `loop` itself walks on in it. */
  override *iterate(): Generator<Value> {
    for (let item = this.next(); item !== undefined; item = this.next()) yield tuple([item, this]);
  }
  override truth(): boolean { return this.length() !== 0; }
  override repr(): string { return `<LoopContext ${this.index0 + 1}/${this.length()}>`; }

  override attribute(name: string): Value | undefined {
    switch (name) {
      case 'index': return this.index0 + 1;
      case 'index0': return this.index0;
      case 'revindex': return this.length() - this.index0;
      case 'revindex0': return this.length() - this.index0 - 1;
      case 'first': return this.index0 === 0;
      case 'last': return this.peek() === undefined;
      case 'length': return this.length();
      case 'depth': return this.depth0 + 1;
      case 'depth0': return this.depth0;
      case 'previtem': return orUndefined(this.index0 === 0 ? undefined : this.before, { hint: 'there is no previous item' });
      case 'nextitem': return orUndefined(this.peek(), { hint: 'there is no next item' });
      case 'cycle': return new PyFunction('cycle', (args) => {
        if (args.length === 0) throw typeError('no items for cycling given');
        return args[this.index0 % args.length] as Value;
      });
      case 'changed': return new PyFunction('changed', (args) => {
        const seen = tuple(args);
        if (this.lastSeen !== undefined && equal(this.lastSeen, seen)) return false;
        this.lastSeen = seen;
        return true;
      });
      default: return undefined;
    }
  }

  override call(args: Value[]): Value {
    if (!this.recurse) throw typeError("The loop must have the 'recursive' marker to be called recursively.", 'write {% for … in … recursive %}');
    if (args.length !== 1) throw typeError(`loop() takes one argument (${args.length} given)`);
    return this.recurse(args[0] as Value, this.depth0 + 1);
  }
}
