import type { Kysely, Transaction } from 'kysely';
import { jobHealths, jobStates } from '@lava/job';
import type { EventBus, ServerEvent } from '../event-bus.ts';
import type { AuditKind, Database } from './database.ts';

/** Who does it: a user name, or `lava-health` for the server itself. */
export type Actor = string;

/** Author of what the server does by itself. */
export const serverActor: Actor = 'lava-health';

/** What a change of stored states needs. */
export interface Stored {
  readonly db: Kysely<Database>;
  readonly events: EventBus;
}

/** A transaction that changes states: notes for the audit log and the events to send once it is stored. */
export class Change {
  readonly trx: Transaction<Database>;
  readonly actor: Actor;
  readonly #reason: string | undefined;
  readonly #events: ServerEvent[] = [];
  readonly #audit: { actor: string; kind: AuditKind; object: string; message: string }[] = [];

  /** @param reason what the audit log says behind every note: that a file asked for it, say */
  constructor(trx: Transaction<Database>, actor: Actor, reason?: string) {
    this.trx = trx;
    this.actor = actor;
    this.#reason = reason;
  }

  note(kind: AuditKind, object: string | number, message: string): void {
    this.#audit.push({ actor: this.actor, kind, object: String(object), message: this.#reason === undefined ? message : `${message} (${this.#reason})` });
  }

  job(id: number, state: number, health: number): void {
    this.#events.push({ type: 'job', id, state: jobStates[state]!, health: jobHealths[health]! });
  }

  device(hostname: string): void {
    this.#events.push({ type: 'device', hostname });
  }

  worker(hostname: string): void {
    this.#events.push({ type: 'worker', hostname });
  }

  async store(): Promise<readonly ServerEvent[]> {
    if (this.#audit.length > 0) await this.trx.insertInto('audit_log').values(this.#audit).execute();
    return this.#events;
  }
}

/** Runs `work` in one transaction together with its audit entries; events go out after the commit. */
export async function change<T>({ db, events }: Stored, actor: Actor, work: (change: Change) => Promise<T>, reason?: string): Promise<T> {
  let stored: readonly ServerEvent[] = [];
  const result = await db.transaction().execute(async (trx) => {
    const c = new Change(trx, actor, reason);
    const value = await work(c);
    stored = await c.store();
    return value;
  });
  for (const event of stored) events.publish(event);
  return result;
}
