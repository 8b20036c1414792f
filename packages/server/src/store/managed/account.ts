import { chown, readFile, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { SpawnOptions } from 'node:child_process';

/**
 * How PostgreSQL, which refuses to be root, is run: as ourselves; under another user; or, where that user cannot reach
 * the state folder (say, one below /root), in a user namespace in which we are not root and hold no privilege.
 */
export type Account =
  | { readonly kind: 'self' }
  | { readonly kind: 'user'; readonly uid: number; readonly gid: number }
  | { readonly kind: 'namespace' };

/** Chooses the account for a database below `folder`; one that exists keeps the owner it has. */
export async function chooseAccount(folder: string, data: string): Promise<Account> {
  if (process.geteuid?.() !== 0) return { kind: 'self' };
  const owner = await stat(data).catch(() => undefined);
  if (owner) return owner.uid === 0 ? { kind: 'namespace' } : { kind: 'user', uid: owner.uid, gid: owner.gid };
  const user = await unprivilegedUser();
  return user && (await canReach(folder, user)) ? { kind: 'user', ...user } : { kind: 'namespace' };
}

/** Command line and options that start `program` under the account. */
export function command(account: Account, program: string, args: readonly string[]): { file: string; args: string[]; options: SpawnOptions } {
  if (account.kind === 'namespace') {
    return { file: 'unshare', args: ['--user', '--map-user=65534', '--map-group=65534', '--', program, ...args], options: {} };
  }
  return { file: program, args: [...args], options: account.kind === 'user' ? { uid: account.uid, gid: account.gid } : {} };
}

export async function give(account: Account, path: string): Promise<void> {
  if (account.kind === 'user') await chown(path, account.uid, account.gid);
}

async function unprivilegedUser(): Promise<{ uid: number; gid: number } | undefined> {
  const lines = (await readFile('/etc/passwd', 'utf8').catch(() => '')).split('\n').map((line) => line.split(':'));
  for (const name of ['lavaserver', 'postgres', 'nobody']) {
    const entry = lines.find((fields) => fields[0] === name);
    if (entry) return { uid: Number(entry[2]), gid: Number(entry[3]) };
  }
  return undefined;
}

/** Whether that user may pass through the folder and all folders above it. */
async function canReach(folder: string, user: { uid: number; gid: number }): Promise<boolean> {
  for (let dir = folder; ; dir = dirname(dir)) {
    const { mode, uid, gid } = await stat(dir);
    const bit = uid === user.uid ? 0o100 : gid === user.gid ? 0o010 : 0o001;
    if ((mode & bit) === 0) return false;
    if (dir === dirname(dir)) return true;
  }
}
