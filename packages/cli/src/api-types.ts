import type { Problem } from '@lava/job';

// What `/api/v1` answers (docs/api.md); only what the commands read.

export interface JobRow {
  readonly id: number;
  readonly description: string;
  readonly submitter: string;
  readonly device_type: string | null;
  readonly device: string | null;
  readonly worker: string | null;
  readonly state: string;
  readonly health: string;
  readonly priority: number;
  readonly submit_time: string;
  readonly start_time: string | null;
  readonly end_time: string | null;
  readonly error_type: string | null;
  readonly error_code: string | null;
  readonly error_msg: string | null;
}

export interface Job extends JobRow {
  readonly log_lines: number;
  readonly waiting: { readonly reason: string; readonly position: number; readonly estimate: { readonly soonest: number; readonly likely: number; readonly latest: number } | null } | null;
  readonly attempts: readonly Attempt[];
}

/** One try to run a job; the error is null when it runs, passed or was canceled. */
interface Attempt {
  readonly number: number;
  readonly device: string;
  readonly ended_at: string | null;
  readonly error_type: string | null;
  readonly error_code: string | null;
  readonly error_msg: string | null;
}

export interface CaseRow {
  readonly id: number;
  readonly name: string;
  readonly result: string;
  readonly measurement: string | null;
  readonly units: string;
  readonly set: string | null;
  readonly start_log_line: number | null;
  readonly end_log_line: number | null;
  readonly log_line: number | null;
  readonly logged: string;
  readonly metadata: Readonly<Record<string, unknown>>;
}

export interface Suite {
  readonly id: number;
  readonly name: string;
  readonly cases: readonly CaseRow[];
}

export interface DeviceRow {
  readonly hostname: string;
  readonly device_type: string;
  readonly worker: string | null;
  readonly state: string;
  readonly health: string;
  readonly job: number | null;
}

export interface WorkerRow {
  readonly hostname: string;
  readonly state: string;
  readonly health: string;
  readonly version: string | null;
  readonly last_ping: string | null;
  readonly devices: number;
  readonly busy: number;
}

export interface ApiError {
  readonly error?: { readonly code: string; readonly message: string; readonly hint?: string; readonly problems?: readonly Problem[] };
}
