import { badRequest } from './errors.ts';

/** The query string as fastify gives it: a repeated name is a list. */
export type Query = Readonly<Record<string, string | string[] | undefined>>;

/** A single text; empty counts as not given. */
export function text(query: Query, name: string, most = 200): string | undefined {
  const value = query[name];
  if (Array.isArray(value)) throw badRequest(`"${name}" is given more than once.`);
  if (value !== undefined && value.length > most) throw badRequest(`"${name}" is longer than ${most} characters.`);
  return value === '' ? undefined : value;
}

/** A whole number in a range. */
export function whole(query: Query, name: string, least: number, most: number): number | undefined {
  const value = text(query, name);
  if (value === undefined) return undefined;
  const n = /^\d{1,15}$/.test(value) ? Number(value) : Number.NaN;
  if (!(n >= least)) throw badRequest(`"${name}" must be a whole number from ${least}, not "${value.slice(0, 40)}".`);
  return Math.min(n, most);
}

/** A comma list of words, as the numbers they have in `words`; in any case. */
export function wordNumbers(query: Query, name: string, words: readonly string[]): number[] {
  return (text(query, name, 400) ?? '').split(',').map((w) => w.trim()).filter(Boolean).map((word) => {
    const n = words.findIndex((w) => w.toLowerCase() === word.toLowerCase());
    if (n < 0) throw badRequest(`"${word.slice(0, 40)}" is no ${name}.`, `One of: ${words.join(', ')}.`);
    return n;
  });
}
