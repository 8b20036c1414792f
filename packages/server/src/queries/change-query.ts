import { sql, type Kysely } from 'kysely';
import { ConfigurationError } from '@lava/base';
import type { User } from '../auth/users.ts';
import type { Database } from '../store/database.ts';
import { conditionsSql, problemOfCondition, type Condition, type QueryEntity } from './conditions.ts';
import { entityTables } from './rows.ts';
import { findQuery, type SavedQuery } from './saved-query.ts';
import { withinTime } from './within-time.ts';

type Db = Kysely<Database>;

/** What can be said of a query beside its name. */
export interface QueryFields {
  readonly description?: string;
  readonly entity?: QueryEntity;
  readonly limit?: number;
  readonly is_published?: boolean;
  readonly is_live?: boolean;
  readonly is_archived?: boolean;
  readonly label?: string;
  /** Name of a group that the user is in, empty for none. */
  readonly group?: string;
  /** All of them. */
  readonly conditions?: readonly Condition[];
}

/** Rows that a query keeps at least and at most. */
const leastRows = 20;
const mostRows = 10_000;

const refused = (message: string, hint?: string) => new ConfigurationError(message, { code: 'query-refused', hint });

/** Makes a query of the user's. Throws ConfigurationError `query-refused`. */
export async function addQuery(db: Db, user: User, name: string, fields: QueryFields): Promise<void> {
  checkName(name);
  await db.transaction().execute(async (trx) => {
    const made = await trx.insertInto('queries').values({ owner: user.id, name, entity: fields.entity ?? 'testjob' }).onConflict((c) => c.doNothing()).returning('id').executeTakeFirst();
    if (!made) {
      const archived = (await findQuery(trx, user.username, name))?.isArchived;
      throw refused(`You have a query ${name} already${archived ? ': it is archived' : ''}`, archived ? 'Use another name, or take that one out of the archive.' : 'Use another name.');
    }
    await store(trx, user, made.id, fields.entity ?? 'testjob', fields);
  });
}

/** Changes what is given. Throws ConfigurationError `query-refused`. */
export async function changeQuery(db: Db, user: User, query: SavedQuery, fields: QueryFields): Promise<void> {
  await db.transaction().execute((trx) => store(trx, user, query.id, query.entity, fields));
}

/** What a name may be: it stands in addresses, and in `~owner/name`. */
export function checkName(name: string): void {
  if (!/^[-\w.]{1,200}$/.test(name)) throw refused(`"${name.slice(0, 60)}" cannot be a name`, 'Use letters, digits, dots, dashes and underscores.');
}

/** The id of a group of the user's; null for the empty name. */
export async function ownGroup(db: Db, user: User, name: string): Promise<number | null> {
  if (name === '') return null;
  const group = await db.selectFrom('groups').select('id').where('name', '=', name.replaceAll('\0', '')).executeTakeFirst();
  if (!group || !(user.isSuperuser || user.groups.includes(group.id))) throw refused(`You are in no group ${name.slice(0, 60)}`);
  return group.id;
}

async function store(db: Db, user: User, id: number, before: QueryEntity, { description, entity = before, limit, is_published, is_live, is_archived, label, group, conditions }: QueryFields): Promise<void> {
  if (limit !== undefined && !(limit >= leastRows && limit <= mostRows)) throw refused(`A query keeps from ${leastRows} to ${mostRows} rows, not ${limit}`);
  const wrong = conditions?.map(problemOfCondition).find((problem) => problem !== undefined);
  if (wrong !== undefined) throw refused(wrong);
  const group_id = group === undefined ? undefined : await ownGroup(db, user, group);
  const changed = conditions !== undefined || limit !== undefined || entity !== before;
  await db.updateTable('queries').set({
    description, entity, row_limit: limit, is_published, is_live, is_archived, label, group_id,
    ...(changed && { is_changed: sql<boolean>`refreshed_at is not null` }),
    // Numbers of rows of another kind, and of a query that is evaluated when it is looked at, mean nothing.
    ...((entity !== before || is_live) && { found: null, refreshed_at: null, is_changed: false }), ...(entity !== before && { omitted: [] }),
  }).where('id', '=', id).execute();
  if (conditions === undefined) return;
  await db.deleteFrom('query_conditions').where('query', '=', id).execute();
  if (conditions.length > 0) await db.insertInto('query_conditions').values(conditions.map((c) => ({ query: id, table_name: c.table, field: c.field, operator: c.operator, value: c.value }))).execute();
}

/** Leaves a row out for everybody, or takes it in again. */
export async function omitRow(db: Db, query: SavedQuery, row: number, omit: boolean): Promise<void> {
  const without = sql<number[]>`array_remove(omitted, ${row}::integer)`;
  await db.updateTable('queries').set({ omitted: omit ? sql<number[]>`array_append(${without}, ${row}::integer)` : without }).where('id', '=', query.id).execute();
}

/** Why a query was not refreshed: it is live, or somebody else refreshes it right now. */
export type NotRefreshed = 'live' | 'busy';

/** Seconds of the database for a refresh, which nobody has to wait for. */
const refreshPatience = 300;

/** Evaluates a query that is not live, and keeps what it finds. Undefined when that was done. */
export async function refreshQuery(db: Db, { id, entity, isLive, limit, conditions }: SavedQuery): Promise<NotRefreshed | undefined> {
  if (isLive) return 'live';
  return withinTime(db, async (trx) => {
    // Who died in the middle holds no lock any more.
    const mine = (await sql`select from queries where id = ${id} for update skip locked`.execute(trx)).rows.length > 0;
    if (!mine) return 'busy';
    const { from, id: number } = entityTables[entity];
    await sql`update queries set refreshed_at = now(), is_changed = false,
      found = array(select ${number} from ${from} where ${conditionsSql(entity, conditions)} order by 1 desc limit ${limit}) where id = ${id}`.execute(trx);
    return undefined;
  }, refreshPatience);
}
