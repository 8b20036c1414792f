import { sql } from 'kysely';
import type { AuditKind } from '../store/database.ts';
import type { ImportParts } from './import-parts.ts';
import { records } from './records.ts';

const kinds: Readonly<Record<string, AuditKind>> = { device: 'device', devicetype: 'device-type', worker: 'worker', testjob: 'job', user: 'user', group: 'group' };
const words: Readonly<Record<number, string>> = { 1: 'added', 3: 'deleted' };
const atOnce = 2000;

/** Who changed states of devices, workers and jobs, when and why. */
export async function importHistory({ source, db, report, progress }: ImportParts): Promise<void> {
  for (;;) {
    const { rows: [run] } = await sql<{ after: string }>`select last_entry as after from imports where source = ${source.id}`.execute(db);
    const found = await source.query(`select l.id, action_time, username, model, object_id, action_flag, change_message
      from (select * from django_admin_log where id > $1 order by id limit $2) l join django_content_type t on t.id = l.content_type_id left join auth_user u on u.id = l.user_id order by l.id`, [run!.after, atOnce]);
    const [last] = await source.query('select max(id) as id from (select id from django_admin_log where id > $1 order by id limit $2) l', [run!.after, atOnce]);
    if (last?.['id'] === null || last === undefined) return;
    const rows = found.flatMap((r) => {
      const kind = kinds[String(r['model'])];
      const message = plain(String(r['change_message'])) || words[Number(r['action_flag'])];
      return kind === undefined || message === undefined ? [] : [{ id: r['id'], at: r['action_time'], actor: r['username'] ?? 'unknown', kind, object: r['object_id'] ?? '', message }];
    });
    await db.transaction().execute(async (trx) => {
      await sql`insert into audit_log (at, actor, kind, object, message) select at, actor, kind, object, message
        from ${records(rows, 'id bigint, at timestamptz, actor text, kind text, object text, message text')} order by id`.execute(trx);
      await sql`update imports set last_entry = ${last['id']} where source = ${source.id}`.execute(trx);
    });
    report.took('entries of the history', rows.length);
    progress(`history: up to entry ${String(last['id'])}`);
  }
}

/** A message without links; that of an admin page is a list of what was changed. */
function plain(message: string): string {
  if (!message.startsWith('[')) return message.replaceAll(/<\/?a\b[^>]*>/g, '').trim();
  try {
    return (JSON.parse(message) as { changed?: { fields?: string[] } }[]).flatMap((part) => part.changed?.fields ?? []).map((field, n) => `${n === 0 ? 'changed ' : ''}${field}`).join(', ');
  } catch {
    return message;
  }
}
