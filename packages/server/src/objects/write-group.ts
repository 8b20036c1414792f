import type { Change } from '../store/change.ts';

/* How groups and who is in them are changed, whoever asks. Who may is looked at before. */

/** A user or a group: the audit log calls it by its name. */
export interface Named {
  readonly id: number;
  readonly name: string;
}

export async function addGroup(c: Change, name: string): Promise<void> {
  await c.trx.insertInto('groups').values({ name }).execute();
  c.note('group', name, 'added');
}

/** False for a group that alone sees some jobs: without it more people would, so it stays. */
export async function removeGroup(c: Change, { id, name }: Named): Promise<boolean> {
  const job = await c.trx.selectFrom('job_groups').select('job').where('group_id', '=', id).limit(1).executeTakeFirst();
  if (job) return false;
  await c.trx.deleteFrom('groups').where('id', '=', id).execute();
  c.note('group', name, 'removed');
  return true;
}

/** No effect for who is in the group. */
export async function joinGroup(c: Change, user: Named, group: Named): Promise<void> {
  const { numInsertedOrUpdatedRows } = await c.trx.insertInto('user_groups').values({ user_id: user.id, group_id: group.id }).onConflict((same) => same.doNothing()).executeTakeFirst();
  if (numInsertedOrUpdatedRows !== 0n) c.note('user', user.name, `joined group ${group.name}`);
}

/** No effect for who is not in the group. */
export async function leaveGroup(c: Change, user: Named, group: Named): Promise<void> {
  const { numDeletedRows } = await c.trx.deleteFrom('user_groups').where('user_id', '=', user.id).where('group_id', '=', group.id).executeTakeFirst();
  if (numDeletedRows > 0n) c.note('user', user.name, `left group ${group.name}`);
}
