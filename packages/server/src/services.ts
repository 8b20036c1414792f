import type { Kysely } from 'kysely';
import type { DeviceHealth, Invalid, JsonSchema, WorkerHealth } from '@lava/job';
import { LavaError, type DaemonLog, type ErrorType, type LavaPaths } from '@lava/base';
import type { User } from './auth/users.ts';
import type { EventBus } from './event-bus.ts';
import type { Actor } from './store/change.ts';
import type { Database } from './store/database.ts';
import type { Timings } from './timings.ts';

/** What the parts of the server offer one another, as types; what does it is in `core/` and `logs/`. */
export interface Services {
  readonly db: Kysely<Database>;
  readonly log: DaemonLog;
  readonly paths: LavaPaths;
  readonly events: EventBus;
  readonly logs: LogStore;
  readonly jobs: JobService;
  readonly devices: DeviceService;
  readonly workers: WorkerService;
  readonly timings: Timings;
  /** True while the database answers. */
  healthy(): Promise<boolean>;
}

/** Log files by job: `job-output/YYYY/MM/DD/ID/output.yaml` with `output.idx` (64-bit byte offsets of the lines). */
export interface LogStore {
  /** Number of complete records. */
  count(job: number): Promise<number>;
  /** Records `start` ≤ n < `end` as stored (`- {…}` lines); with `mostBytes` only as many as fit, at least one. */
  read(job: number, start: number, end?: number, mostBytes?: number): Promise<Buffer>;
  /** Path of the whole file, or undefined when there is none. */
  path(job: number): Promise<string | undefined>;
  /** Text of a file beside the log (`device.yaml`, `description.yaml`, `metadata/…`); undefined when there is none or the name leads elsewhere. */
  file(job: number, name: string): Promise<string | undefined>;
  /** How to remove the log and all other files; where they are is looked up now, as long as the job is there. */
  removal(job: number): Promise<() => Promise<void>>;
}

/** The stored jobs of one submission. */
export interface Submitted {
  readonly ids: number[];
  /** As clients are told: numbers, or the sub ids of a multinode group. */
  readonly names: (number | string)[];
  readonly warnings: readonly SubmitProblem[];
}

/** Who submits. `deviceTypes` are the only ones that the token in use may ask for. */
export interface Submitter {
  readonly id: number;
  readonly username: string;
  readonly deviceTypes?: readonly string[] | null;
}

/** Why a job waits. */
export interface Waiting {
  readonly reason: string;
  /** Place among the jobs of its device type in the order in which they would be served, from 1; a group counts once. */
  readonly position: number;
  /** Devices that could run it, with what each does; undefined: it is free. */
  readonly devices: readonly { readonly hostname: string; readonly worker: string | null; readonly does: string; readonly job: number | null }[];
  /** Null when nothing is known of how long jobs like those ahead of it take, or when no device is in service. */
  readonly estimate: Estimate | null;
}

/** Seconds from now until a job starts: nine of ten times later than `soonest`, half the time before `likely`, nine of ten times before `latest`. */
export interface Estimate {
  readonly soonest: number;
  readonly likely: number;
  readonly latest: number;
}

export interface JobService {
  /** Checks and stores a definition, of a multinode group all jobs or none. Throws `SubmitError`. */
  submit(definition: string, submitter: Submitter | User): Promise<Submitted>;
  /** Submits what a job was submitted as once more, of one of a multinode group the whole group. Undefined if there is no such job. */
  resubmit(job: number, submitter: Submitter | User): Promise<Submitted | undefined>;
  /** The same checks without storing; without a user, what depends on one is not checked. */
  validate(definition: string): Promise<readonly SubmitProblem[]>;
  /** What LAVA's published schema refuses in a definition; strictly, unknown keys too. */
  validateSchema(definition: string, strict: boolean): Invalid | undefined;
  /** JSON Schema of the definitions that this server takes. */
  jsonSchema(): JsonSchema;
  /** Asks for the end of a job and of all others of its multinode group; no effect on what is ending or ended. */
  cancel(job: number, actor: Actor): Promise<void>;
  /** Why a queued job waits; null for one that is not queued. */
  waiting(job: number): Promise<Waiting | null>;
}

/** A problem of a definition, with its place in the submitted text. */
export interface SubmitProblem {
  readonly severity: 'error' | 'warning';
  readonly code: string;
  readonly message: string;
  readonly hint?: string;
  readonly path: readonly (string | number)[];
  readonly line?: number;
  readonly column?: number;
  readonly endColumn?: number;
  /** The same in the words that LAVA's clients know, where they differ: with the place as `@ data['job_name']`. */
  readonly upstream?: string;
}

/**
 * Why a definition was refused: `yaml` (not readable), `schema` and `data` (what LAVA calls problems with the submitted
 * data), `unavailable` (no device for it).
 */
export type SubmitErrorKind = 'yaml' | 'schema' | 'data' | 'unavailable';

export class SubmitError extends LavaError {
  override readonly name = 'SubmitError';
  override readonly type: ErrorType = 'Job';
  readonly kind: SubmitErrorKind;
  /** Everything that was found; the message is that of the first error, without its place. */
  readonly problems: readonly SubmitProblem[];

  constructor(kind: SubmitErrorKind, problems: readonly SubmitProblem[]) {
    const first = problems.find((p) => p.severity === 'error');
    super(first?.message ?? 'The definition was refused', { code: first?.code ?? 'refused', hint: first?.hint });
    this.kind = kind;
    this.problems = problems;
  }
}

export interface DeviceService {
  /** Rendered configuration as YAML. Throws ConfigurationError with template and line. */
  render(hostname: string, context?: Readonly<Record<string, unknown>>): Promise<string>;
  dictionary(hostname: string): Promise<string | undefined>;
  setDictionary(hostname: string, text: string, actor: Actor): Promise<void>;
  setHealth(hostname: string, health: DeviceHealth, actor: Actor, reason?: string): Promise<void>;
}

export interface WorkerService {
  setHealth(hostname: string, health: WorkerHealth, actor: Actor, reason?: string): Promise<void>;
}
