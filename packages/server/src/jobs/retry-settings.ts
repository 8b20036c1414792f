import type { RetryPolicy } from '@lava/job';

/** What an installation says of trying jobs again. */
export interface RetrySettings {
  /** Most attempts after the first one, whatever a definition asks for. */
  readonly limit: number;
  /** For jobs that say nothing. */
  readonly usual?: RetryPolicy;
}

/** What holds where the installation says nothing. */
export const usualRetries: RetrySettings = { limit: 3 };

/** The policy that a job is stored with; undefined: it is never tried again. */
export function policyFor(wanted: RetryPolicy | undefined, { limit, usual }: RetrySettings): RetryPolicy | undefined {
  const policy = wanted ?? usual;
  const count = Math.min(policy?.count ?? 0, limit);
  return policy && count > 0 ? { ...policy, count } : undefined;
}
