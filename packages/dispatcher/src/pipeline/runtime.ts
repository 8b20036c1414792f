import { type LavaError, monotonicMs } from '@lava/base';
import type { Connection } from '../console/connection.ts';
import type { ConsoleHost } from '../console/console.ts';
import type { JobLog } from '../log/job-log.ts';
import type { DeploymentData } from './deployment-data.ts';

/** An action that has begun, as far as the job looks at it. */
export interface RunningAction {
  readonly name: string;
  connection: Connection | undefined;
  /** Finalizing is protected from every cancel, cleaning up from the first. */
  readonly protection: 'always' | 'once' | undefined;
  abort(error: Error): void;
}

/** What changes while a job runs and is shared by its actions. */
export class JobRuntime implements ConsoleHost {
  readonly log: JobLog;
  /** Actions that have begun and not ended, the innermost last. */
  readonly running: RunningAction[] = [];
  readonly connections = new Map<string, Connection>();
  readonly deployments = new Map<string, DeploymentData>();
  /** Seconds the job may take from the start of its pipeline. */
  readonly jobSeconds: number;
  /** When the whole job must be over, by the monotonic clock in milliseconds. */
  endMs = Number.POSITIVE_INFINITY;
  /** Some action of the pipeline has begun: the device may be on. */
  started = false;
  readonly #cells = new Map<string, Map<string, unknown>>();
  readonly #canceling = new AbortController();
  #canceled: LavaError | undefined;

  constructor(log: JobLog, jobSeconds: number) {
    this.log = log;
    this.jobSeconds = jobSeconds;
  }

  get canceled(): LavaError | undefined { return this.#canceled; }

  /** Aborted with the reason when the job is canceled: for what waits outside of all actions. */
  get cancelSignal(): AbortSignal { return this.#canceling.signal; }

  get actionName(): string { return this.running.at(-1)?.name ?? 'job'; }

  isForeground(connection: Connection): boolean {
    const used = this.running.at(-1)?.connection;
    return used === undefined || used === connection || used.namespace === connection.namespace;
  }

  /** Ends all that runs; what begins later ends at once. @param hurry also ends what cleans up; never what finalizes */
  cancel(error: LavaError, hurry = false): void {
    this.#canceled ??= error;
    this.#canceling.abort(error);
    for (const action of this.running.toReversed()) {
      if (action.protection === undefined || (hurry && action.protection === 'once')) action.abort(error);
    }
  }

  cells(namespace: string): Map<string, unknown> {
    const found = this.#cells.get(namespace) ?? new Map<string, unknown>();
    this.#cells.set(namespace, found);
    return found;
  }

  remainingMs(): number {
    return Math.max(0, this.endMs - monotonicMs());
  }
}
