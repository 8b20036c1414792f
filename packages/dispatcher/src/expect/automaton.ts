import { alphabetSize, others, type CharacterSet } from './character-set.ts';
import type { Tree } from './python-regex.ts';

/** A counted repeat is unrolled up to so many nodes in all; above, any number of repeats is let through. */
const largestTree = 2000;
/** Built states are forgotten when there are so many; those in use are built again. */
const mostStates = 800;

type Node =
  | { readonly kind: 'set'; readonly set: CharacterSet; readonly next: number }
  | { readonly kind: 'split'; next: number[] }
  | { readonly kind: 'end'; readonly pattern: number };

/** A set of places in the patterns where the text so far has led. */
export interface State {
  readonly nodes: readonly number[];
  /** Patterns that may end here; undefined if none. */
  readonly ends: readonly number[] | undefined;
  /** Where each symbol leads, as far as that is known. */
  readonly next: (State | undefined)[];
}

/**
 * Watches a stream for several patterns at once, one table look-up a character, however long the stream and however
 * many the patterns. It tells which patterns may have just been completed, never misses one, and may tell of one that
 * is not there (it ignores assertions): whoever asks looks closely then.
 */
export class Automaton {
  readonly #nodes: Node[] = [];
  readonly #entry: number[];
  readonly #states = new Map<string, State>();
  /** The state before any text. */
  readonly start: State;

  constructor(trees: readonly Tree[]) {
    this.#entry = trees.map((tree, pattern) => this.#build(sizeOf(tree) <= largestTree ? tree : widened(tree), this.#add({ kind: 'end', pattern })));
    this.start = this.#state(new Set());
  }

  /**
   * Goes on from a state with more text.
   * @param completed gets the numbers of the patterns that may end within the text
   * @returns the new state
   */
  advance(from: State, text: string, completed: Set<number>): State {
    let state = from;
    for (let i = 0; i < text.length; i += 1) {
      const code = text.charCodeAt(i);
      const symbol = code < others ? code : others;
      state = state.next[symbol] ?? this.#step(state, symbol);
      if (state.ends !== undefined) for (const pattern of state.ends) completed.add(pattern);
    }
    return state;
  }

  #add(node: Node): number {
    return this.#nodes.push(node) - 1;
  }

  /** Nodes for a tree that lead to `next`. @returns where they begin */
  #build(tree: Tree, next: number): number {
    switch (tree.kind) {
      case 'set': return this.#add({ kind: 'set', set: tree.set, next });
      case 'all': return tree.parts.reduceRight((to, part) => this.#build(part, to), next);
      case 'any': return this.#add({ kind: 'split', next: tree.parts.map((part) => this.#build(part, next)) });
      case 'repeat': {
        let to = next;
        if (tree.max === Number.POSITIVE_INFINITY) {
          const loop: Node = { kind: 'split', next: [next] };
          to = this.#add(loop);
          loop.next.push(this.#build(tree.part, to));
        } else {
          for (let i = tree.min; i < tree.max; i += 1) to = this.#add({ kind: 'split', next: [next, this.#build(tree.part, to)] });
        }
        for (let i = 0; i < tree.min; i += 1) to = this.#build(tree.part, to);
        return to;
      }
    }
  }

  /** The state of having reached these nodes, besides the beginning of every pattern. */
  #state(reached: Set<number>): State {
    const ends = new Set<number>();
    const sets = new Set<number>();
    const seen = new Set<number>();
    const todo = [...reached, ...this.#entry];
    for (let at = todo.pop(); at !== undefined; at = todo.pop()) {
      if (seen.has(at)) continue;
      seen.add(at);
      const node = this.#nodes[at] as Node;
      if (node.kind === 'end') ends.add(node.pattern);
      else if (node.kind === 'set') sets.add(at);
      else todo.push(...node.next);
    }
    const nodes = [...sets].sort((a, b) => a - b);
    const key = `${nodes.join(' ')}/${[...ends].sort((a, b) => a - b).join(' ')}`;
    const known = this.#states.get(key);
    if (known) return known;
    // Whoever stands in an old state goes on from it and comes to new ones by and by.
    if (this.#states.size >= mostStates) this.#states.clear();
    const state: State = { nodes, ends: ends.size > 0 ? [...ends] : undefined, next: Array.from({ length: alphabetSize }, () => undefined) };
    this.#states.set(key, state);
    return state;
  }

  #step(from: State, symbol: number): State {
    const reached = new Set<number>();
    for (const at of from.nodes) {
      const node = this.#nodes[at];
      if (node?.kind === 'set' && node.set[symbol] === 1) reached.add(node.next);
    }
    const to = this.#state(reached);
    from.next[symbol] = to;
    return to;
  }
}

function sizeOf(tree: Tree): number {
  if (tree.kind === 'set') return 1;
  if (tree.kind === 'repeat') return 1 + sizeOf(tree.part) * Math.max(1, Number.isFinite(tree.max) ? tree.max : tree.min + 1);
  return tree.parts.reduce((sum, part) => sum + sizeOf(part), 1);
}

/** The same with every counted repeat let through any number of times. */
function widened(tree: Tree): Tree {
  if (tree.kind === 'set') return tree;
  if (tree.kind === 'repeat') return { kind: 'repeat', part: widened(tree.part), min: 0, max: Number.POSITIVE_INFINITY };
  return { kind: tree.kind, parts: tree.parts.map(widened) };
}
