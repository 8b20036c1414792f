import { jobJsonSchema, validateJob } from '@lava/job';
import { explain } from '../scheduler/explain.ts';
import { readPastRuns, readSnapshot } from '../scheduler/read-snapshot.ts';
import { policyOf, type Policy } from '../scheduler/snapshot.ts';
import type { JobService } from '../services.ts';
import { change, type Stored } from '../store/change.ts';
import { cancelGroup } from '../jobs/group-changes.ts';
import { SubmissionStore } from '../jobs/submission-store.ts';
import { checkDefinition, submitJobs, submittedText, type SubmitSettings } from '../jobs/submit.ts';

/** What an admin sets in settings.yaml, as far as it concerns jobs. */
export interface InstanceSettings extends SubmitSettings {
  readonly policy?: Policy;
}

/** What users do with jobs. */
export function jobService(stored: Stored, settings: InstanceSettings): JobService {
  const { policy = policyOf() } = settings;
  const store = new SubmissionStore(stored, settings.queueLimit ?? null);
  return {
    submit: (definition, submitter) => submitJobs(stored.db, store, definition, submitter, settings),
    async resubmit(job, submitter) {
      const text = await submittedText(stored.db, job, submitter);
      return text === undefined ? undefined : submitJobs(stored.db, store, text, submitter, settings);
    },
    validate: async (definition) => (await checkDefinition(stored.db, definition, settings, null)).problems,
    validateSchema: (definition, strict) => validateJob(definition, { strict, contextVariables: settings.contextVariables }),
    jsonSchema: () => jobJsonSchema({ contextVariables: settings.contextVariables }),
    async cancel(job, actor) {
      await change(stored, actor, (c) => cancelGroup(c, job));
    },
    async waiting(job) {
      const snapshot = await readSnapshot(stored.db, policy);
      const types = [...new Set(snapshot.jobs.map((j) => j.type ?? ''))];
      return explain(snapshot, job, Date.now(), await readPastRuns(stored.db, types));
    },
  };
}
