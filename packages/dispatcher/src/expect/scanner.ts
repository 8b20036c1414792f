import { type CompiledPattern, compilePattern, type Found, type Pattern } from './pattern.ts';
import { Automaton, type State } from './automaton.ts';

interface PatternSet {
  readonly patterns: readonly CompiledPattern[];
  readonly automaton: Automaton;
  /** Patterns that any further text may complete, wherever they stand. */
  readonly restless: readonly number[];
}

/** Tests wait for the same patterns again and again: the last so many lists are kept. */
const mostSets = 32;
const sets = new Map<string, PatternSet>();

function patternSet(patterns: readonly Pattern[]): PatternSet {
  const key = JSON.stringify(patterns.map((p) => (typeof p === 'string' ? p : [p.source, p.flags])));
  const known = sets.get(key);
  if (known) return known;
  const compiled = patterns.map(compilePattern);
  const automaton = new Automaton(compiled.map((p) => p.tree));
  const restless = [...new Set([...(automaton.start.ends ?? []), ...compiled.flatMap((p, i) => (p.dependsOnLaterText ? [i] : []))])];
  const made = { patterns: compiled, automaton, restless };
  sets.set(key, made);
  const [oldest] = sets.keys();
  if (sets.size > mostSets && oldest !== undefined) sets.delete(oldest);
  return made;
}

/** Looks for several patterns in a growing text, each character once. */
export class Scanner {
  readonly #set: PatternSet;
  readonly #candidates: Set<number>;
  #state: State;

  /** @throws JobError when a pattern is not valid */
  constructor(patterns: readonly Pattern[]) {
    this.#set = patternSet(patterns);
    this.#state = this.#set.automaton.start;
    this.#candidates = new Set(this.#set.restless);
  }

  /** Takes note of text that was appended; false if no pattern can have been completed by it. */
  feed(fresh: string): boolean {
    this.#state = this.#set.automaton.advance(this.#state, fresh, this.#candidates);
    return this.#candidates.size > 0;
  }

  /** The earliest match in `window` that the text fed last has completed; of several at one place that of the first pattern. */
  search(window: string): { index: number; found: Found } | undefined {
    let best: { index: number; found: Found } | undefined;
    for (const index of [...this.#candidates].sort((a, b) => a - b)) {
      const found = this.#set.patterns[index]?.search(window);
      if (found && (best === undefined || found.start < best.found.start)) best = { index, found };
    }
    this.#candidates.clear();
    for (const index of this.#set.restless) this.#candidates.add(index);
    return best;
  }
}
