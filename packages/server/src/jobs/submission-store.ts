import { SubmitError } from '../services.ts';
import { change, serverActor, type Change, type Stored } from '../store/change.ts';
import { isConnectionLoss } from '../store/connection.ts';
import { insertJobs, type Inserted, type Submission } from './insert-jobs.ts';
import { QueueRoom } from './queue-limit.ts';

/** Most submissions that are stored in one transaction. */
const mostAtOnce = 50;

interface Pending {
  readonly submission: Submission;
  readonly resolve: (jobs: readonly Inserted[]) => void;
  readonly reject: (error: unknown) => void;
}

/** Stores submissions. Those that come while others are being stored go together into the next transaction. */
export class SubmissionStore {
  readonly #stored: Stored;
  /** Most queued jobs of one user; null means no limit. */
  readonly #queueLimit: number | null;
  #waiting: Pending[] = [];
  #busy = false;

  constructor(stored: Stored, queueLimit: number | null) {
    this.#stored = stored;
    this.#queueLimit = queueLimit;
  }

  /** Resolves when the jobs are on the database's disk. Throws SubmitError when the user has too many in the queue. */
  store(submission: Submission): Promise<readonly Inserted[]> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ submission, resolve, reject });
      if (!this.#busy) void this.#run();
    });
  }

  async #run(): Promise<void> {
    this.#busy = true;
    while (this.#waiting.length > 0) await this.#storeAll(this.#waiting.splice(0, mostAtOnce));
    this.#busy = false;
  }

  async #storeAll(batch: readonly Pending[]): Promise<void> {
    try {
      const outcomes = await change(this.#stored, serverActor, (c) => this.#insert(c, batch.map((p) => p.submission)));
      for (const [n, { resolve, reject }] of batch.entries()) {
        const outcome = outcomes[n]!;
        if (outcome instanceof Error) reject(outcome);
        else resolve(outcome);
      }
    } catch (error) {
      // One of them may be to blame, say for a device that was removed meanwhile. Nobody knows what a lost session has stored.
      if (batch.length > 1 && !isConnectionLoss(error)) for (const pending of batch) await this.#storeAll([pending]);
      else for (const { reject } of batch) reject(error);
    }
  }

  async #insert(c: Change, submissions: readonly Submission[]): Promise<(readonly Inserted[] | SubmitError)[]> {
    const room = await QueueRoom.of(c, [...new Set(submissions.map((s) => s.submitter.id))], this.#queueLimit);
    const refusals = submissions.map(({ submitter, accepted }) => room.take(submitter.id, accepted.wanted.places.reduce((sum, p) => sum + p.count, 0)));
    const inserted = [...await insertJobs(c, submissions.filter((_, n) => !refusals[n]))];
    return refusals.map((full) => (full ? new SubmitError('data', [{ severity: 'error', path: [], ...full }]) : inserted.shift()!));
  }
}
