import { sql } from 'kysely';
import type { ImportParts } from './import-parts.ts';

/** Tables whose rows people know by number: in links to results, in filters of the REST API. With those of the other LAVA. */
const numbered = {
  users: 'auth_user', groups: 'auth_group', tags: 'lava_scheduler_app_tag', failure_tags: 'lava_scheduler_app_jobfailuretag',
  test_suites: 'lava_results_app_testsuite', test_sets: 'lava_results_app_testset', test_cases: 'lava_results_app_testcase',
} as const;

/** Numbers above this are not kept: too few would be left for what comes here. */
const highest = 1_000_000_000;

/** Gives what is made here numbers above those of the other LAVA, so that its own stay free for what comes over. */
export async function keepNumbers({ source, db }: ImportParts): Promise<void> {
  for (const [table, theirs] of Object.entries(numbered)) {
    if (!source.hasTable(theirs)) continue;
    const [row] = await source.query(`select coalesce(max(id), 0) as last from ${theirs} where id <= $1`, [highest]);
    const sequence = sql`pg_get_serial_sequence(${table}, 'id')`;
    await sql`select setval(${sequence}, greatest(nextval(${sequence}) - 1, ${Number(row?.['last'])}::bigint, 1))`.execute(db);
  }
}

/** The number here of a row `r` that comes over: the same where it is free. */
export const sameNumber = (table: keyof typeof numbered) =>
  sql<number>`case when r.id > ${highest} or exists (select from ${sql.table(table)} taken where taken.id = r.id) then nextval(pg_get_serial_sequence(${table}, 'id')) else r.id end`;
