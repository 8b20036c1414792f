import type { Pattern } from '../connections/connection.ts';
import { compilePattern, type CompiledPattern, type Found } from './pattern.ts';

/** Looks for several patterns in a growing text. */
export class Scanner {
  readonly #patterns: readonly CompiledPattern[];

  constructor(patterns: readonly Pattern[]) {
    this.#patterns = patterns.map(compilePattern);
  }

  /** Takes note of text that was appended; false if no pattern can have been completed by it. */
  feed(_fresh: string): boolean {
    return true;
  }

  /** The earliest match in `window`; of several at one place that of the first pattern. */
  search(window: string): { index: number; found: Found } | undefined {
    let best: { index: number; found: Found } | undefined;
    for (const [index, pattern] of this.#patterns.entries()) {
      const found = pattern.search(window);
      if (found && (best === undefined || found.start < best.found.start)) best = { index, found };
    }
    return best;
  }
}
