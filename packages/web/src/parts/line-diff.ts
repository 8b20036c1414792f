/** Longer texts are not compared: the table would take too much memory. */
const mostCells = 4_000_000;

export interface DiffLine { readonly kind: 'same' | 'added' | 'removed'; readonly text: string }

/**
 * Two texts as one, by the longest common subsequence of their lines: what was taken away stands before what came.
 * Of texts that are too long to be compared, only the second.
 */
export function lineDiff(before: string, after: string): DiffLine[] {
  const a = linesOf(before);
  const b = linesOf(after);
  if (a.length * b.length > mostCells) return b.map((text) => ({ kind: 'same', text }));
  const width = b.length + 1;
  const common = new Uint32Array((a.length + 1) * width);
  const at = (i: number, j: number) => common[i * width + j] ?? 0;
  for (let i = a.length - 1; i >= 0; i--) {
    for (let j = b.length - 1; j >= 0; j--) common[i * width + j] = a[i] === b[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
  }
  const lines: DiffLine[] = [];
  for (let i = 0, j = 0; i < a.length || j < b.length;) {
    const [old, now] = [a[i], b[j]];
    if (old !== undefined && old === now) { lines.push({ kind: 'same', text: old }); i += 1; j += 1; }
    else if (old !== undefined && (now === undefined || at(i + 1, j) >= at(i, j + 1))) { lines.push({ kind: 'removed', text: old }); i += 1; }
    else if (now !== undefined) { lines.push({ kind: 'added', text: now }); j += 1; }
  }
  return lines;
}

/** Which lines of `after` are not in `before`, by their numbers from 0. */
export function addedLines(before: string, after: string): ReadonlySet<number> {
  return new Set(lineDiff(before, after).filter((line) => line.kind !== 'removed').flatMap((line, i) => (line.kind === 'added' ? [i] : [])));
}

const linesOf = (text: string): string[] => (text === '' ? [] : text.replace(/\n$/u, '').split('\n'));
