import type { Client } from 'pg';
import { sql, type Kysely } from 'kysely';
import { ConfigurationError } from '@lava/base';
import type { Database } from '../store/database.ts';

/** Who leads, as the others are told. */
export interface Person {
  readonly name: string;
  /** Where the other servers reach its HTTP; null if it has none. */
  readonly url: string | null;
  /** Public key of its certificate; null on plain connections. */
  readonly masterKey: string | null;
}

/** Begins a new term. Waits until no change of the last leader is under way; later ones are refused. */
export async function takeOffice(session: Client, { name, url, masterKey }: Person, alone: boolean): Promise<string> {
  const { rows } = await session.query<{ epoch: string }>(`
    update leadership set epoch = epoch + 1, leader = $1, url = $2, master_key = coalesce($3, master_key), since = now()
    where $4 or $3::text is null or master_key is null or master_key = $3 returning epoch::text`, [name, url, masterKey, alone]);
  if (rows[0]) return rows[0].epoch;
  throw new ConfigurationError('this server has another certificate than the one that workers know as master.key', {
    code: 'other-master-certificate', hint: 'Give all servers that may lead the same master.key_secret. When it was replaced on purpose: lava-server manage leader --forget-certificate.',
  });
}

/** The term of this epoch is the last one. */
export async function isInOffice(session: Client, epoch: string): Promise<boolean> {
  const { rows } = await session.query('select from leadership where epoch = $1::bigint', [epoch]);
  return rows.length > 0;
}

/** Who leads, or led last. */
export interface Leader {
  readonly epoch: string;
  readonly leader: string | null;
  readonly url: string | null;
  readonly since: Date | null;
}

export async function readLeader(db: Kysely<Database>): Promise<Leader> {
  return (await sql<Leader>`select epoch::text, leader, url, since from leadership`.execute(db)).rows[0]!;
}
