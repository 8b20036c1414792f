import { sql, type Kysely } from 'kysely';
import type { Database } from '../store/database.ts';
import { fillUrl } from './callback-url.ts';
import { meets } from './criteria.ts';
import { storable, type NewDelivery } from './deliveries.ts';
import { readJobFacts, type JobFacts } from './job-facts.ts';
import { isMailAddress } from './mail.ts';
import { deviceOwner, readNotify, type Callback, type Recipient } from './notify-block.ts';
import { receiverHost } from './send.ts';

type Db = Kysely<Database>;

/** Who is to be told that a job has come into a state, by its definition; nobody if it is not what they wait for. */
export async function planDeliveries(db: Db, job: number, state: number): Promise<NewDelivery[]> {
  const facts = await readJobFacts(db, job, state);
  const block = facts && readNotify(facts.definition);
  if (!facts || !block || !await meets(db, block.criteria, facts)) return [];
  const { recipients, callbacks } = block;
  const people: readonly Recipient[] = recipients.length === 0 && callbacks.length === 0
    ? [{ method: 'email', user: facts.submitter_username, email: undefined, handle: undefined, server: undefined }] : recipients;
  const planned: NewDelivery[] = [];
  for (const [n, callback] of callbacks.entries()) planned.push(await callbackDelivery(db, facts, n, callback));
  for (const recipient of people) {
    const delivery = await recipientDelivery(db, facts, recipient);
    if (delivery) planned.push(delivery);
  }
  return planned;
}

/** A callback is called at every state that was asked for, at the address that it had the first time. */
async function callbackDelivery(db: Db, facts: JobFacts, n: number, callback: Callback): Promise<NewDelivery> {
  const before = await db.selectFrom('deliveries').select('recipient').where('job', '=', facts.id).where('method', '=', 'callback').where('key', 'like', `${n}:%`).executeTakeFirst();
  const recipient = before?.recipient ?? fillUrl(callback.url, facts);
  return { job: facts.id, state: facts.state, method: 'callback', key: `${n}:${facts.state}`, recipient, host: receiverHost('callback', recipient) };
}

/** A person is told once; what the definition says beats what the account says. Undefined for a device without owner. */
async function recipientDelivery(db: Db, facts: JobFacts, { method, user, email, handle, server }: Recipient): Promise<NewDelivery | undefined> {
  const username = user === deviceOwner ? facts.device_owner : user;
  if (username === null) return undefined;
  const account = username === undefined ? undefined : await db.selectFrom('users').select(['email', 'irc_handle', 'irc_server']).where('username', '=', storable(username)).executeTakeFirst();
  const common = { job: facts.id, state: facts.state, method } as const;
  if (method === 'email') {
    const address = email || account?.email || '';
    const error = isMailAddress(address) ? undefined : address === '' ? 'the account has no e-mail address' : 'this is no e-mail address';
    return { ...common, key: address || `user ${username ?? ''}`, recipient: address || username || '', host: '', error };
  }
  const nick = handle || account?.irc_handle || '';
  const at = server || account?.irc_server || '';
  const error = nick === '' ? 'the account has no IRC handle' : at === '' ? 'neither the definition nor the account names an IRC server' : undefined;
  const recipient = `${nick || username || ''}@${at}`;
  return { ...common, key: recipient, recipient, host: at, error };
}

/** Changes of jobs that nobody has looked at yet. */
export async function readJobNews(db: Db, most: number): Promise<{ id: string; job: number; state: number }[]> {
  return (await sql<{ id: string; job: number; state: number }>`select id, job, state from job_news order by id limit ${most}`.execute(db)).rows;
}
