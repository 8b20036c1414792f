/** The HTTP interface's answers, as docs/api.md declares them. */

export interface Me { username: string | null; is_superuser: boolean; version: string }

export interface Problem {
  severity: 'error' | 'warning'; message: string; hint?: string; path: (string | number)[];
  line?: number; column?: number; endColumn?: number; code: string;
}

export interface JobRow {
  id: number; description: string; submitter: string; device_type: string | null; device: string | null; worker: string | null;
  state: string; health: string; priority: number; health_check: boolean;
  submit_time: string; start_time: string | null; end_time: string | null;
  passed: number; failed: number; skipped: number; unknown: number;
  error_type: string | null; error_msg: string | null;
}

export interface JobsPage { jobs: JobRow[]; more: boolean; counts: { queued: number; running: number; finished: number } }

export interface Job extends JobRow {
  metadata: Record<string, unknown>; tags: string[]; failure_comment: string | null; error_code: string | null; log_lines: number;
  visibility: string; can_cancel: boolean; can_resubmit: boolean; timeout: number | null;
  waiting: {
    reason: string; position: number;
    devices: { hostname: string; worker: string | null; does: string; job: number | null }[];
    /** Seconds from now until it starts. */
    estimate: { soonest: number; likely: number; latest: number } | null;
  } | null;
  sub_id: string | null; role: string | null; group: { id: number; sub_id: string; role: string; state: string; health: string; device: string | null }[];
}

export interface ActionRow {
  level: string; name: string; namespace: string; timeout: number | null; start_line: number; end_line: number | null;
  started_at: string; ended_at: string | null; failed: boolean; usual_seconds: number | null;
}

export interface CaseRow {
  id: number; name: string; result: 'pass' | 'fail' | 'skip' | 'unknown'; measurement: string | null; units: string; set: string | null;
  start_log_line: number | null; end_log_line: number | null; log_line: number | null; logged: string; metadata: Record<string, unknown>;
}
export interface SuiteRow { id: number; name: string; cases: CaseRow[] }

export interface DeviceRow {
  hostname: string; device_type: string; worker: string | null; state: string; health: string; description: string; tags: string[];
  job: number | null; job_description: string | null; last_job: number | null;
}
/** A device with what only its own page shows; the server says so if the reader may change it. */
export interface Device extends DeviceRow { dictionary?: string | null; can_change?: boolean }

export interface DeviceTypeRow { name: string; display: boolean; devices: number; idle: number; busy: number; queued: number }

export interface WorkerRow {
  hostname: string; state: string; health: string; display: boolean; description: string; version: string | null;
  last_ping: string | null; job_limit: number; devices: number; busy: number; capabilities: string[];
}
export interface Worker extends Omit<WorkerRow, 'devices'> { devices: DeviceRow[] }

export interface AuditEntry { at: string; actor: string; kind: string; object: string; message: string }

/** One record of a job's log; its number from 0 is its address. */
export interface LogRecord { dt: string; lvl: string; msg: unknown; ns?: string }

/** What the server sends on /ws/live. */
export type LiveMessage =
  | { type: 'log'; job: number; first: number; records: LogRecord[] }
  | { type: 'job'; job: Job }
  | { type: 'results'; job: number; suite: string; cases: CaseRow[] }
  | { type: 'actions'; job: number; actions: ActionRow[] }
  | { type: 'changed'; kind: 'job'; row: JobRow }
  | { type: 'changed'; kind: 'device'; row: DeviceRow }
  | { type: 'changed'; kind: 'worker'; row: WorkerRow }
  | { type: 'error'; message: string };
