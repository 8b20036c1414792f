import type { Shares } from './shares.ts';
import type { Policy } from './snapshot.ts';
import { byAge, type Unit } from './units.ts';

/** Units of one submitter, oldest first, and how far they have been looked at. */
interface Line { readonly units: Unit[]; next: number }

/** Hands out the units of one priority, next the one of whoever is furthest behind with his share. */
export class Queue {
  #lines: Line[];
  readonly #shares: Shares;
  readonly #order: Policy['order'];

  constructor(units: readonly Unit[], order: Policy['order'], shares: Shares) {
    this.#shares = shares;
    this.#order = order;
    const lines = new Map<number, Line>();
    for (const unit of units.toSorted(byAge)) {
      const key = order === 'fifo' ? 0 : unit.submitter;
      const line = lines.get(key);
      if (line) line.units.push(unit);
      else lines.set(key, { units: [unit], next: 0 });
    }
    this.#lines = [...lines.values()];
  }

  /** The next unit, or undefined at the end; units that `pass` says to pass by never come. */
  next(pass: (unit: Unit) => boolean): Unit | undefined {
    while (this.#lines.length > 0) {
      const line = this.#first();
      const { units } = line;
      while (line.next < units.length && pass(units[line.next]!)) line.next++;
      const unit = units[line.next];
      if (!unit) { this.#lines = this.#lines.filter((l) => l !== line); continue; }
      // Passing units by may have brought another line to the front.
      if (this.#lines.length > 1 && this.#first() !== line) continue;
      line.next++;
      if (line.next === units.length) this.#lines = this.#lines.filter((l) => l !== line);
      return unit;
    }
    return undefined;
  }

  #first(): Line {
    let best: { line: Line; rank: readonly [number, number]; unit: Unit } | undefined;
    for (const line of this.#lines) {
      const unit = line.units[line.next]!;
      const rank = this.#order === 'fifo' ? [0, 0] as const : this.#shares.rank(unit.submitter);
      if (!best || (rank[0] - best.rank[0] || rank[1] - best.rank[1] || byAge(unit, best.unit)) < 0) best = { line, rank, unit };
    }
    return best!.line;
  }
}
