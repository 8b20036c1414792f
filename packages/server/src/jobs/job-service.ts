import { jobJsonSchema, validateJob } from '@lava/job';
import { explain } from '../scheduler/decide.ts';
import { readSnapshot } from '../scheduler/read-snapshot.ts';
import type { JobService } from '../services.ts';
import { change, type Stored } from '../store/change.ts';
import { cancelJob } from './job-changes.ts';
import { checkDefinition, submitJob, type SubmitSettings } from './submit.ts';

/** What users do with jobs. */
export function jobService(stored: Stored, settings: SubmitSettings): JobService {
  return {
    async submit(definition, submitter, { healthCheck = false } = {}) {
      const { id, warnings } = await submitJob(stored, definition, submitter, settings, healthCheck);
      return { ids: [id], warnings };
    },
    validate: async (definition) => (await checkDefinition(stored.db, definition, settings)).problems,
    validateSchema: (definition, strict) => validateJob(definition, { strict, contextVariables: settings.contextVariables }),
    jsonSchema: () => jobJsonSchema({ contextVariables: settings.contextVariables }),
    async cancel(job, actor) {
      await change(stored, actor, (c) => cancelJob(c, job));
    },
    waiting: async (job) => explain(await readSnapshot(stored.db), job),
  };
}
