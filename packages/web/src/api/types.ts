/** The HTTP interface's answers, as docs/api.md declares them. */

export interface SignIn { require_login: boolean; providers: { name: string; label: string; url: string }[] }

export interface Me { username: string | null; is_superuser: boolean; version: string }

export interface Problem {
  severity: 'error' | 'warning'; message: string; hint?: string; path: (string | number)[];
  line?: number; column?: number; endColumn?: number; code: string;
}

export interface JobRow {
  id: number; sub_id: string | null; description: string; submitter: string; device_type: string | null; device: string | null; worker: string | null;
  state: string; health: string; priority: number; health_check: boolean;
  submit_time: string; start_time: string | null; end_time: string | null;
  passed: number; failed: number; skipped: number; unknown: number;
  error_type: string | null; error_code: string | null; error_msg: string | null;
}

export interface JobsPage { jobs: JobRow[]; more: boolean; counts: { queued: number; running: number; finished: number } }

export interface Job extends JobRow {
  metadata: Record<string, unknown>; tags: string[]; failure_comment: string | null; failure_tags: string[]; log_lines: number;
  visibility: string; can_cancel: boolean; can_resubmit: boolean; can_annotate: boolean; timeout: number | null;
  waiting: {
    reason: string; position: number;
    devices: { hostname: string; worker: string | null; does: string; job: number | null }[];
    /** Seconds from now until it starts. */
    estimate: { soonest: number; likely: number; latest: number } | null;
  } | null;
  role: string | null; group: GroupJob[];
  attempts: Attempt[];
  retry: { retried: number; most: number; not_before: string | null } | null;
}

/** One try to run a job; the error is null when it runs, passed or was canceled. */
interface Attempt {
  number: number; device: string; worker: string; started_at: string; ended_at: string | null; start_line: number;
  error_type: string | null; error_code: string | null; error_msg: string | null;
}

/** A job of a multinode group. */
export interface GroupJob {
  id: number; sub_id: string; role: string; state: string; health: string; device: string | null; device_type: string | null; essential: boolean; host_role: string | null;
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
export interface Device extends DeviceRow { dictionary: string | null; can_change: boolean; health_check: HealthCheck }
interface HealthCheck {
  name: string | null; defined: boolean; file: string | null; enabled: boolean; every: number; unit: 'hours' | 'jobs';
  last: { job: number; submitted: string; state: string; health: string } | null; due: boolean; next: string | null; jobs_left: number | null;
}

export interface DeviceTypeRow { name: string; display: boolean; devices: number; idle: number; busy: number; queued: number }
export interface DeviceType extends DeviceTypeRow {
  description: string; aliases: string[]; health_check: { enabled: boolean; every: number; unit: 'hours' | 'jobs' };
  states: Record<string, number>; healths: Record<string, number>;
}

/** A text that configures a device, a device type or a worker. */
export type ConfigurationKind = 'dictionary' | 'template' | 'health-check' | 'dispatcher' | 'env' | 'env-dut';
export interface Configuration { kind: ConfigurationKind; name: string; text: string | null; place: 'database' | 'file' | 'shipped' | null; path: string | null; can_change: boolean }
export interface ConfigurationVersion { id: number; at: string; actor: string; text: string | null }

export interface Token { id: number; username: string; description: string; created_at: string; expires_at: string | null; last_used_at: string | null }
/** Of LAVA's own REST API; for superusers. */
export interface User { id: number; username: string; email: string; is_active: boolean; is_staff: boolean; is_superuser: boolean; groups: string[]; last_login: string | null }
export interface Group { id: number; name: string }
export interface Grant { id: number; permission: string; group: string }

export interface PlanItem {
  kind: string; name: string; named: boolean; action: 'create' | 'change' | 'remove' | 'keep'; fields: { field: string; before: unknown; after: unknown }[];
}
export interface LabPlan { revision: string; problems: (Problem & { file?: string })[]; plan: PlanItem[] }

export interface WorkerRow {
  hostname: string; state: string; health: string; display: boolean; description: string; version: string | null;
  last_ping: string | null; job_limit: number; devices: number; busy: number; capabilities: string[]; status: WorkerStatus | null;
}
/** How a worker is, as it said at that time: bytes, and milliseconds of its clock. */
export interface WorkerStatus {
  at: string; disk: { free: number; total: number }; cache: { free: number; total: number; hits: number; misses: number };
  load: number; running: number; clock_ahead: number | null; warnings: { code: string; message: string; hint: string }[];
}
export interface Worker extends Omit<WorkerRow, 'devices'> { devices: DeviceRow[] }

export interface AuditEntry { at: string; actor: string; kind: string; object: string; message: string }

/** What a group gets of the lab; null: no limit. */
export interface GroupShare { group: string; weight: number; quota: number | null; queue_limit: number | null }

/** One message about a job to one recipient; the submitter and admins see them. */
export interface Notification {
  id: string;
  method: 'email' | 'irc' | 'callback';
  recipient: string;
  status: 'waiting' | 'sent' | 'failed' | 'superseded';
  tries: number;
  error: string | null;
  created_at: string;
  next_at: string | null;
  ended_at: string | null;
}

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
