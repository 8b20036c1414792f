import { sql, type RawBuilder } from 'kysely';
import type { PoolClient } from 'pg';
import { monotonicMs } from '@lava/base';

const mark = '/* prepared */';

/**
 * At the very end of a statement that is sent with each job: a session parses and plans it the first few times only. Its text
 * must always be the same one, with parameters for all that differs.
 */
export const prepared = sql.raw(mark);

const names = new Map<string, string>();

/** What a statement that is marked is called in each session; undefined for the others. */
export function preparedName(statement: string): string | undefined {
  if (!statement.endsWith(mark)) return undefined;
  let name = names.get(statement);
  if (name === undefined) names.set(statement, name = `p${names.size + 1}`);
  return name;
}

/** Milliseconds for which a session may use a plan: a table that was empty when it was made may be a large one soon. */
const lifetime = 10_000;
const renewed = new WeakMap<PoolClient, number>();

/** Has plans that are too old made anew. PostgreSQL itself does so when it has counted a table again, in a minute or later. */
export async function renewPlans(client: PoolClient): Promise<void> {
  const now = monotonicMs();
  const before = renewed.get(client);
  if (before !== undefined && now - before < lifetime) return;
  renewed.set(client, now);
  if (before !== undefined) await client.query('discard plans');
}

/** Numbers by word, written into a statement: with a parameter PostgreSQL cannot know that an index of some rows will do. */
export function written<T extends string>(numbers: Readonly<Record<T, number>>): Readonly<Record<T, RawBuilder<number>>> {
  return Object.fromEntries(Object.entries<number>(numbers).map(([word, number]) => [word, sql.lit(number)])) as Record<T, RawBuilder<number>>;
}

/**
 * A column has one of some values. A single one is written so that PostgreSQL guesses the same number of rows for all
 * values: only then it keeps the plan, and does not make one for each value.
 */
export function isOneOf(column: RawBuilder<unknown>, values: readonly (string | number)[], type: RawBuilder<unknown>): RawBuilder<boolean> {
  if (values.length === 0) return sql`false`;
  return values.length === 1 ? sql`${column} = (select ${values[0]}::${type})` : sql`${column} = any(${[...values]}::${type}[])`;
}
