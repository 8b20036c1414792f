import { sql, type Kysely } from 'kysely';
import type { Database } from '../store/database.ts';
import { prepared } from '../store/prepared.ts';

type Templates = ReadonlyMap<string, string>;

const kept = new WeakMap<Kysely<Database>, { readonly stamp: string; readonly texts: Templates }>();

/**
 * The templates of device types that are in the database, by file name (`qemu.jinja2`). Each job asks for them, and there
 * may be hundreds: they are read again only when a row has been written since, which its place and transaction tell.
 */
export async function storedTemplates(db: Kysely<Database>): Promise<Templates> {
  const before = kept.get(db);
  const { rows: [now] } = await sql<{ stamp: string; texts: Record<string, string> | null }>`
    select stamp, case when stamp is distinct from ${before?.stamp ?? null}
      then (select json_object_agg(name || '.jinja2', template) from device_types where template is not null) end as texts
    from (select coalesce(md5(string_agg(concat_ws(' ', name, xmin, ctid), ',' order by name)), '') as stamp from device_types where template is not null) as written ${prepared}`.execute(db);
  if (before && now!.stamp === before.stamp) return before.texts;
  const texts = new Map(Object.entries(now!.texts ?? {}));
  kept.set(db, { stamp: now!.stamp, texts });
  return texts;
}
