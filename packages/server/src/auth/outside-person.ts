import { sql } from 'kysely';
import { LavaError, type ErrorType } from '@lava/base';
import { change, type Change, type Stored } from '../store/change.ts';
import { usersById, type User } from './users.ts';

/** Somebody whom another place vouches for. */
export interface OutsidePerson {
  /** `ldap`, or `oidc:NAME`. */
  readonly provider: string;
  /** What never changes there. */
  readonly subject: string;
  readonly username: string;
  readonly email: string;
  readonly groups: readonly string[];
}

interface Rules {
  readonly create: boolean;
  readonly allowedGroups: readonly string[] | null;
  /** Groups there → groups here. */
  readonly groups: Readonly<Record<string, string>>;
  /** Whether an account with the same name and without a password is theirs. Only where the names are the lab's own. */
  readonly takeByName: boolean;
}

/** Why somebody who is known elsewhere does not get in here. */
export class SignInRefused extends LavaError {
  override readonly type: ErrorType = 'Configuration';

  constructor(message: string, hint: string) {
    super(message, { code: 'sign-in-refused', hint });
  }
}

/**
 * The account of somebody who signed in elsewhere; made at the first time. An account that exists is never taken over
 * because of its name alone: whoever may choose a name elsewhere could become anybody here.
 * @throws SignInRefused
 */
export async function userOfPerson(stored: Stored, person: OutsidePerson, rules: Rules): Promise<User> {
  if (rules.allowedGroups && !rules.allowedGroups.some((group) => person.groups.includes(group))) {
    throw new SignInRefused('Your account is in none of the groups that may use this server', `These may: ${rules.allowedGroups.join(', ')}.`);
  }
  const id = await change(stored, person.username, async (c) => {
    const known = await knownAs(c, person) ?? await takenByName(c, person, rules) ?? await added(c, person, rules);
    await c.trx.updateTable('users').set({ last_login: sql<Date>`now()` }).where('id', '=', known).execute();
    await updateGroups(c, known, person, rules);
    return known;
  });
  const user = (await usersById(stored.db, [id])).get(id);
  if (!user?.isActive) throw new SignInRefused('This account is closed', 'Ask an admin of this server.');
  return user;
}

async function knownAs(c: Change, { provider, subject }: OutsidePerson): Promise<number | undefined> {
  return (await c.trx.selectFrom('user_identities').select('user_id').where('provider', '=', provider).where('subject', '=', subject).executeTakeFirst())?.user_id;
}

async function takenByName(c: Change, person: OutsidePerson, { takeByName }: Rules): Promise<number | undefined> {
  const row = await c.trx.selectFrom('users').select(['id', 'password', 'is_active']).where('username', '=', person.username).executeTakeFirst();
  if (!row) return undefined;
  if (!takeByName || row.password !== null || !row.is_active) {
    throw new SignInRefused(`There is an account "${person.username}" already, and it is not known to be yours`, `An admin can run: lava-server manage users link ${person.username} --provider ${person.provider} --subject ${person.subject}`);
  }
  await identify(c, row.id, person);
  return row.id;
}

async function added(c: Change, person: OutsidePerson, { create }: Rules): Promise<number> {
  if (!create) throw new SignInRefused(`There is no account "${person.username}" here`, 'Ask an admin of this server to make one.');
  if (!/^[\w.@+-]{1,150}$/.test(person.username)) throw new SignInRefused('Your name there cannot be a name here', 'Names are letters, digits and @ . + - _');
  const { id } = await c.trx.insertInto('users').values({ username: person.username, email: person.email }).returning('id').executeTakeFirstOrThrow();
  await identify(c, id, person);
  return id;
}

async function identify(c: Change, user_id: number, { provider, subject, username }: OutsidePerson): Promise<void> {
  await c.trx.insertInto('user_identities').values({ provider, subject, user_id }).execute();
  c.note('user', username, `signed in by ${provider} for the first time`);
}

/** Groups that the rules name follow the other place; all others are left as they are. */
async function updateGroups(c: Change, user: number, person: OutsidePerson, { groups }: Rules): Promise<void> {
  const ruled = [...new Set(Object.values(groups))];
  if (ruled.length === 0) return;
  const member = Object.entries(groups).filter(([there]) => person.groups.includes(there)).map(([, here]) => here);
  await sql`delete from user_groups using groups g where g.id = group_id and user_id = ${user} and g.name = any(${ruled}::text[]) and g.name <> all(${member}::text[])`.execute(c.trx);
  await sql`insert into user_groups (user_id, group_id) select ${user}, id from groups where name = any(${member}::text[]) on conflict do nothing`.execute(c.trx);
}
