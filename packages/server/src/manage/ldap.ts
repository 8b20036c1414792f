import { writeFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { messageOf } from '@lava/base';
import { lookUpPerson, namesInDirectory, type DirectoryEntry } from '../auth/ldap.ts';
import { serverUser } from '../auth/permissions.ts';
import { signInSettings, type LdapSettings } from '../auth/sign-in-settings.ts';
import { addPerson, changeUser, columnsOfPerson, linkIdentity } from '../objects/write-user.ts';
import { readSettingsFiles } from '../settings/settings-files.ts';
import { mustNameUser, userId } from './objects.ts';
import { CommandError, visit, type Visit } from './visit.ts';

/** `addldapuser`, `mergeldapuser`, `linaro_ldapuserlist`: accounts for people of the directory before they sign in. */
export function ldap(manage: Command): void {
  manage.command('addldapuser').description('add somebody who is in the directory (LDAP in settings.yaml)').requiredOption('--username <name>', 'as the directory has it').option('--superuser', 'who may do everything')
    .action(({ username, superuser = false }: { username: string; superuser?: boolean }, command: Command) => visit(command, async (v) => {
      const person = await personNamed(v, username);
      const added = await v.change(async (c) => {
        const known = await c.trx.selectFrom('users').select('id').where('username', '=', person.username).executeTakeFirst();
        if (known) return false;
        await addPerson(c, person, { is_staff: superuser, is_superuser: superuser });
        return true;
      });
      if (added) v.print(`User "${person.username}" added${superuser ? ' with superuser status' : ''}`);
      else process.stderr.write(`User "${person.username}" exists, not overwriting\n`);
    }));

  manage.command('mergeldapuser').description('make a user the person of the directory: name, e-mail address, and the way to sign in')
    .requiredOption('--lava-user <name>', 'the user, who keeps jobs and permissions').requiredOption('--ldap-user <name>', 'the person, of whose name nobody is here')
    .action(({ lavaUser, ldapUser }: { lavaUser: string; ldapUser: string }, command: Command) => visit(command, async (v) => {
      const person = await personNamed(v, ldapUser);
      await v.change(async (c) => {
        if (lavaUser === serverUser) throw new CommandError('The server itself works as this user: it stays');
        const id = await userId(c.trx, lavaUser);
        const taken = await c.trx.selectFrom('users').select('id').where('username', '=', person.username).where('id', '<>', id).executeTakeFirst();
        if (taken) throw new CommandError(`There is a user "${person.username}" here already: nothing was merged`);
        await changeUser(c, id, lavaUser, columnsOfPerson(person));
        await linkIdentity(c, id, person.username, person);
      });
      v.print(`User "${person.username}" merged with "${lavaUser}"`);
    }));

  manage.command('linaro_ldapuserlist').description('list the names of all people whom the search in the directory finds').option('--filename <file>', 'write them there, one a line')
    .action(({ filename }: { filename?: string }, command: Command) => visit(command, async (v) => {
      const settings = await directory(v);
      if (!settings.search) throw new CommandError('LDAP in settings.yaml says no search_base: people cannot be listed by user_dn');
      const names = await ask(settings, () => namesInDirectory(settings, settings.search!));
      if (filename === undefined) for (const name of names) v.print(name);
      else await writeFile(filename, names.map((name) => `${name}\n`).join('')).catch((error: unknown) => { throw new CommandError(`Cannot write ${filename}: ${messageOf(error)}`); });
      v.print(`Total "${names.length}" LDAP users`);
    }));
}

async function directory({ paths }: Visit): Promise<LdapSettings> {
  const { ldap: settings } = signInSettings(await readSettingsFiles(paths));
  if (!settings) throw new CommandError('There is no LDAP in settings.yaml (docs/sign-in.md)');
  return settings;
}

async function personNamed(v: Visit, username: string): Promise<DirectoryEntry> {
  const settings = await directory(v);
  const person = await ask(settings, () => lookUpPerson(settings, username));
  if (!person) throw new CommandError(`User ${username} does not exist in LDAP`);
  mustNameUser(person.username);
  return person;
}

async function ask<T>({ url }: LdapSettings, question: () => Promise<T>): Promise<T> {
  try {
    return await question();
  } catch (error) {
    throw new CommandError(`${url} does not answer: ${messageOf(error)}`);
  }
}
