import { withoutSecrets, withSecrets } from '@lava/job';
import type { Transaction } from 'kysely';
import type { Database } from '../store/database.ts';

/** Definitions of a job as the table of jobs has them. */
interface Definitions { readonly definition: string; readonly original_definition: string; readonly multinode_definition: string }

/**
 * The same row without the values of `secrets`, which are kept apart, in `job_secrets`: what is read of jobs, by whomever and
 * for whatever, has none. Its worker gets them, and who submitted it when it is submitted again.
 */
export function hideSecrets<T extends Definitions>(row: T): T & { readonly secrets: string | null } {
  const { text, secrets = null } = withoutSecrets(row.definition);
  return { ...row, definition: text, original_definition: withoutSecrets(row.original_definition).text, multinode_definition: withoutSecrets(row.multinode_definition).text, secrets };
}

/** Gives a job another definition. Secrets that are hidden in it are those that the job has had. */
export async function replaceDefinition(trx: Transaction<Database>, job: number, definition: string): Promise<void> {
  const had = await trx.selectFrom('job_secrets').select('secrets').where('job', '=', job).forUpdate().executeTakeFirst();
  const { text, secrets } = withoutSecrets(had ? withSecrets(definition, had.secrets) : definition);
  await trx.updateTable('jobs').set({ definition: text }).where('id', '=', job).execute();
  await trx.deleteFrom('job_secrets').where('job', '=', job).execute();
  if (secrets !== undefined) await trx.insertInto('job_secrets').values({ job, secrets }).execute();
}
