import { Client, InvalidCredentialsError, NoSuchObjectError, type Entry } from 'ldapts';
import type { LdapSettings } from './sign-in-settings.ts';
import type { OutsidePerson } from './outside-person.ts';

/** Milliseconds after which a directory that does not answer is given up. */
const patience = 5000;

/**
 * The person with this name and password in the directory; undefined if they do not belong together.
 * @throws Error when the directory cannot be asked
 */
export async function personInDirectory(settings: LdapSettings, username: string, password: string): Promise<OutsidePerson | undefined> {
  // A directory takes a bind without a password as one of nobody, and says yes.
  if (password === '' || username === '') return undefined;
  return inDirectory(settings, async (client) => {
    const dn = await findDn(client, settings, username);
    if (dn === undefined || !await binds(client, dn, password)) return undefined;
    const entry = await entryOf(client, dn);
    const groups = await groupsOf(client, settings, dn, username);
    return { ...personOf(dn, entry, username), groups };
  });
}

/** What the directory says of a person to the account that searches, or to everybody. */
export interface DirectoryEntry extends Omit<OutsidePerson, 'groups'> {
  readonly firstName: string;
  readonly lastName: string;
}

/**
 * The person with this name in the directory, without a proof of being that person; undefined if there is none.
 * @throws Error when the directory cannot be asked
 */
export function lookUpPerson(settings: LdapSettings, username: string): Promise<DirectoryEntry | undefined> {
  return inDirectory(settings, async (client) => {
    const dn = username === '' ? undefined : await findDn(client, settings, username);
    if (dn === undefined) return undefined;
    const entry = await entryOf(client, dn).catch((error: unknown) => { if (error instanceof NoSuchObjectError) return undefined; throw error; });
    return entry && { ...personOf(dn, entry, username), firstName: first(entry['givenName']) ?? '', lastName: first(entry['sn']) ?? '' };
  });
}

/** Names of all people whom the search of the settings can find, in the order of the directory. */
export function namesInDirectory(settings: LdapSettings, { base, filter, bindDn, bindPassword }: NonNullable<LdapSettings['search']>): Promise<string[]> {
  return inDirectory(settings, async (client) => {
    if (bindDn !== undefined) await client.bind(bindDn, bindPassword);
    const { searchEntries } = await client.search(base, { scope: 'sub', filter: filter.replaceAll('%(user)s', '*'), attributes: ['uid', 'sAMAccountName'], paged: true });
    return searchEntries.flatMap((entry) => first(entry['uid']) ?? first(entry['sAMAccountName']) ?? []);
  });
}

async function inDirectory<T>(settings: LdapSettings, work: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client({ url: settings.url, timeout: patience, connectTimeout: patience, ...(settings.url.startsWith('ldaps:') && { tlsOptions: tls(settings) }) });
  try {
    if (settings.startTls) await client.startTLS(tls(settings));
    return await work(client);
  } finally {
    await client.unbind().catch(() => {});
  }
}

async function entryOf(client: Client, dn: string): Promise<Entry | undefined> {
  const { searchEntries: [entry] } = await client.search(dn, { scope: 'base', attributes: ['uid', 'mail', 'sAMAccountName', 'givenName', 'sn'], sizeLimit: 1 });
  return entry;
}

/** The name as the directory has it: people type it in any case. */
function personOf(dn: string, entry: Entry | undefined, username: string): Omit<OutsidePerson, 'groups'> {
  return { provider: 'ldap', subject: dn.toLowerCase(), username: first(entry?.['uid']) ?? first(entry?.['sAMAccountName']) ?? username, email: first(entry?.['mail']) ?? '' };
}

const tls = ({ ca }: LdapSettings) => ({ minVersion: 'TLSv1.2' as const, ...(ca !== undefined && { ca }) });

async function findDn(client: Client, { userDn, search }: LdapSettings, username: string): Promise<string | undefined> {
  if (userDn !== undefined) return userDn.replaceAll('%(user)s', () => escapeDNValue(username));
  if (!search) return undefined;
  if (search.bindDn !== undefined) await client.bind(search.bindDn, search.bindPassword);
  const { searchEntries } = await client.search(search.base, { scope: 'sub', filter: search.filter.replaceAll('%(user)s', () => escapeFilterValue(username)), attributes: ['dn'], sizeLimit: 2 });
  // Two people of that name: it is not known which is meant.
  return searchEntries.length === 1 ? searchEntries[0]!.dn : undefined;
}

async function binds(client: Client, dn: string, password: string): Promise<boolean> {
  try {
    await client.bind(dn, password);
    return true;
  } catch (error) {
    if (error instanceof InvalidCredentialsError) return false;
    throw error;
  }
}

/** Names (cn) of the groups of a person, read as that person or, if there is one, as the account that searches. */
async function groupsOf(client: Client, { groupSearch, search }: LdapSettings, dn: string, username: string): Promise<string[]> {
  if (!groupSearch) return [];
  if (search?.bindDn !== undefined) await client.bind(search.bindDn, search.bindPassword);
  const filter = groupSearch.filter.replaceAll('%(dn)s', () => escapeFilterValue(dn)).replaceAll('%(user)s', () => escapeFilterValue(username));
  const { searchEntries } = await client.search(groupSearch.base, { scope: 'sub', filter, attributes: ['cn'] });
  return searchEntries.flatMap((entry) => first(entry['cn']) ?? []);
}

function first(value: unknown): string | undefined {
  const one: unknown = Array.isArray(value) ? value[0] : value;
  return typeof one === 'string' && one !== '' ? one : Buffer.isBuffer(one) ? one.toString('utf8') : undefined;
}

const hex = (c: string) => `\\${c.codePointAt(0)!.toString(16).padStart(2, '0')}`;

/** A text within a filter (RFC 4515). */
function escapeFilterValue(text: string): string {
  return text.replaceAll(/[\\*()\0]/g, hex);
}

/** A text as a value of a name (RFC 4514). */
function escapeDNValue(text: string): string {
  return text.replaceAll(/[\\,+"<>;=#\0]|^ | $/g, hex);
}
