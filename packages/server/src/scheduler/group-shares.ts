import { ConfigurationError } from '@lava/base';
import type { Kysely } from 'kysely';
import type { Change } from '../store/change.ts';
import type { Database } from '../store/database.ts';

/** What a group gets of the lab; its members count together. */
export interface GroupShare {
  /** Above zero; twice the weight, twice the devices. */
  readonly weight: number;
  /** Most devices that its members hold at once; null: no limit. */
  readonly quota: number | null;
  /** Most jobs that each member may have in the queue, in place of the instance's limit. */
  readonly queue_limit: number | null;
}

/** Groups with a share of their own, by name. */
export function groupShares(db: Kysely<Database>): Promise<(GroupShare & { group: string })[]> {
  return db.selectFrom('group_shares').innerJoin('groups', 'groups.id', 'group_id').select(['name as group', 'weight', 'quota', 'queue_limit']).orderBy('name').execute();
}

/**
 * Gives a group a share of its own, or another one.
 * @returns false where there is no such group
 * @throws ConfigurationError for numbers that are none
 */
export async function setGroupShare(c: Change, group: string, { weight, quota, queue_limit }: GroupShare): Promise<boolean> {
  if (!(Number.isFinite(weight) && weight > 0)) throw wrong('weight', 'a number above zero', weight);
  for (const [name, value] of Object.entries({ quota, 'queue limit': queue_limit })) {
    if (value !== null && !(Number.isInteger(value) && value > 0 && value < 2 ** 31)) throw wrong(name, 'a whole number above zero', value);
  }
  const row = await c.trx.selectFrom('groups').select('id').where('name', '=', group).executeTakeFirst();
  if (!row) return false;
  const values = { weight, quota, queue_limit };
  await c.trx.insertInto('group_shares').values({ group_id: row.id, ...values }).onConflict((conflict) => conflict.column('group_id').doUpdateSet(values)).execute();
  c.note('group', group, `share: weight ${weight}, quota ${quota ?? 'none'}, queue limit ${queue_limit ?? 'none'}`);
  return true;
}

/** Its members count one by one again. @returns false where there is no such group */
export async function removeGroupShare(c: Change, group: string): Promise<boolean> {
  const row = await c.trx.selectFrom('groups').select('id').where('name', '=', group).executeTakeFirst();
  if (!row) return false;
  const { numDeletedRows } = await c.trx.deleteFrom('group_shares').where('group_id', '=', row.id).executeTakeFirst();
  if (numDeletedRows > 0n) c.note('group', group, 'share removed');
  return true;
}

const wrong = (what: string, wanted: string, value: number) => new ConfigurationError(`The ${what} of a share is ${wanted}, not ${value}`, { code: 'group-share' });
