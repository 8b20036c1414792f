/** Groups of levels that the reader can hide; every level of a log belongs to one. */
export const levelGroups = [
  { key: 'target', label: 'Target', levels: ['target', 'feedback'], title: 'What the device printed' },
  { key: 'input', label: 'Input', levels: ['input'], title: 'What was typed to the device' },
  { key: 'debug', label: 'Debug', levels: ['debug', 'event'], title: 'What the dispatcher did' },
  { key: 'info', label: 'Info', levels: ['info'], title: 'Milestones' },
  { key: 'problems', label: 'Problems', levels: ['warning', 'error', 'exception'], title: 'Warnings, errors, exceptions' },
  { key: 'results', label: 'Results', levels: ['results'], title: 'Results of test cases' },
] as const;
export type LevelGroup = (typeof levelGroups)[number]['key'];

/** The groups that an address hides (`hide=debug,input`). */
export function parseHidden(text: string | undefined): ReadonlySet<LevelGroup> {
  const wanted = new Set((text ?? '').split(','));
  return new Set(levelGroups.map((g) => g.key).filter((key) => wanted.has(key)));
}

/**
 * Which records stay when some levels are hidden. It must see the level of every record once, in order: `wanted`
 * says how far it is, `note` tells it levels, `lines` is the list so far.
 */
export class LineFilter {
  readonly #hidden: ReadonlySet<string>;
  readonly #lines: number[] = [];
  #known = 0;

  constructor(hidden: ReadonlySet<LevelGroup>) {
    this.#hidden = new Set(levelGroups.filter((g) => hidden.has(g.key)).flatMap((g) => g.levels));
  }

  /** Number of the first record whose level is not known yet. */
  get wanted(): number { return this.#known; }
  /** Numbers of the records to show, of those before `wanted`. */
  get lines(): readonly number[] { return this.#lines; }

  /** Tells the levels of records from number `first` on; what is known already or comes too early is ignored. */
  note(first: number, levels: readonly string[]): void {
    if (first > this.#known) return;
    for (const level of levels.slice(this.#known - first)) {
      if (!this.#hidden.has(level)) this.#lines.push(this.#known);
      this.#known += 1;
    }
  }
}

/** Place of the first number that is not below `value` in an ascending list. */
export function lowerBound(list: readonly number[], value: number): number {
  let low = 0;
  let high = list.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((list[middle] ?? 0) < value) low = middle + 1; else high = middle;
  }
  return low;
}
