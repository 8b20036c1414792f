/** Lines of a log that an address names; both ends included. */
export interface LineRange { readonly first: number; readonly last: number }

const number = /^\d{1,9}$/u;

/**
 * The lines of a fragment (without `#`): `L12`, `L12-L20` (also `L12-20`), or LAVA's `results_12`, the line where a
 * test case starts. Anything else is undefined.
 */
export function parseLines(fragment: string): LineRange | undefined {
  const [from = '', to = ''] = fragment.replace(/^results_/u, 'L').split('-');
  if (!from.startsWith('L') || !number.test(from.slice(1))) return undefined;
  const end = to.replace(/^L/u, '');
  if (to !== '' && !number.test(end)) return undefined;
  const a = Number(from.slice(1));
  const b = to === '' ? a : Number(end);
  return { first: Math.min(a, b), last: Math.max(a, b) };
}

/** The fragment that names these lines. */
export const formatLines = ({ first, last }: LineRange): string => (first === last ? `L${first}` : `L${first}-L${last}`);

/** From the line that was marked before to the one that is clicked with Shift. */
export function extendLines(current: LineRange | undefined, line: number): LineRange {
  if (current === undefined) return { first: line, last: line };
  return line < current.first ? { first: line, last: current.last } : { first: current.first, last: line };
}
