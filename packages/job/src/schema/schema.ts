import type { Mapping } from '../mapping.ts';
import type { Path, ProblemCode } from '../problem.ts';

/**
 * A declaration of what a value may be: plain data, read by the validator (`validate.ts`) and whatever else wants to
 * know the language (completion, JSON Schema). One declaration for each block and method.
 */
export type Schema<T = unknown> = Shape & {
  /** A few words on the value, for hints. */
  readonly about?: string;
  readonly required?: boolean;
  /** LAVA's words when a required key is missing, if they are special. */
  readonly missing?: string;
  /** LAVA's published schema has no such key, but jobs that use it run: only its strict form refuses it. */
  readonly beyond?: boolean;
  /** Name under which the published JSON Schema describes it once for all its places. */
  readonly name?: string;
  /** JSON Schema of what submission refuses though LAVA's published schema takes it: editors tell both. */
  readonly submission?: Readonly<Record<string, unknown>>;
  /** Carries the type; never present. */
  readonly type?: T;
};

type Shape =
  | { readonly kind: 'any' }
  | { readonly kind: 'text'; readonly min?: number; readonly max?: number; readonly pattern?: RegExp; readonly not?: readonly string[]; readonly reason?: string; readonly noText?: string }
  | { readonly kind: 'number'; readonly whole: boolean; readonly min?: number; readonly max?: number; readonly range?: boolean }
  | { readonly kind: 'bool' }
  | { readonly kind: 'literal'; readonly value: string | null; readonly reason?: string }
  | { readonly kind: 'list'; readonly item: Schema; readonly min?: number }
  | MappingShape
  | EitherShape;

export interface EitherShape {
  readonly kind: 'either';
  readonly options: readonly Schema[];
  /** Index of the alternative that the author of a value meant, for messages to people; undefined: the one that got furthest. */
  readonly meant?: (value: unknown) => number | undefined;
}

export interface MappingShape {
  readonly kind: 'mapping';
  readonly fields: Readonly<Record<string, Schema>>;
  /** What becomes of keys that are not declared. Default: refuse, `never`: not even LAVA's lax form takes them. */
  readonly others?: 'refuse' | 'never' | 'allow' | Schema;
  /** Keys that are refused although people know them, and what to do instead. */
  readonly gone?: Readonly<Record<string, string>>;
  /** At least one key beside the declared ones. */
  readonly some?: boolean;
  /** Least number of keys. */
  readonly min?: number;
  /** Keys that do not match are refused. */
  readonly keys?: RegExp;
  /** Only one of these keys may be present; the name is the group's. */
  readonly exclusive?: readonly [name: string, keys: readonly string[]];
  readonly rules?: readonly Rule[];
  /** Another declaration of the same mapping. */
  readonly also?: Schema;
  /** The text under `key` names a method, whose declaration holds for the whole mapping too. */
  readonly method?: { readonly key: string; readonly of: Readonly<Record<string, Schema>> };
  /** The same for a mapping whose keys tell what it is. */
  readonly sort?: { readonly name: (value: Mapping) => string | undefined; readonly of: Readonly<Record<string, Schema>> };
}

/** Reports what one declaration cannot say; `path` is relative to the mapping. */
export type Rule = (value: Mapping, report: (finding: Finding) => void) => void;

export interface Finding {
  readonly path: Path;
  /** Where the place is marked: the key or (default) the value. */
  readonly part?: 'key' | 'value';
  readonly severity?: 'error' | 'warning';
  readonly code: ProblemCode;
  readonly message: string;
  readonly hint?: string;
  /** The key beside it that stands where this missing one was meant. */
  readonly instead?: string;
  /** Reason in LAVA's words, without the place. */
  readonly reason?: string;
}

/** The TypeScript type of what a schema accepts. */
export type TypeOf<S> = S extends Schema<infer T> ? T : never;
type Fields = Readonly<Record<string, Schema>>;
type RequiredKeys<F> = { [K in keyof F]: F[K] extends { readonly required: true } ? K : never }[keyof F];
export type MappingOf<F> = { readonly [K in RequiredKeys<F>]: TypeOf<F[K]> } & { readonly [K in Exclude<keyof F, RequiredKeys<F>>]?: TypeOf<F[K]> };

export const any = (about?: string): Schema<unknown> => ({ kind: 'any', about });
export const text = (options: { min?: number; max?: number; pattern?: RegExp; not?: readonly string[]; reason?: string; noText?: string; about?: string } = {}): Schema<string> => ({ kind: 'text', ...options });
/** A whole number; booleans pass, as they are numbers for LAVA. */
export const integer = (options: { min?: number; about?: string } = {}): Schema<number> => ({ kind: 'number', whole: true, ...options });
/** A number, whole or not, that is only compared with its bounds. */
export const range = (options: { min?: number; max?: number; about?: string }): Schema<number> => ({ kind: 'number', whole: false, range: true, ...options });
export const bool = (about?: string): Schema<boolean> => ({ kind: 'bool', about });
export const literal = <V extends string>(value: V, options: { reason?: string; about?: string } = {}): Schema<V> => ({ kind: 'literal', value, ...options });
export const empty = (): Schema<null> => ({ kind: 'literal', value: null });
export const oneOf = <V extends string>(...values: readonly V[]): Schema<V> => either(...values.map((value) => literal(value))) as Schema<V>;
export const list = <T>(item: Schema<T>, options: { min?: number; about?: string } = {}): Schema<readonly T[]> => ({ kind: 'list', item: item as Schema, ...options });
export const either = <S extends readonly Schema[]>(...options: S): Schema<TypeOf<S[number]>> => ({ kind: 'either', options: options });
export const mapping = <F extends Fields>(fields: F, options: Omit<MappingShape, 'kind' | 'fields'> & { about?: string } = {}): Schema<MappingOf<F>> =>
  ({ kind: 'mapping', fields, ...options }) as never;
/** Any mapping. */
export const anyMapping = (about?: string): Schema<Mapping> => ({ kind: 'mapping', fields: {}, others: 'allow', about });
/** A mapping whose keys are free and whose values are alike. */
export const record = <T>(value: Schema<T>, options: { keys?: RegExp; some?: boolean; about?: string } = {}): Schema<Readonly<Record<string, T>>> =>
  ({ kind: 'mapping', fields: {}, others: value as Schema, ...options });

export const required = <S extends object>(schema: S, missing?: string): S & { readonly required: true; readonly missing?: string } => ({ ...schema, required: true, ...(missing ? { missing } : {}) });
/** A key that LAVA's published schema does not have, though jobs that use it run. */
export const beyond = <S extends object>(schema: S): S => ({ ...schema, beyond: true });
export const named = <S extends object>(name: string, schema: S): S => ({ ...schema, name });
/** Alternatives of which the author's choice can be told. */
export const eitherMeant = <S extends readonly Schema[]>(meant: (value: unknown) => number | undefined, ...options: S): Schema<TypeOf<S[number]>> => ({ kind: 'either', options, meant });

/** The same declaration with more keys, in each of its alternatives; its own keys win. */
export function withKeys(schema: Schema, keys: Fields, options: { rules?: readonly Rule[] } = {}): Schema {
  if (schema.kind === 'either') return { ...schema, options: schema.options.map((option) => withKeys(option, keys, options)) };
  if (schema.kind !== 'mapping') return schema;
  return { ...schema, fields: { ...keys, ...schema.fields }, rules: [...(schema.rules ?? []), ...(options.rules ?? [])] };
}
