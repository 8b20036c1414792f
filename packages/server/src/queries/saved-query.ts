import { sql, type Kysely, type RawBuilder } from 'kysely';
import { ConfigurationError } from '@lava/base';
import type { User } from '../auth/users.ts';
import type { Database } from '../store/database.ts';
import { conditionsSql, type Condition, type QueryEntity } from './conditions.ts';
import type { RowSource } from './rows.ts';

/** A query that somebody keeps under a name, `~owner/name`. */
export interface SavedQuery {
  readonly id: number;
  /** User name. */
  readonly owner: string;
  readonly ownerId: number;
  readonly name: string;
  readonly description: string;
  readonly entity: QueryEntity;
  readonly limit: number;
  readonly isPublished: boolean;
  /** Evaluated whenever somebody looks; otherwise its rows are those of its last refresh. */
  readonly isLive: boolean;
  readonly isArchived: boolean;
  readonly label: string;
  readonly group: string | null;
  readonly groupId: number | null;
  /** Numbers of the rows of the last refresh; null before the first. */
  readonly found: readonly number[] | null;
  readonly refreshedAt: Date | null;
  readonly isChanged: boolean;
  /** Numbers of the rows that are left out for everybody. */
  readonly omitted: readonly number[];
  readonly conditions: readonly (Condition & { readonly id: number })[];
}

const select = sql<SavedQuery>`
  select q.id, users.username as owner, q.owner as "ownerId", q.name, q.description, q.entity, q.row_limit as limit, q.is_published as "isPublished", q.is_live as "isLive",
    q.is_archived as "isArchived", q.label, groups.name as "group", q.group_id as "groupId", q.found, q.refreshed_at as "refreshedAt", q.is_changed as "isChanged", q.omitted,
    (select coalesce(json_agg(json_build_object('id', c.id, 'table', c.table_name, 'field', c.field, 'operator', c.operator, 'value', c.value) order by c.id), '[]')
      from query_conditions c where c.query = q.id) as conditions
  from queries q join users on users.id = q.owner left join groups on groups.id = q.group_id`;

const read = async (db: Kysely<Database>, where: RawBuilder<boolean>) => (await sql<SavedQuery>`${select} where ${where} order by users.username, q.name`.execute(db)).rows;

/** The query of this name, whoever asks: the caller looks at `maySeeQuery`. Archived ones are there too. */
export async function findQuery(db: Kysely<Database>, owner: string, name: string): Promise<SavedQuery | undefined> {
  return (await read(db, sql<boolean>`users.username = ${owner.replaceAll('\0', '')} and q.name = ${name.replaceAll('\0', '')}`))[0];
}

/** The query that `~owner/name` names. */
export async function findQueryNamed(db: Kysely<Database>, text: string): Promise<SavedQuery | undefined> {
  const [, owner, name] = /^~([^/]+)\/(.+)$/.exec(text) ?? [];
  return owner === undefined || name === undefined ? undefined : findQuery(db, owner, name);
}

export const queriesById = (db: Kysely<Database>, ids: readonly number[]): Promise<SavedQuery[]> => read(db, sql<boolean>`q.id = any(${[...ids]}::integer[])`);

/** The queries that somebody sees in lists: published ones, one's own and those of one's groups; archived ones are not. */
export async function listQueries(db: Kysely<Database>, user: User | null): Promise<SavedQuery[]> {
  return (await read(db, sql<boolean>`not q.is_archived`)).filter((query) => maySeeQuery(user, query));
}

/** Queries that are to be refreshed from time to time. */
export const cachedQueries = (db: Kysely<Database>): Promise<SavedQuery[]> => read(db, sql<boolean>`not q.is_archived and not q.is_live`);

interface Owned { readonly ownerId: number; readonly groupId: number | null; readonly isPublished: boolean }

/** The owner, the members of its group, and superusers. */
export function mayChangeQuery(user: User | null, { ownerId, groupId }: Omit<Owned, 'isPublished'>): boolean {
  return user !== null && (user.isSuperuser || user.id === ownerId || (groupId !== null && user.groups.includes(groupId)));
}

/** What its rows are depends on who looks; that it exists is for everybody once it is published. */
export const maySeeQuery = (user: User | null, query: Owned): boolean => query.isPublished || mayChangeQuery(user, query);

export const queryName = ({ owner, name }: Pick<SavedQuery, 'owner' | 'name'>) => `~${owner}/${name}`;

/**
 * The rows of a query, without a look at who may see them.
 * @throws ConfigurationError `query-not-run` before the first refresh of a query that is not live
 */
export function savedRows(query: SavedQuery): RowSource {
  const { entity, isLive, found, omitted, conditions } = query;
  const id = sql.ref({ testjob: 'jobs.id', testsuite: 'test_suites.id', testcase: 'test_cases.id' }[entity]);
  if (!isLive && found === null) throw new ConfigurationError(`query ${queryName(query)} was not run yet`, { code: 'query-not-run', hint: 'Refresh it, or make it live.' });
  const where = isLive ? conditionsSql(entity, conditions) : sql<boolean>`${id} = any(${[...found!]}::integer[])`;
  return { entity, where: omitted.length === 0 ? where : sql<boolean>`${where} and ${id} <> all(${[...omitted]}::integer[])` };
}
