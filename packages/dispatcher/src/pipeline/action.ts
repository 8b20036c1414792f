import type { LogValue } from '@lava/job';
import type { JobLog } from '../log/job-log.ts';
import type { Connection } from '../console/connection.ts';
import type { JobContext } from './job-context.ts';

/** Which part of a job an action belongs to; decides its character delay and its retry constant. */
export type Section = 'deploy' | 'boot' | 'test' | 'command' | 'finalize';

/** The parameters of a block (`deploy:`, `boot:`, `test:`) as the user wrote them. */
export type Parameters = Readonly<Record<string, unknown>>;

/**
 * What an action is: a declaration that a method builds from a block of the job definition.
 * The pipeline makes a live `Action` of each and runs the hooks: all `validate` before any `run`, `cleanup` always.
 */
export interface ActionSpec {
  /** Lower-case letters, digits, `-`. The key of `timeouts.actions` and the case in suite `lava`: LAVA's name, kept exactly. */
  readonly name: string;
  /** A few words for description.yaml. */
  readonly summary: string;
  readonly description?: string;
  readonly children?: readonly ActionSpec[];
  /** A retry wrapper: `failure_retry`, `repeat` and the device's retry constants apply to its children as a whole. */
  readonly retry?: boolean;
  /** Class of the error when its time is over; `test-shell` may be skipped by `timeout: {skip: true}`. Default `Job`. */
  readonly timeoutError?: 'Job' | 'Infrastructure' | 'Test' | 'test-shell';
  /** Seconds, where an action starts with its own instead of LAVA's 30. */
  readonly defaultTimeout?: number;
  /** Parameters other than those of the block. */
  readonly parameters?: Parameters;
  /** Checks without touching the device; reports with `a.error`, throws only what makes going on pointless. */
  validate?(a: Action): void | Promise<void>;
  /** Does the work. The default runs the children; a hook that has children calls `a.runChildren()` itself. */
  run?(a: Action): Promise<void>;
  /** Undoes what must not outlive the job (or the failed attempt of a retry). Runs also after a failure, in pipeline order. */
  cleanup?(a: Action): Promise<void>;
}

/** A typed cell that actions of one namespace share; declare each once, in the file of the action that fills it. */
export interface SharedKey<T> {
  readonly name: string;
  /** Only carries the type. */
  readonly value?: T;
}

export function sharedKey<T>(name: string): SharedKey<T> {
  return { name };
}

export interface ExecOptions {
  /** Text of the error when the command fails; default `Unable to run: ['cmd', 'arg']`. */
  readonly errorMessage?: string;
  readonly error?: 'Job' | 'Infrastructure';
  /** Reason code of the error; default `command-failed`. */
  readonly code?: string;
  /** Do not fail on a non-zero status. */
  readonly allowFail?: boolean;
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: string | Uint8Array;
  /** Do not write the output to the job's log. */
  readonly quiet?: boolean;
}

export interface ExecResult {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A live action: a spec at its place in the pipeline of one job. */
export interface Action {
  readonly spec: ActionSpec;
  readonly name: string;
  /** `1`, `1.2`, `1.2.1`: place in the pipeline. */
  readonly level: string;
  readonly section: Section;
  readonly namespace: string;
  readonly parameters: Parameters;
  readonly job: JobContext;
  readonly log: JobLog;
  readonly children: readonly Action[];

  /** Seconds this action may take, from job, device and block. */
  readonly timeout: number;
  /** Seconds a single wait on the connection may take. */
  readonly connectionTimeout: number;
  readonly maxRetries: number;
  /** Aborted with the error to throw when the action's time is over or the job is canceled. */
  readonly signal: AbortSignal;
  /** Milliseconds until the action (or an action around it) must end; never negative. */
  remainingMs(): number;

  /** Collects a validation error; all are reported at once. @param code why, if more is known than that the job is not valid */
  error(text: string, code?: string): void;
  readonly errors: readonly string[];
  /** An action with results is reported as a case of suite `lava`, with these as `extra`. */
  readonly results: Record<string, LogValue>;

  get<T>(key: SharedKey<T>): T | undefined;
  set<T>(key: SharedKey<T>, value: T): void;
  /** A cell of another namespace. */
  getFrom<T>(namespace: string, key: SharedKey<T>): T | undefined;

  /** The connection of this namespace, if one is open. */
  connection: Connection | undefined;
  /** Leaves a connection to another namespace, in place of the one that has it; what it says is logged as feedback. */
  addConnection(namespace: string, connection: Connection): Promise<void>;
  /** The connection, or JobError `No connection to the DUT`. */
  needConnection(): Connection;

  /** A constant: job context, then deployment data, then device `constants[prefix]`; ConfigurationError if nowhere. */
  constant(name: string, prefix?: string): unknown;

  runChildren(): Promise<void>;
  /** Runs a program on the worker, without a shell, logging `Calling: […]`, its output and its status. Ends with the action. */
  exec(argv: readonly string[], options?: ExecOptions): Promise<ExecResult>;
  /** A new folder below the job's scratch folder, named `<action>-XXXXXX`, mode 0755. */
  makeFolder(): Promise<string>;
}

/** One way to deploy, boot or test. All of a family stand in one table (deploy/methods.ts, boot/methods.ts, test/methods.ts). */
export interface Method {
  readonly name: string;
  /** Highest wins when several accept; default -1. */
  readonly priority?: number;
  /** True, or why this method is not meant by the block. */
  accepts(job: JobContext, parameters: Parameters): true | string;
  /** The top-level action of the block. */
  build(job: JobContext, parameters: Parameters): ActionSpec;
}
