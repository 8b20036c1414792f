import { maskedSecret, type LogValue } from '@lava/job';
import { literal } from '../expect/literal.ts';

/** Lines of a secret of several lines (a key) are hidden one by one when at least this long: the console splits them. */
const shortestLine = 8;

/** Hides secret values in whatever is logged. The structure of a record stays intact, whatever the secrets are. */
export class Mask {
  readonly #values = new Set<string>();
  #pattern: RegExp | undefined;

  add(values: readonly string[]): void {
    for (const value of values) {
      if (value === '') continue;
      this.#values.add(value);
      const lines = value.split(/\r?\n/);
      if (lines.length > 1) for (const line of lines) if (line.trim().length >= shortestLine) this.#values.add(line.trim());
    }
    // The longest first, so that a secret which contains another is hidden whole.
    const longestFirst = [...this.#values].sort((a, b) => b.length - a.length);
    this.#pattern = longestFirst.length === 0 ? undefined : new RegExp(longestFirst.map((v) => literal(v).source).join('|'), 'g');
  }

  /** The text with every secret replaced. */
  text(text: string): string {
    return this.#pattern === undefined ? text : text.replace(this.#pattern, maskedSecret);
  }

  value(value: LogValue): LogValue {
    if (this.#pattern === undefined || value === null || typeof value === 'boolean') return value;
    if (typeof value === 'string') return this.text(value);
    if (typeof value === 'number') {
      const hidden = this.text(String(value));
      return hidden === String(value) ? value : hidden;
    }
    if (Array.isArray(value)) return value.map((v: LogValue) => this.value(v));
    return Object.fromEntries(Object.entries(value).map(([k, v]) => [this.text(k), v === undefined ? undefined : this.value(v)]));
  }
}
