import { sql } from 'kysely';
import { holds } from '../../auth/permissions.ts';
import { userByPassword } from '../../auth/users.ts';
import { change, type Stored } from '../../store/change.ts';
import { newWorkerToken } from '../../workers/worker-token.ts';
import { HttpError } from '../errors.ts';
import type { WorkerHttpSettings } from './settings.ts';

const forbidden = (text: string) => new HttpError(403, 'worker', text);

/** A worker makes itself known: by its address where the settings allow it, or by the password of a user who may add workers. */
export async function registerWorker(stored: Stored, settings: WorkerHttpSettings, form: URLSearchParams, address: string): Promise<{ name: string; token: string }> {
  const [name, username, password] = ['name', 'username', 'password'].map((field) => form.get(field) ?? '') as [string, string, string];
  const byUser = username !== '' && password !== '';
  if (!byUser && !settings.autoRegister) throw forbidden('Auto registration is disabled');
  if (name === '') throw new HttpError(400, 'worker', `Missing 'name'`);
  if (!/^[-_a-zA-Z0-9.]{1,200}$/.test(name)) throw new HttpError(400, 'worker', `Invalid 'name'`);
  const user = byUser ? await userByPassword(stored.db, username, password) : undefined;
  if (byUser && !(user && holds(user, 'lava_scheduler_app.add_worker'))) throw forbidden(`Unknown user ${username.slice(0, 200)}`);
  if (!user && !settings.mayRegister(address)) throw forbidden(`Auto registration is forbidden for '${address}'`);
  return change(stored, user?.username ?? 'lava-health', async (c) => {
    const description = `Auto registered by ${user?.username ?? address}`;
    const { numAffectedRows } = await sql`insert into workers (hostname, description) values (${name}, ${description}) on conflict do nothing`.execute(c.trx);
    if (numAffectedRows === 1n) { c.note('worker', name, `added (${description})`); c.worker(name); }
    // Only hashes of tokens are kept: who may have the one of a known worker gets a new one.
    else if (!user?.isSuperuser) throw forbidden(`Worker '${name}' already registered`);
    return { name, token: await newWorkerToken(c, name) };
  });
}
