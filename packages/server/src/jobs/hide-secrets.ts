import { withoutSecrets } from '@lava/job';

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
