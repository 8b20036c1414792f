/** Names that are printed of what was left out for one reason. */
const mostNames = 10;

interface Count {
  taken: number;
  here: number;
}

/** What an import took, what was here already, and what it left out and why. */
export class Report {
  readonly #counts = new Map<string, Count>();
  readonly #left = new Map<string, { count: number; names: string[] }>();

  /** `offered` things of a kind were looked at and `taken` of them stored; the others are here already. */
  took(what: string, taken: number, offered = taken): void {
    const count = this.#counts.get(what) ?? { taken: 0, here: 0 };
    this.#counts.set(what, { taken: count.taken + taken, here: count.here + offered - taken });
  }

  /** Something was not taken; the same reason is printed once, with the first names. */
  left(reason: string, names: readonly (string | number)[] | number): void {
    const entry = this.#left.get(reason) ?? { count: 0, names: [] };
    if (typeof names === 'number') entry.count += names;
    else {
      entry.count += names.length;
      for (const name of names.slice(0, mostNames - entry.names.length)) entry.names.push(String(name));
    }
    if (entry.count > 0) this.#left.set(reason, entry);
  }

  /** The report as it is printed. */
  lines(): string[] {
    const width = Math.max(4, ...[...this.#counts.keys()].map((what) => what.length));
    const line = (what: string, taken: string | number, here: string | number) => `${what.padEnd(width)}  ${String(taken).padStart(10)}  ${String(here).padStart(12)}`;
    return [
      line('what', 'taken', 'here already'),
      ...[...this.#counts].map(([what, { taken, here }]) => line(what, taken, here)),
      '',
      ...(this.#left.size === 0 ? ['Nothing was left out.'] : ['Left out:', ...[...this.#left].map(([reason, { count, names }]) => `* ${reason}: ${count}${namesOf(names, count)}`)]),
    ];
  }
}

function namesOf(names: readonly string[], count: number): string {
  return names.length === 0 ? '' : ` (${names.join(', ')}${count > names.length ? ', …' : ''})`;
}
