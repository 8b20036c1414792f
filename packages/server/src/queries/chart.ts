import { sql, type Kysely } from 'kysely';
import { ConfigurationError } from '@lava/base';
import type { User } from '../auth/users.ts';
import type { Database } from '../store/database.ts';
import { refuseType, type ChartType } from './chart-data.ts';
import { checkName, ownGroup } from './change-query.ts';
import { findQueryNamed, maySeeQuery, queriesById, queryName, type SavedQuery } from './saved-query.ts';

type Db = Kysely<Database>;

/** One plot or table of a chart. */
export interface ChartPart {
  /** `~owner/name`. */
  readonly query: string;
  readonly type: ChartType;
  readonly representation: 'lines' | 'bars';
  readonly visibility: 'chart' | 'table' | 'both';
  /** Pixels. */
  readonly height: number;
  readonly is_percentage: boolean;
  readonly target_goal: number | null;
  readonly x_attribute: string | null;
  readonly attributes: readonly string[];
}

export interface Chart {
  readonly id: number;
  readonly name: string;
  readonly owner: string;
  readonly ownerId: number;
  readonly description: string;
  readonly isPublished: boolean;
  readonly label: string;
  readonly group: string | null;
  readonly groupId: number | null;
}

const select = sql`select c.id, c.name, users.username as owner, c.owner as "ownerId", c.description, c.is_published as "isPublished", c.label, groups.name as "group", c.group_id as "groupId"
  from charts c join users on users.id = c.owner left join groups on groups.id = c.group_id`;

/** All charts by name, whoever asks. */
export const allCharts = async (db: Db): Promise<Chart[]> => (await sql<Chart>`${select} order by c.name`.execute(db)).rows;

export const findChart = async (db: Db, name: string): Promise<Chart | undefined> => (await sql<Chart>`${select} where c.name = ${name.replaceAll('\0', '')}`.execute(db)).rows[0];

/** The plots of a chart in their order, with their queries. */
export async function chartParts(db: Db, chart: number): Promise<{ part: ChartPart; saved: SavedQuery }[]> {
  const rows = await db.selectFrom('chart_queries').selectAll().where('chart', '=', chart).orderBy('position').execute();
  const queries = new Map((await queriesById(db, rows.map((r) => r.query))).map((q) => [q.id, q]));
  return rows.map(({ query, type, representation, visibility, height, is_percentage, target_goal, x_attribute, attributes }) => {
    const saved = queries.get(query)!;
    return { saved, part: { query: queryName(saved), type, representation, visibility, height, is_percentage, target_goal, x_attribute, attributes } };
  });
}

export interface ChartFields {
  readonly description?: string;
  readonly is_published?: boolean;
  readonly label?: string;
  /** Name of a group that the user is in, empty for none. */
  readonly group?: string;
  /** All of them, in their order. */
  readonly parts?: readonly (Partial<ChartPart> & Pick<ChartPart, 'query' | 'type'>)[];
}

const refused = (message: string, hint?: string) => new ConfigurationError(message, { code: 'chart-refused', hint });

/** Makes a chart of the user's. Throws ConfigurationError. */
export async function addChart(db: Db, user: User, name: string, fields: ChartFields): Promise<void> {
  checkName(name);
  await db.transaction().execute(async (trx) => {
    const made = await trx.insertInto('charts').values({ owner: user.id, name }).onConflict((c) => c.doNothing()).returning('id').executeTakeFirst();
    if (!made) throw refused(`There is a chart ${name} already`, 'Use another name: those of all users are different.');
    await store(trx, user, made.id, fields);
  });
}

/** Changes what is given. Throws ConfigurationError. */
export async function changeChart(db: Db, user: User, chart: Chart, fields: ChartFields): Promise<void> {
  await db.transaction().execute((trx) => store(trx, user, chart.id, fields));
}

async function store(db: Db, user: User, id: number, { description, is_published, label, group, parts }: ChartFields): Promise<void> {
  const group_id = group === undefined ? undefined : await ownGroup(db, user, group);
  const set = { description, is_published, label, group_id };
  if (Object.values(set).some((value) => value !== undefined)) await db.updateTable('charts').set(set).where('id', '=', id).execute();
  if (parts === undefined) return;
  await db.deleteFrom('chart_queries').where('chart', '=', id).execute();
  for (const [position, { query: name, attributes = [], ...part }] of parts.entries()) {
    const query = await findQueryNamed(db, name);
    if (!query || query.isArchived || !maySeeQuery(user, query)) throw refused(`There is no query ${name.slice(0, 100)}`, 'Write it as ~owner/name.');
    if (part.type === 'pass/fail' && query.entity === 'testcase') throw refuseType();
    await db.insertInto('chart_queries').values({ ...part, target_goal: part.target_goal ?? null, x_attribute: part.x_attribute || null, chart: id, query: query.id, position, attributes: [...attributes] }).execute();
  }
}
