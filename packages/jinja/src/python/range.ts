import { charge } from '../limits.ts';
import { PyObject, type Value } from './values.ts';

export class PyRange extends PyObject {
  readonly type = 'range';
  readonly start: number;
  readonly stop: number;
  readonly step: number;
  readonly size: number;
  constructor(start: number, stop: number, step: number) {
    super();
    this.start = start;
    this.stop = stop;
    this.step = step;
    this.size = Math.max(0, Math.ceil((stop - start) / step));
  }
  at(index: number): number { return this.start + index * this.step; }
  override length(): number { return this.size; }
  override *iterate(): Generator<Value> {
    for (let i = 0; i < this.size; i++) { charge(); yield this.at(i); }
  }
  override repr(): string {
    return this.step === 1 ? `range(${this.start}, ${this.stop})` : `range(${this.start}, ${this.stop}, ${this.step})`;
  }
  override item(key: Value): Value | undefined {
    if (typeof key !== 'number') return undefined;
    const index = key < 0 ? key + this.size : key;
    return index >= 0 && index < this.size ? this.at(index) : undefined;
  }
}
