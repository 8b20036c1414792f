export { lavaRunMain } from './lava-run.ts';
export { runJob, type JobOutcome, type RunJobOptions } from './run-job.ts';
export type { LogListener } from './log/job-log.ts';
