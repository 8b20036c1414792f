import type { Mapping } from '../mapping.ts';
import type { Path } from '../problem.ts';

/**
 * A declaration of what a value may be: plain data, read by the validator (`validate.ts`) and whatever else wants to
 * know the language (completion, JSON Schema). One declaration for each block and method.
 */
export type Schema<T = unknown> = Shape & {
  /** A few words on the value, for hints. */
  readonly about?: string;
  readonly required?: boolean;
  /** Problems inside do not refuse a job: they are warnings. */
  readonly advice?: boolean;
  /** Carries the type; never present. */
  readonly type?: T;
};

type Shape =
  | { readonly kind: 'any' }
  | { readonly kind: 'text'; readonly min?: number; readonly max?: number; readonly pattern?: RegExp; readonly reason?: string }
  | { readonly kind: 'number'; readonly whole: boolean; readonly min?: number }
  | { readonly kind: 'bool' }
  | { readonly kind: 'literal'; readonly value: string | null }
  | { readonly kind: 'list'; readonly item: Schema; readonly min?: number }
  | MappingShape
  | { readonly kind: 'either'; readonly options: readonly Schema[] };

export interface MappingShape {
  readonly kind: 'mapping';
  readonly fields: Readonly<Record<string, Schema>>;
  /** What becomes of keys that are not declared. Default: refuse. */
  readonly others?: 'refuse' | 'allow' | Schema;
  /** Keys that do not match are refused. */
  readonly keys?: RegExp;
  /** Only one of these keys may be present; the name is the group's. */
  readonly exclusive?: readonly [name: string, keys: readonly string[]];
  readonly rules?: readonly Rule[];
  /** Another declaration of the same mapping. */
  readonly also?: Schema;
  /** The text under `key` names a method, whose declaration holds for the whole mapping too; `undefined`: known, not described. */
  readonly method?: { readonly key: string; readonly of: Readonly<Record<string, Schema | undefined>> };
}

/** Reports what one declaration cannot say; `path` is relative to the mapping. */
export type Rule = (value: Mapping, report: (finding: Finding) => void) => void;

export interface Finding {
  readonly path: Path;
  /** Where the place is marked: the key or (default) the value. */
  readonly part?: 'key' | 'value';
  readonly severity?: 'error' | 'warning';
  readonly code: string;
  readonly message: string;
  readonly hint?: string;
  /** Reason in LAVA's words, without the place. */
  readonly reason?: string;
}

/** The TypeScript type of what a schema accepts. */
export type TypeOf<S> = S extends Schema<infer T> ? T : never;
type Fields = Readonly<Record<string, Schema>>;
type RequiredKeys<F> = { [K in keyof F]: F[K] extends { readonly required: true } ? K : never }[keyof F];
export type MappingOf<F> = { readonly [K in RequiredKeys<F>]: TypeOf<F[K]> } & { readonly [K in Exclude<keyof F, RequiredKeys<F>>]?: TypeOf<F[K]> };

export const any = (about?: string): Schema<unknown> => ({ kind: 'any', about });
export const text = (options: { min?: number; max?: number; pattern?: RegExp; reason?: string; about?: string } = {}): Schema<string> => ({ kind: 'text', ...options });
/** A whole number; booleans pass, as they are numbers for LAVA. */
export const integer = (options: { min?: number; about?: string } = {}): Schema<number> => ({ kind: 'number', whole: true, ...options });
export const number = (options: { min?: number; about?: string } = {}): Schema<number> => ({ kind: 'number', whole: false, ...options });
export const bool = (about?: string): Schema<boolean> => ({ kind: 'bool', about });
export const literal = <V extends string>(value: V): Schema<V> => ({ kind: 'literal', value });
export const empty = (): Schema<null> => ({ kind: 'literal', value: null });
export const oneOf = <V extends string>(...values: readonly V[]): Schema<V> => either(...values.map(literal)) as Schema<V>;
export const list = <T>(item: Schema<T>, options: { min?: number; about?: string } = {}): Schema<readonly T[]> => ({ kind: 'list', item: item as Schema, ...options });
export const either = <S extends readonly Schema[]>(...options: S): Schema<TypeOf<S[number]>> => ({ kind: 'either', options: options });
export const mapping = <F extends Fields>(fields: F, options: Omit<MappingShape, 'kind' | 'fields'> & { about?: string } = {}): Schema<MappingOf<F>> =>
  ({ kind: 'mapping', fields: fields, ...options }) as never;
/** A mapping whose keys are free and whose values are alike. */
export const record = <T>(value: Schema<T>, options: { keys?: RegExp; about?: string } = {}): Schema<Readonly<Record<string, T>>> =>
  ({ kind: 'mapping', fields: {}, others: value as Schema, ...options });

export const required = <S extends object>(schema: S): S & { readonly required: true } => ({ ...schema, required: true });
export const advice = <S extends object>(schema: S): S => ({ ...schema, advice: true });
