import { messageOf, type DaemonLog } from '@lava/base';
import type { Stored } from '../store/change.ts';
import { personInDirectory } from './ldap.ts';
import { SignInRefused, userOfPerson } from './outside-person.ts';
import type { LdapSettings } from './sign-in-settings.ts';
import { userByPassword, type User } from './users.ts';

/** Who signs in with a name and a password; undefined if they do not belong together. @throws SignInRefused */
export type PasswordSignIn = (username: string, password: string) => Promise<User | undefined>;

/**
 * Passwords of this server first, then the directory's. Whoever has a password here is not asked for there: an
 * admin gets in while the directory is down.
 */
export function passwordSignIn(stored: Stored, log: DaemonLog, ldap: LdapSettings | undefined): PasswordSignIn {
  return async (username, password) => {
    const user = await userByPassword(stored.db, username, password);
    if (user || !ldap) return user;
    const here = await stored.db.selectFrom('users').select('password').where('username', '=', username.replaceAll('\0', '')).executeTakeFirst();
    if (here?.password) return undefined;
    const person = await askDirectory(log, ldap, () => personInDirectory(ldap, username, password));
    return person && userOfPerson(stored, person, { ...ldap, takeByName: true });
  };
}

/** @throws SignInRefused when the directory does not answer; the log says more */
export async function askDirectory<T>(log: DaemonLog, { url }: LdapSettings, question: () => Promise<T>): Promise<T> {
  try {
    return await question();
  } catch (error) {
    log.error(`[LDAP] ${url}: ${messageOf(error)}`);
    throw new SignInRefused('The directory of people does not answer', 'Try again in a moment; if it stays so, tell the admin of this server.');
  }
}
