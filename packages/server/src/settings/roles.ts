import { ConfigurationError } from '@lava/base';

/**
 * What a server process does: `all` is web and, when nobody else leads, leader; `web` never leads; `leader` leads or waits for
 * it, and its HTTP serves other servers only.
 */
export type Role = 'all' | 'web' | 'leader';

export function readRole(text = 'all'): Role {
  if (text === 'all' || text === 'web' || text === 'leader') return text;
  throw new ConfigurationError(`there is no role "${text}"`, { code: 'setting-role', hint: 'Use all, web or leader with --role (ROLE).' });
}

/**
 * Whether there may be other servers beside this one.
 * @throws ConfigurationError when the role asks for others, and the database or the storage is this machine's own
 */
export function mayHaveOthers(role: Role, has: { readonly database: boolean; readonly storage: boolean }): boolean {
  if (has.database && has.storage) return true;
  if (role === 'all') return false;
  const lacks = has.database ? 'STORAGE in settings.yaml names none' : 'DATABASE_URL names none';
  throw new ConfigurationError(`the role ${role} needs a database and a storage that all servers share, and ${lacks}`, {
    code: 'role-alone', hint: 'Use the role all for a single server; docs/scaling.md says what several need.',
  });
}
