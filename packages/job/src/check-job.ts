import type { YamlLimits } from '@lava/yaml';
import { adviseJob } from './advice/advise-job.ts';
import { isLegacyJob } from './legacy-job.ts';
import type { Finding } from './schema/schema.ts';
import { jobSchema } from './schema/job.ts';
import { validate } from './schema/validate.ts';
import { checkText, type Checked } from './text-problems.ts';

const legacy: Finding = {
  path: ['actions'], part: 'key', code: 'legacy-job',
  message: 'this job definition is written for the first version of LAVA, which is gone: write its commands anew as deploy, boot and test blocks',
};

export interface CheckOptions {
  /** Variables that the server's settings allow in `context` beside LAVA's. */
  readonly contextVariables?: readonly string[];
  /** Budgets of the text; default: 1 MiB and 100 levels. */
  readonly limits?: YamlLimits;
}

/**
 * Loads and checks a job definition. Errors are what LAVA refuses at submission; what makes a job fail later, or is surely
 * a mistake, is a warning. Without errors it may be submitted. Never throws for any text.
 */
export function checkJob(text: string, options: CheckOptions = {}): Checked {
  return checkText(text, {
    limits: options.limits,
    empty: 'the job definition is empty',
    noMapping: 'a job definition is a mapping of keys such as job_name, device_type, timeouts and actions',
    refuse: (value) => (isLegacyJob(value) ? legacy : undefined),
    find: (value, located) => validate(jobSchema(options), value, located),
    advise: adviseJob,
  });
}
