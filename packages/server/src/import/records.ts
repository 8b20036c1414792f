import { sql, type RawBuilder } from 'kysely';
import { storableJson } from '../store/json.ts';

/** Rows as something to select from; `columns` names and types those that are used, as in `id int, name text`. */
export function records(rows: readonly object[], columns: string): RawBuilder<unknown> {
  return sql`jsonb_to_recordset(${storableJson(rows)}::jsonb) as r (${sql.raw(columns)})`;
}
