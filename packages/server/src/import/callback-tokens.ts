import { sql } from 'kysely';
import { readNotify } from '../notify/notify-block.ts';
import type { Change } from '../store/change.ts';
import type { ImportParts, People } from './import-parts.ts';
import { records } from './records.ts';

/** The newest jobs whose callbacks are looked at, and the definitions of them that one token takes. */
const newest = 100_000;
const mostDefinitions = 20;

/**
 * API tokens that callbacks of jobs name by their description: LAVA sends their secrets to the receiver. As only hashes of
 * API tokens are kept, these secrets become remote artifact tokens of the same names.
 */
export async function importCallbackTokens({ source, report }: ImportParts, c: Change, people: People): Promise<void> {
  const rows = [];
  for (const token of await source.rows('linaro_django_xmlrpc_authtoken', ['secret', 'description', 'user_id'], "where description <> '' order by id")) {
    const name = String(token['description']);
    const user_id = people.users.get(Number(token['user_id']));
    if (user_id !== undefined && await isCalled(source, Number(token['user_id']), name)) rows.push({ user_id, name, token: String(token['secret']) });
  }
  const { numAffectedRows } = await sql`insert into remote_artifact_tokens (user_id, name, token) select user_id, name, token from ${records(rows, 'user_id int, name text, token text')} on conflict do nothing`.execute(c.trx);
  if (rows.length > 0) report.took('tokens for callbacks', Number(numAffectedRows), rows.length);
}

async function isCalled(source: ImportParts['source'], user: number, name: string): Promise<boolean> {
  const found = await source.query(`select definition from lava_scheduler_app_testjob where submitter_id = $1 and id > (select max(id) from lava_scheduler_app_testjob) - $3::int
    and position('callback' in definition) > 0 and position($2 in definition) > 0 order by id desc limit $4`, [user, name, newest, mostDefinitions]);
  return found.some(({ definition }) => {
    try {
      return readNotify(String(definition))?.callbacks.some((callback) => callback.token === name) ?? false;
    } catch {
      return false;
    }
  });
}
