import type { Insertable, Updateable } from 'kysely';
import type { DirectoryEntry } from '../auth/ldap.ts';
import { serverUser } from '../auth/permissions.ts';
import type { Change } from '../store/change.ts';
import type { Database } from '../store/database.ts';
import { jobState } from '../store/numbers.ts';

/* How users are added, changed and removed, whoever asks. Who may is looked at before. */

/** Returns the number of the user. */
export async function addUser(c: Change, columns: Insertable<Database['users']>): Promise<number> {
  const { id } = await c.trx.insertInto('users').values(columns).returning('id').executeTakeFirstOrThrow();
  c.note('user', columns.username, 'added');
  return id;
}

/** Longest name that a user has. */
const longestName = 150;

/** What the directory says of a person, as a user has it. */
export function columnsOfPerson({ username, email, firstName, lastName }: DirectoryEntry): { username: string; email: string; first_name: string; last_name: string } {
  return { username, email, first_name: firstName.slice(0, longestName), last_name: lastName.slice(0, longestName) };
}

/** Adds somebody of the directory, who signs in there. Returns the number of the user. */
export async function addPerson(c: Change, person: DirectoryEntry, columns: Pick<Insertable<Database['users']>, 'is_active' | 'is_staff' | 'is_superuser'>): Promise<number> {
  const id = await addUser(c, { ...columnsOfPerson(person), ...columns });
  await linkIdentity(c, id, person.username, person);
  return id;
}

/** Whoever gets another password or is shut out is signed out everywhere. */
export async function changeUser(c: Change, id: number, username: string, columns: Updateable<Database['users']>): Promise<void> {
  const names = Object.keys(columns);
  if (names.length === 0) return;
  await c.trx.updateTable('users').set(columns).where('id', '=', id).execute();
  if (columns.password !== undefined || columns.is_active === false) await c.trx.deleteFrom('sessions').where('user_id', '=', id).execute();
  c.note('user', username, `changed ${names.join(', ')}`);
}

/** Why a user stays. */
export type KeptUser = 'server' | 'unfinished-jobs';

/** Removes a user with tokens and jobs; undefined when that was done. */
export async function removeUser(c: Change, id: number, username: string): Promise<KeptUser | undefined> {
  if (username === serverUser) return 'server';
  const running = await c.trx.selectFrom('jobs').select('id').where('submitter', '=', id).where('state', '<', jobState.Finished).limit(1).executeTakeFirst();
  if (running) return 'unfinished-jobs';
  await c.trx.deleteFrom('users').where('id', '=', id).execute();
  c.note('user', username, 'removed');
  return undefined;
}

/** Lets a user sign in by an account elsewhere; one that was somebody else's here changes hands. */
export async function linkIdentity(c: Change, id: number, username: string, { provider, subject }: { readonly provider: string; readonly subject: string }): Promise<void> {
  await c.trx.insertInto('user_identities').values({ provider, subject, user_id: id }).onConflict((same) => same.columns(['provider', 'subject']).doUpdateSet({ user_id: id })).execute();
  c.note('user', username, `may sign in by ${provider} as ${subject}`);
}
