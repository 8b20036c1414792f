import type { ColumnType, Generated } from 'kysely';
import type { RetryPolicy } from '@lava/job';

type Time = ColumnType<Date, Date | string, Date | string>;
type MaybeTime = ColumnType<Date | null, Date | string | null | undefined, Date | string | null>;
type Json<T> = ColumnType<T, string | undefined, string>;

/** What an entry of the audit log is about. */
export type AuditKind = 'job' | 'device' | 'device-type' | 'worker' | 'user' | 'group' | 'token';

/** How somebody is told of a job. */
export type DeliveryMethod = 'email' | 'irc' | 'callback';

/** `superseded`: it failed, and what came after it says more. */
export type DeliveryStatus = 'waiting' | 'sent' | 'failed' | 'superseded';

/** What a token may be used for: `submit` holds `read`, `all` holds what its user may do. */
export type TokenScope = 'read' | 'submit' | 'all';

/** A text that configures a device, a device type or a worker. */
export type ConfigurationKind = 'dictionary' | 'template' | 'health-check' | 'dispatcher' | 'env' | 'env-dut';

/** How a worker is, as it said last: bytes, the load of the last minute, milliseconds by which its clock is ahead of the server's if that is known. */
export interface StoredWorkerStatus {
  readonly disk: { readonly free: number; readonly total: number };
  readonly cache: { readonly free: number; readonly total: number; readonly hits: number; readonly misses: number };
  readonly load: number;
  readonly running: number;
  readonly clock_ahead: number | null;
}

/** Tables as the migrations leave them. States, healths and results are numbers of `@lava/job` states.ts. */
export interface Database {
  users: {
    id: Generated<number>; username: string; password: string | null; email: Generated<string>; first_name: Generated<string>;
    last_name: Generated<string>; is_active: Generated<boolean>; is_staff: Generated<boolean>; is_superuser: Generated<boolean>;
    date_joined: ColumnType<Date, Date | undefined, Date>; last_login: MaybeTime;
    irc_handle: Generated<string>; irc_server: Generated<string>;
  };
  groups: { id: Generated<number>; name: string };
  user_groups: { user_id: number; group_id: number };
  user_permissions: { user_id: number; permission: string };
  group_permissions: { group_id: number; permission: string };
  group_device_type_permissions: { id: Generated<number>; device_type: string; group_id: number; permission: string };
  group_device_permissions: { id: Generated<number>; device: string; group_id: number; permission: string };
  group_worker_permissions: { id: Generated<number>; worker: string; group_id: number; permission: string };
  tokens: {
    id: Generated<number>; user_id: number; hash: string; description: Generated<string>;
    created_at: ColumnType<Date, Date | undefined, Date>; expires_at: MaybeTime; last_used_at: MaybeTime;
    scope: Generated<TokenScope>; device_types: string[] | null;
  };
  user_identities: { provider: string; subject: string; user_id: number };
  jobs_to_measure: { job: number };
  attempts_to_measure: { job: number; fence: number; device: string | null; error_type: string | null; blocks: Json<unknown> };
  measured: { metric: string; device_type: Generated<string>; device: Generated<string>; outcome: Generated<string>; counts: number[]; sum: Generated<number> };
  sessions: { hash: string; user_id: number; created_at: ColumnType<Date, Date | undefined, Date>; expires_at: Time };
  workers: {
    hostname: string; state: Generated<number>; health: Generated<number>; display: Generated<boolean>; description: Generated<string>;
    job_limit: Generated<number>; version: string | null; capabilities: Json<string[]>; last_ping: MaybeTime; certificate: string | null;
    dispatcher_config: string | null; env: string | null; env_dut: string | null; token_hash: string | null;
    status: ColumnType<StoredWorkerStatus | null, string | null | undefined, string | null>; status_at: MaybeTime;
  };
  attempt_tokens: { hash: string; job: number; fence: number };
  enrolment_codes: { worker: string; key: string; expires_at: Time; used_at: MaybeTime };
  device_types: {
    name: string; description: Generated<string>; display: Generated<boolean>; health_frequency: Generated<number>;
    health_denominator: Generated<number>; disable_health_check: Generated<boolean>;
    template: string | null; health_check: string | null; architecture: string | null; processor: string | null; cpu_model: string | null;
    bits: number | null; cores: Generated<string[]>; core_count: number | null;
  };
  aliases: { name: string; device_type: string };
  tags: { id: Generated<number>; name: string; description: Generated<string> };
  devices: {
    hostname: string; device_type: string; worker: string | null; state: Generated<number>; health: Generated<number>;
    description: Generated<string>; device_version: string | null; physical_owner: number | null; physical_group: number | null;
    last_health_report_job: number | null; dictionary: string | null; is_synced: Generated<boolean>;
  };
  configuration_versions: {
    id: Generated<string>; at: ColumnType<Date, Date | undefined, Date>; actor: string; kind: ConfigurationKind; name: string; text: string | null;
  };
  device_tags: { device: string; tag_id: number };
  jobs: {
    id: Generated<number>; sub_id: Generated<string>; target_group: string | null; submitter: number; description: string;
    definition: string; original_definition: string; multinode_definition: Generated<string>; metadata: Json<Record<string, unknown>>;
    is_public: Generated<boolean>; health_check: Generated<boolean>; requested_device_type: string | null;
    requested_device: string | null; requested_worker: string | null; actual_device: string | null; priority: Generated<number>;
    state: Generated<number>; health: Generated<number>; submit_time: ColumnType<Date, Date | undefined, Date>; start_time: MaybeTime;
    end_time: MaybeTime; queue_timeout: number | null; failure_comment: string | null; error_type: string | null;
    error_msg: string | null; error_code: string | null; next_fence: Generated<number>; log_lines: Generated<number>;
    role: Generated<string>; host_role: string | null; essential: Generated<boolean>;
    retry: ColumnType<RetryPolicy | null, string | null | undefined, string | null>; retried: Generated<number>; queued_at: MaybeTime; retry_pending: Generated<boolean>;
  };
  /** The mapping `secrets` of a job's definition, as YAML. */
  job_secrets: { job: number; secrets: string };
  job_tags: { job: number; tag_id: number };
  job_groups: { job: number; group_id: number };
  failure_tags: { id: Generated<number>; name: string; description: Generated<string> };
  job_failure_tags: { job: number; failure_tag_id: number };
  remote_artifact_tokens: { user_id: number; name: string; token: string };
  attempts: {
    job: number; fence: number; device: string | null; shared_device: string | null; worker: string; created_at: ColumnType<Date, Date | undefined, Date>;
    started_at: MaybeTime; ended_at: MaybeTime; lease_expires: Time; end_reason: string | null;
    error_type: string | null; error_code: string | null; first_line: number | null;
  };
  /** One row: the server that leads, and the number of its term. */
  leadership: { only: Generated<boolean>; epoch: Generated<string>; leader: string | null; url: string | null; master_key: string | null; since: MaybeTime };
  /** What running jobs leave behind, until it is in the storage that the servers share; and what is there. */
  log_pieces: { job: number; first_line: number; lines: number; text: Buffer };
  job_files: { job: number; name: string; content: Buffer };
  stored_logs: { job: number; lines: number; at: ColumnType<Date, Date | undefined, Date> };
  worker_keys: { name: string; public_key: string; revoked_at: MaybeTime };
  /** Written by a trigger: jobs that began to run or ended and ask that somebody is told. */
  job_news: { id: Generated<string>; job: number; state: number };
  deliveries: {
    id: Generated<string>; job: number; state: number; method: DeliveryMethod; key: string; recipient: string; host: Generated<string>;
    status: Generated<DeliveryStatus>; attempts: Generated<number>; created_at: ColumnType<Date, Date | undefined, Date>;
    next_at: ColumnType<Date, Date | undefined, Date>; claimed_until: MaybeTime; ended_at: MaybeTime; error: string | null;
  };
  group_shares: { group_id: number; weight: Generated<number>; quota: number | null; queue_limit: number | null };
  device_use: { submitter: number; seconds: number; as_of: ColumnType<Date, Date | undefined, Date> };
  job_actions: {
    job: number; level: string; start_line: number; name: string; namespace: string; timeout: number | null; started_at: Time;
    end_line: number | null; ended_at: MaybeTime; failed: Generated<boolean>;
  };
  test_suites: { id: Generated<number>; job: number; name: string };
  test_sets: { id: Generated<number>; suite_id: number; name: string };
  test_cases: {
    id: Generated<number>; suite_id: number; set_id: number | null; job: number; name: string; result: number;
    /** Decimal text with ten digits after the point, as PostgreSQL gives it. */
    measurement: ColumnType<string | null, string | number | null, string | number | null>; units: Generated<string>; metadata: string | null;
    start_log_line: number | null; end_log_line: number | null; log_line: number | null; logged: ColumnType<Date, Date | undefined, Date>;
  };
  queries: {
    id: Generated<number>; owner: number; name: string; description: Generated<string>; entity: 'testjob' | 'testsuite' | 'testcase'; row_limit: Generated<number>;
    is_published: Generated<boolean>; is_live: Generated<boolean>; is_archived: Generated<boolean>; group_id: number | null; label: Generated<string>;
    found: number[] | null; refreshed_at: MaybeTime; is_changed: Generated<boolean>; omitted: Generated<number[]>;
  };
  query_conditions: { id: Generated<number>; query: number; table_name: string; field: string; operator: string; value: string };
  charts: {
    id: Generated<number>; name: string; owner: number; description: Generated<string>; is_published: Generated<boolean>; group_id: number | null; label: Generated<string>;
  };
  chart_queries: {
    id: Generated<number>; chart: number; query: number; position: number; type: 'pass/fail' | 'measurement' | 'attributes'; representation: Generated<'lines' | 'bars'>;
    visibility: Generated<'chart' | 'table' | 'both'>; height: Generated<number>; is_percentage: Generated<boolean>; target_goal: number | null; x_attribute: string | null;
    attributes: Generated<string[]>;
  };
  audit_log: {
    id: Generated<string>; at: ColumnType<Date, Date | undefined, Date>; actor: string;
    kind: AuditKind; object: string; message: string;
  };
}
