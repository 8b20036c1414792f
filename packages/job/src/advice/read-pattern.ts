/** Patterns that are longer are not read: nobody's is. */
const longest = 1000;

/** What can be said of a pattern without running it on a device. */
type Reading = { readonly wrong: string } | { readonly matchesAnything: boolean };

/**
 * Reads a regular expression in Python's syntax as far as it is also JavaScript's.
 * @returns undefined if it is not: then nothing can be said of it
 */
export function readPattern(python: string): Reading | undefined {
  const body = python.replace(/^\(\?[aimsu]+\)/, '').replaceAll('(?P<', '(?<').replaceAll(/\(\?P=(\w+)\)/g, '\\k<$1>').replaceAll(/\(\?#[^)]*\)/g, '').replaceAll('\\A', '^').replaceAll('\\Z', '$');
  // Other extensions, quantifiers that never give back, and sets that begin with a bracket mean something else in JavaScript.
  if (python.length > longest || /\(\?(?![:=!<])|[*+?}]\+|\[\^?\]/.test(body)) return undefined;
  let regex: RegExp;
  try {
    regex = new RegExp(body);
  } catch (error) {
    return { wrong: (error as Error).message.replace(/^Invalid regular expression: .*: /s, '').toLowerCase() };
  }
  return { matchesAnything: isQuick(body) && (regex.test('') || unlike.every((text) => regex.test(text))) };
}

/** Whether a search in a text of one character is over at once: few ways to fit nothing. */
const isQuick = (body: string): boolean => !/\)[*+{]/.test(body) && body.split('(').length <= 7 && body.split('|').length <= 9 && body.split(/[*+?{]/).length <= 20;

/** Texts without anything in common: what matches them all matches nearly any. */
const unlike = ['a', 'Z', '0', ' ', '#', '~', '.', '\u00e9'];
