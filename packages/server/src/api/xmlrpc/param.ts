import { pythonRepr } from '@lava/job';
import { Double, type XmlRpcValue } from './codec/values.ts';

/** An argument of a method: what it may be, and what it is when it is left out or nil. */
export interface Param<T> {
  /** Type for the help text. */
  readonly type: string;
  readonly about: string;
  /** Present if it may be left out. */
  readonly fallback?: { readonly value: T };
  /** Throws WrongArgument. */
  read(value: XmlRpcValue): T;
}

// oxlint-disable-next-line typescript/no-explicit-any -- the values of a list of parameters differ
export type Params = Readonly<Record<string, Param<any>>>;
export type Arguments<P extends Params> = { readonly [K in keyof P]: P[K] extends Param<infer T> ? T : never };

export class WrongArgument extends Error {}

type Fallback<T> = [] | [T];

function param<T>(type: string, about: string, read: (value: XmlRpcValue) => T | undefined, fallback: Fallback<T>): Param<T> {
  return {
    type, about, ...(fallback.length > 0 && { fallback: { value: fallback[0] as T } }),
    read(value) {
      const got = read(value);
      if (got === undefined) throw new WrongArgument(`must be ${/^[aeiou]/.test(type) ? 'an' : 'a'} ${type}`);
      return got;
    },
  };
}

const asText = (value: XmlRpcValue) => (typeof value === 'string' ? value.replaceAll('\0', '\uFFFD') : typeof value === 'number' || typeof value === 'bigint' ? String(value) : undefined);
const asInteger = (value: XmlRpcValue) => (typeof value === 'number' ? value : value instanceof Double && Number.isInteger(value.value) ? value.value
  : typeof value === 'boolean' ? Number(value) : typeof value === 'string' && /^-?\d{1,9}$/.test(value.trim()) ? Number(value) : undefined);

/** A text; a number is taken as its digits. */
export function text(about: string): Param<string>;
export function text<F extends string | null>(about: string, fallback: F): Param<string | F>;
export function text(about: string, ...fallback: Fallback<string | null>): Param<string | null> {
  return param<string | null>('string', about, asText, fallback);
}

/** A whole number; digits in a text are taken as well. */
export function integer(about: string): Param<number>;
export function integer<F extends number | null>(about: string, fallback: F): Param<number | F>;
export function integer(about: string, ...fallback: Fallback<number | null>): Param<number | null> {
  return param<number | null>('integer', about, asInteger, fallback);
}

export function flag(about: string): Param<boolean>;
export function flag<F extends boolean | null>(about: string, fallback: F): Param<boolean | F>;
export function flag(about: string, ...fallback: Fallback<boolean | null>): Param<boolean | null> {
  return param<boolean | null>('boolean', about, (v) => (typeof v === 'boolean' ? v : typeof v === 'number' ? v !== 0 : undefined), fallback);
}

/** A number of a job or a multinode id (`12.0`), as text; it is looked up as it comes. */
export const jobId = (about = 'number of the job, or its multinode id (12.0)'): Param<string> => param<string>('integer or string', about,
  (v) => asText(v) ?? (v instanceof Double ? String(v.value) : v === null ? '' : pythonRepr(v)), []);

/** Anything; the method itself says what is wrong with it. */
export function anything(about: string, ...fallback: Fallback<XmlRpcValue>): Param<XmlRpcValue> {
  return param<XmlRpcValue>('value', about, (v) => v, fallback);
}

/** An argument that means nothing any more; old clients still send it. */
export const unused = (what: string, fallback: XmlRpcValue = null): Param<XmlRpcValue> => anything(`${what}; not used any more`, fallback);

/** A list of texts. */
export function texts(about: string, ...fallback: Fallback<readonly string[] | null>): Param<readonly string[] | null> {
  return param<readonly string[] | null>('array of strings', about, (v) => {
    if (!Array.isArray(v)) return undefined;
    const all = (v as readonly XmlRpcValue[]).map(asText);
    return all.every((t) => t !== undefined) ? all : undefined;
  }, fallback);
}
