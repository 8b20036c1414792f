import { sql, type Kysely, type RawBuilder } from 'kysely';
import type { Database, DeliveryMethod, DeliveryStatus } from '../store/database.ts';
import type { DeliveryError } from './failure.ts';

/** One message to one recipient. */
export interface Delivery {
  readonly id: string;
  readonly job: number;
  readonly state: number;
  readonly method: DeliveryMethod;
  readonly key: string;
  readonly recipient: string;
  readonly host: string;
  /** This try is the how manieth; also tells it from later ones. */
  readonly attempts: number;
}

/** A new delivery; with `error` it is over already. */
export type NewDelivery = Pick<Delivery, 'job' | 'state' | 'method' | 'key' | 'recipient' | 'host'> & { readonly error?: string };

export interface DeliveryRow extends Delivery {
  readonly status: DeliveryStatus;
  readonly created_at: Date;
  readonly next_at: Date;
  readonly claimed_until: Date | null;
  readonly ended_at: Date | null;
  readonly error: string | null;
}

type Db = Kysely<Database>;

/** Hours for which it is tried again. */
const patience = 24;
/** Seconds until it is tried again: at first, and at most. */
const [firstPause, longestPause] = [30, 3600];

/** PostgreSQL takes no NUL in texts. */
export const storable = (text: string) => text.replaceAll('\0', '\uFFFD');

/** Characters of a key; the index on it takes no more. */
const longestKey = 500;

/** Adds deliveries; what was told once is not told again. */
export async function addDeliveries(db: Db, deliveries: readonly NewDelivery[]): Promise<void> {
  for (const { error, recipient, host, key, ...more } of deliveries) {
    const delivery = { ...more, recipient: storable(recipient), host: storable(host), key: storable(key).slice(0, longestKey) };
    const over = error === undefined ? {} : { error, status: 'failed' as const, ended_at: sql<Date>`now()` };
    await db.insertInto('deliveries').values({ ...delivery, ...over }).onConflict((c) => c.columns(['job', 'method', 'key']).doNothing()).execute();
  }
}

/**
 * Takes a delivery that is due: nobody else gets it for `hold` seconds, so that whoever sends must be done by then.
 * What one receiver is told of one job goes in order; what failed and was overtaken is given up.
 */
export async function claimDelivery(db: Db, { hold, busyHosts }: { hold: number; busyHosts: readonly string[] }): Promise<Delivery | undefined> {
  const sameReceiver = sql<boolean>`e.job = d.job and e.method = 'callback' and d.method = 'callback' and e.recipient = d.recipient and e.status = 'waiting' and e.state < d.state`;
  const free = (d: string) => sql<boolean>`(${sql.ref(`${d}.claimed_until`)} is null or ${sql.ref(`${d}.claimed_until`)} < now())`;
  await sql`update deliveries e set status = 'superseded', ended_at = now(), claimed_until = null from deliveries d
    where ${sameReceiver} and e.attempts > 0 and ${free('e')}`.execute(db);
  const { rows: [claimed] } = await sql<Delivery>`
    update deliveries set attempts = attempts + 1, claimed_until = now() + make_interval(secs => ${hold})
    where id in (
      select d.id from deliveries d where d.status = 'waiting' and d.next_at <= now() and ${free('d')} and d.host <> all(${[...busyHosts]}::text[])
        and not exists (select from deliveries e where ${sameReceiver})
      order by d.next_at, d.id limit 1 for update skip locked)
    returning id, job, state, method, key, recipient, host, attempts`.execute(db);
  return claimed;
}

/** Ends a try, unless it took so long that another has begun. */
async function endTry(db: Db, { id, attempts }: Delivery, set: RawBuilder<unknown>): Promise<DeliveryStatus | undefined> {
  const { rows: [row] } = await sql<{ status: DeliveryStatus }>`update deliveries set claimed_until = null, ${set}
    where id = ${id} and attempts = ${attempts} and status = 'waiting' returning status`.execute(db);
  return row?.status;
}

export const markSent = (db: Db, delivery: Delivery) => endTry(db, delivery, sql`status = 'sent', ended_at = now(), error = null`);

/** It did not arrive: it is tried again later, with longer and longer pauses, or given up. Returns what became of it. */
export async function markFailed(db: Db, delivery: Delivery, error: DeliveryError): Promise<DeliveryStatus | undefined> {
  const pause = Math.min(longestPause, firstPause * 2 ** Math.min(20, delivery.attempts - 1));
  const over = sql<boolean>`(${error.final} or now() > created_at + make_interval(hours => ${patience}))`;
  return endTry(db, delivery, sql`error = ${error.message.slice(0, 500)}, status = case when ${over} then 'failed' else 'waiting' end,
    ended_at = case when ${over} then now() end, next_at = now() + make_interval(secs => ${pause})`);
}

/** Gives it back untried: the server ends. */
export const giveBack = (db: Db, delivery: Delivery) => endTry(db, delivery, sql`attempts = attempts - 1`);

/** Seconds until the next delivery is due, 0 if one is; undefined if none waits. */
export async function secondsToNext(db: Db): Promise<number | undefined> {
  const { rows: [row] } = await sql<{ seconds: number | null }>`
    select extract(epoch from min(greatest(next_at, coalesce(claimed_until, next_at))) - now())::float8 as seconds from deliveries where status = 'waiting'`.execute(db);
  return row?.seconds === null || row === undefined ? undefined : Math.max(0, row.seconds);
}

/** Deliveries, newest first. */
export async function listDeliveries(db: Db, { job, status, limit }: { job?: number; status?: DeliveryStatus; limit: number }): Promise<DeliveryRow[]> {
  let query = db.selectFrom('deliveries').selectAll().orderBy('id', 'desc').limit(limit);
  if (job !== undefined) query = query.where('job', '=', job);
  if (status !== undefined) query = query.where('status', '=', status);
  return query.execute();
}

/** Makes deliveries due now, with a new day's patience, also those that were given up or arrived; returns how many. */
export async function retryDeliveries(db: Db, which: { id: string } | { failed: true }): Promise<number> {
  const { rows } = await sql`update deliveries set status = 'waiting', created_at = now(), next_at = now(), attempts = attempts + 1, ended_at = null
    where ${'id' in which ? sql`id = ${which.id}` : sql`status = 'failed'`} and (claimed_until is null or claimed_until < now()) returning id`.execute(db);
  return rows.length;
}
