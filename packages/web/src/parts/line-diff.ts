/** Longer texts are not compared: the table would take too much memory. */
const mostCells = 4_000_000;

/** Which lines of `after` are not in `before`, by the longest common subsequence; none when the texts are too long. */
export function addedLines(before: string, after: string): ReadonlySet<number> {
  const a = before.split('\n');
  const b = after.split('\n');
  const added = new Set<number>();
  if (a.length * b.length > mostCells) return added;
  const width = b.length + 1;
  const common = new Uint32Array((a.length + 1) * width);
  for (let i = a.length - 1; i >= 0; i--) {
    for (let j = b.length - 1; j >= 0; j--) {
      common[i * width + j] = a[i] === b[j] ? (common[(i + 1) * width + j + 1] ?? 0) + 1 : Math.max(common[(i + 1) * width + j] ?? 0, common[i * width + j + 1] ?? 0);
    }
  }
  let i = 0;
  for (let j = 0; j < b.length;) {
    if (i < a.length && a[i] === b[j]) { i += 1; j += 1; }
    else if (i < a.length && (common[(i + 1) * width + j] ?? 0) >= (common[i * width + j + 1] ?? 0)) i += 1;
    else { added.add(j); j += 1; }
  }
  return added;
}
