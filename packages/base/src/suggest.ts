/** Longest words that are compared; nobody mistypes longer ones into one another. */
const longest = 60;

/** A sentence that names the known word that was most likely meant, or undefined if none is close. */
export function didYouMean(word: string, known: Iterable<string>): string | undefined {
  const meant = nearestWord(word, known);
  return meant === undefined ? undefined : `Did you mean "${meant}"?`;
}

/** The known word that was most likely meant, or undefined if none is close: at most a third of the letters are wrong, or one is the beginning of the other. */
export function nearestWord(word: string, known: Iterable<string>): string | undefined {
  if (word.length > longest) return undefined;
  const plain = normal(word);
  const most = word.length < 3 ? 0 : Math.max(1, Math.floor(word.length / 3));
  let best: string | undefined;
  let least = most + 1;
  for (const candidate of known) {
    if (candidate === word || Math.abs(candidate.length - word.length) > most) continue;
    const distance = normal(candidate) === plain ? 0 : editDistance(word.toLowerCase(), candidate.toLowerCase());
    if (distance < least) { best = candidate; least = distance; }
  }
  return best ?? begunWord(word, known);
}

/** The one known word that begins with this one, or that this one begins with. */
function begunWord(word: string, known: Iterable<string>): string | undefined {
  const begun = [...known].filter((one) => Math.min(one.length, word.length) >= 3 && one !== word && (one.startsWith(word) || word.startsWith(one)));
  return begun.length === 1 ? begun[0] : undefined;
}

/** A word without what is easily got wrong: case, the marks between its parts, the plural. */
const normal = (word: string) => word.toLowerCase().replace(/[-_ ]|s$/g, '');

/** Insertions, deletions, replacements and swaps of neighbours that make one word of the other. */
function editDistance(a: string, b: string): number {
  let before: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1;
      let least = Math.min((last[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, (last[j - 1] ?? 0) + same);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) least = Math.min(least, (before[j - 2] ?? 0) + 1);
      row.push(least);
    }
    before = last;
    last = row;
  }
  return last[b.length] ?? 0;
}
