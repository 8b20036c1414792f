import { mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { sql, type Kysely } from 'kysely';
import { messageOf, type DaemonLog } from '@lava/base';
import { parseCertificate, replacePublicCertificate } from '@lava/link';
import type { EventBus } from '../event-bus.ts';
import type { Change } from '../store/change.ts';
import type { Database } from '../store/database.ts';

/** Keeps the key of an enrolled worker where the server that leads next finds it. */
export async function shareKey(c: Change, name: string, publicKey: string): Promise<void> {
  await sql`insert into worker_keys (name, public_key) values (${name}, ${publicKey})
    on conflict (name) do update set public_key = excluded.public_key, revoked_at = null`.execute(c.trx);
}

/** No server admits the key any more. */
export async function revokeKey(c: Change, name: string): Promise<void> {
  await sql`update worker_keys set revoked_at = now() where name = ${name} and revoked_at is null`.execute(c.trx);
}

/**
 * Brings the folder of certificates in line with what workers enrolled and admins revoked while another server led, and
 * keeps it so. Files that an admin put there stay. Returns how to stop.
 */
export async function followEnrolments(db: Kysely<Database>, events: EventBus, directory: string, log: DaemonLog): Promise<() => void> {
  let running = Promise.resolve();
  const look = () => {
    running = running.then(() => bringInLine(db, directory)).catch((error: unknown) => log.warn(`[AUTH] Certificates of enrolled workers: ${messageOf(error)}`));
    return running;
  };
  await look();
  return events.subscribe((event) => { if (event.type === 'worker') void look(); });
}

/** A server that is alone follows its folder: what an admin removed or replaced there stays so, also when others join later. */
export async function noteRemovals(db: Kysely<Database>, directory: string): Promise<void> {
  const rows = await db.selectFrom('worker_keys').select(['name', 'public_key']).where('revoked_at', 'is', null).execute();
  for (const { name, public_key } of rows) {
    if (await keyIn(directory, name) !== public_key) await sql`update worker_keys set revoked_at = now() where name = ${name} and public_key = ${public_key}`.execute(db);
  }
}

function keyIn(directory: string, name: string): Promise<string | undefined> {
  const path = join(directory, `${name}.key`);
  return readFile(path, 'utf8').then((text) => parseCertificate(text, path).publicKey, () => undefined);
}

async function bringInLine(db: Kysely<Database>, directory: string): Promise<void> {
  const rows = await db.selectFrom('worker_keys').selectAll().execute();
  await mkdir(directory, { recursive: true });
  for (const { name, public_key, revoked_at } of rows) {
    const there = await keyIn(directory, name);
    if (revoked_at === null && there !== public_key) await replacePublicCertificate(directory, name, public_key);
    if (revoked_at !== null && there === public_key) await rm(join(directory, `${name}.key`), { force: true });
  }
}
