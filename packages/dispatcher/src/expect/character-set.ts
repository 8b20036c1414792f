/** Which characters a set contains: one entry each for ASCII, the last for all others together. */
export type CharacterSet = Uint8Array;
export const alphabetSize = 129;
/** Place of all characters that are not ASCII. */
export const others = 128;

export const everything = new Uint8Array(alphabetSize).fill(1);

/** The ASCII characters of which `has` is true, by their codes, and with `otherToo` all others. */
export function setOf(has: (c: number) => boolean, otherToo: boolean): CharacterSet {
  const set = new Uint8Array(alphabetSize);
  for (let c = 0; c < others; c += 1) if (has(c)) set[c] = 1;
  if (otherToo) set[others] = 1;
  return set;
}

/** A set of some characters, by their codes. */
export function setOfCodes(codes: readonly number[]): CharacterSet {
  const set = new Uint8Array(alphabetSize);
  for (const code of codes) set[Math.min(code, others)] = 1;
  return set;
}

/** A character and the same letter in the other case, as far as that is one character. */
export function otherCases(code: number): number[] {
  const c = String.fromCodePoint(code);
  const cases = [c.toLowerCase(), c.toUpperCase()].filter((v) => [...v].length === 1).map((v) => v.codePointAt(0) as number);
  return [...new Set([code, ...cases])];
}

/** A range of characters, and those that are the same letters in the other case: of a range of several, ASCII's. */
export function withOtherCase([from, to]: readonly [number, number]): (readonly [number, number])[] {
  if (from === to) return otherCases(from).map((c) => [c, c] as const);
  const shifted = (low: number, high: number, by: number): (readonly [number, number])[] => {
    const start = Math.max(from, low);
    const end = Math.min(to, high);
    return start <= end ? [[start + by, end + by]] : [];
  };
  return [[from, to], ...shifted(65, 90, 32), ...shifted(97, 122, -32)];
}
