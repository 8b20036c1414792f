/*
 * What is counted over all jobs that ended. The counts are in the database, so that neither a restart nor a removed job
 * changes them, and several servers show the same.
 */

type LabelName = 'device_type' | 'device' | 'outcome';

export interface StoredMetric {
  readonly name: string;
  readonly help: string;
  readonly labels: readonly LabelName[];
  /** Upper ends of the buckets of a histogram, ascending; a counter has none. Never changed: stored counts follow them. */
  readonly buckets?: readonly number[];
}

export const queueWait = {
  name: 'lava_job_queue_wait_seconds', labels: ['device_type'],
  help: 'Time from the submission of a job until it had a device, of jobs that have ended.',
  buckets: [1, 5, 15, 60, 300, 900, 3600, 10_800, 43_200, 86_400],
} as const satisfies StoredMetric;

export const startLatency = {
  name: 'lava_job_start_latency_seconds', labels: ['device_type'],
  help: 'Time from the choice of a device until its worker said that the job runs, of jobs that have ended.',
  buckets: [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15, 60],
} as const satisfies StoredMetric;

export const jobDuration = {
  name: 'lava_job_duration_seconds', labels: ['device_type', 'outcome'],
  help: 'Time for which a job ran, by its health in the end.',
  buckets: [10, 30, 60, 180, 600, 1800, 3600, 10_800, 43_200],
} as const satisfies StoredMetric;

export const boots = {
  name: 'lava_boots_total', labels: ['device_type', 'device', 'outcome'],
  help: 'Boot blocks of all attempts of jobs by how they ended (pass, fail); those that a user canceled are not counted.',
} as const satisfies StoredMetric;

export const failures = {
  name: 'lava_job_failures_total', labels: ['device_type', 'outcome'],
  help: 'Jobs that ended as Incomplete, by the kind of the error: Infrastructure, Job, Test, Bug, …',
} as const satisfies StoredMetric;

export const retries = {
  name: 'lava_job_retries_total', labels: ['device_type', 'outcome'],
  help: 'Attempts that failed and whose job was tried again, by the kind of the error.',
} as const satisfies StoredMetric;

export const storedMetrics: readonly StoredMetric[] = [queueWait, startLatency, jobDuration, boots, failures, retries];

/** One observation of a finished job, or of an attempt after which the job was tried again. */
export interface Observation {
  readonly metric: StoredMetric;
  readonly labels: Partial<Record<LabelName, string>>;
  /** Seconds, of a histogram. */
  readonly value?: number;
}
