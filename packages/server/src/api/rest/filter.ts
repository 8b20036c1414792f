import { sql, type Kysely, type RawBuilder } from 'kysely';
import type { Database } from '../../store/database.ts';
import { likePattern } from '../../store/like-pattern.ts';
import { fieldError } from './refusals.ts';

type Condition = RawBuilder<boolean>;

/** What a query parameter may ask of a column. */
export type Field =
  | { readonly kind: 'text'; readonly column: string; readonly lookups?: readonly string[] }
  | { readonly kind: 'number' | 'time' | 'boolean'; readonly column: string; readonly lookups: readonly string[] }
  /** A number with words, such as a state. */
  | { readonly kind: 'words'; readonly column: string; readonly words: readonly string[]; readonly anyCase?: boolean }
  | Relation;

/** Another table: a value names its key, `__` goes on to its fields. */
export interface Relation {
  readonly kind: 'relation';
  readonly table: string;
  /** Where the rows are, if not in a table of that name. */
  readonly rows?: RawBuilder<unknown>;
  readonly key: Field & { kind: 'text' | 'number' };
  fields(): Fields;
  /** The condition on our row, from a query that gives the keys of the other table. */
  within(keys: RawBuilder<unknown>): Condition;
}

export type Fields = Readonly<Record<string, Field>>;

export const textLookups = ['exact', 'in', 'contains', 'icontains', 'startswith', 'endswith'];

/**
 * The conditions that the query parameters ask for: `field=value`, `field__lookup=value`, `relation__field__lookup=value`,
 * with `!` before `=` for the opposite. Unknown names are ignored, as LAVA does; of a repeated name the last counts.
 */
export async function filterConditions(db: Kysely<Database>, fields: Fields, query: Readonly<Record<string, string | string[] | undefined>>): Promise<Condition[]> {
  const all: Condition[] = [];
  for (const [parameter, given] of Object.entries(query)) {
    const value = Array.isArray(given) ? given.at(-1) : given;
    if (value === undefined || value === '') continue;
    const opposite = parameter.endsWith('!');
    const name = opposite ? parameter.slice(0, -1) : parameter;
    const condition = await fieldCondition(db, fields, name.split('__'), value, name);
    if (condition) all.push(opposite ? sql<boolean>`(${condition}) is not true` : condition);
  }
  return all;
}

async function fieldCondition(db: Kysely<Database>, fields: Fields, parts: readonly string[], value: string, parameter: string): Promise<Condition | undefined> {
  const [name = '', ...rest] = parts;
  const field = Object.hasOwn(fields, name) ? fields[name] : undefined;
  if (!field) return undefined;
  if (field.kind !== 'relation') return rest.length > 1 ? undefined : lookUp(field, rest[0] ?? 'exact', value, parameter);
  const { key } = field;
  const from = field.rows ?? sql.table(field.table);
  if (rest.length === 0 || (rest.length === 1 && rest[0] === 'in')) {
    const condition = lookUp(key, rest[0] ?? 'exact', value, parameter)!;
    if (rest.length === 0) {
      const { rows } = await sql`select 1 from ${from} where ${condition}`.execute(db);
      if (rows.length === 0) throw fieldError(parameter, 'Select a valid choice. That choice is not one of the available choices.');
    }
    return field.within(sql`select ${sql.ref(key.column)} from ${from} where ${condition}`);
  }
  const inner = await fieldCondition(db, field.fields(), rest, value, parameter);
  return inner && field.within(sql`select ${sql.ref(key.column)} from ${from} where ${inner}`);
}

const comparisons: Readonly<Record<string, RawBuilder<unknown>>> = { exact: sql`=`, lt: sql`<`, lte: sql`<=`, gt: sql`>`, gte: sql`>=` };
const list = (value: string) => value.split(',').map((v) => v.trim()).filter(Boolean);

function lookUp(field: Exclude<Field, Relation>, lookup: string, value: string, parameter: string): Condition | undefined {
  const column = sql.ref(field.column);
  if (field.kind === 'words') {
    if (lookup !== 'exact' && lookup !== 'in') return undefined;
    const numbers = (lookup === 'in' ? list(value) : [value]).map((word) => {
      const n = field.words.findIndex((w) => (field.anyCase ? w.toLowerCase() === word.toLowerCase() : w === word));
      if (n < 0) throw fieldError(parameter, `Select a valid choice. ${word.slice(0, 100)} is not one of the available choices.`);
      return n;
    });
    return sql<boolean>`${column} = any(${numbers}::integer[])`;
  }
  if (!(field.lookups ?? textLookups).includes(lookup)) return undefined;
  if (lookup === 'isnull') return boolean(value, parameter) ? sql<boolean>`${column} is null` : sql<boolean>`${column} is not null`;
  if (field.kind === 'text') return textLookUp(column, lookup, value);
  if (lookup === 'in') return sql<boolean>`${column} = any(${list(value).map((v) => number(v, parameter))}::numeric[]::bigint[])`;
  const comparison = comparisons[lookup]!;
  if (field.kind === 'boolean') return sql<boolean>`${column} = ${boolean(value, parameter)}`;
  if (field.kind === 'time') return timeLookUp(column, lookup, time(value, parameter));
  const n = number(value, parameter);
  // As bigint an index of integers is still used.
  return n.includes('.') ? sql<boolean>`${column} ${comparison} ${n}::numeric` : sql<boolean>`${column} ${comparison} ${n}::bigint`;
}

function textLookUp(column: RawBuilder<unknown>, lookup: string, value: string): Condition {
  const inside = likePattern(value);
  switch (lookup) {
    case 'in': return sql<boolean>`${column} = any(${list(value)}::text[])`;
    case 'iexact': return sql<boolean>`lower(${column}) = lower(${value})`;
    case 'contains': return sql<boolean>`${column} like ${inside}`;
    case 'icontains': return sql<boolean>`${column} ilike ${inside}`;
    case 'startswith': return sql<boolean>`${column} like ${inside.slice(1)}`;
    case 'endswith': return sql<boolean>`${column} like ${inside.slice(0, -1)}`;
    default: return sql<boolean>`${column} = ${value}`;
  }
}

/** Times are shown in milliseconds: one that a client got back means all of that millisecond. */
function timeLookUp(column: RawBuilder<unknown>, lookup: string, value: string): Condition {
  const given = sql`${value}::timestamptz`;
  const next = sql`${value}::timestamptz + interval '1 millisecond'`;
  const finer = /\.\d{3}\d*[1-9]/.test(value);
  if (finer || lookup === 'lt' || lookup === 'gte') return sql<boolean>`${column} ${comparisons[lookup]!} ${given}`;
  if (lookup === 'exact') return sql<boolean>`(${column} >= ${given} and ${column} < ${next})`;
  return lookup === 'gt' ? sql<boolean>`${column} >= ${next}` : sql<boolean>`${column} < ${next}`;
}

function number(value: string, parameter: string): string {
  if (!/^[+-]?\d{1,18}(\.\d{1,10})?$/.test(value.trim())) throw fieldError(parameter, 'Enter a number.');
  return value.trim();
}

function boolean(value: string, parameter: string): boolean {
  if (/^(true|1|yes|on)$/i.test(value)) return true;
  if (/^(false|0|no|off)$/i.test(value)) return false;
  throw fieldError(parameter, `Select a valid choice. ${value.slice(0, 100)} is not one of the available choices.`);
}

function time(value: string, parameter: string): string {
  // A plus sign in an address is a blank.
  const text = value.trim().replace(/(:\S*) (\d\d:?\d\d)$/, '$1+$2');
  const found = /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d(?::\d\d(?:\.\d{1,6})?)?)(Z|[+-]\d\d:?\d\d)?$/i.exec(text);
  if (!found || Number.isNaN(Date.parse(`${found[1]}T${found[2]}Z`))) throw fieldError(parameter, 'Enter a valid date/time.');
  return `${found[1]} ${found[2]}${found[3] ?? 'Z'}`;
}
