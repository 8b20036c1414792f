import { sql } from 'kysely';
import { messageOf, version, type DaemonLog } from '@lava/base';
import { callsSince, ServerEndpoint, type AttemptRef, type LogMessage, type ServerEndpointOptions, type ServerAddress, type Session, type SessionMessage } from '@lava/link';
import { forgetGroup, takeGroupCall, type Send } from '../groups/group-calls.ts';
import type { Ending } from '../jobs/attempt.ts';
import type { LogIntake } from '../logs/intake.ts';
import type { Stored } from '../store/change.ts';
import { isConnectionLoss } from '../store/connection.ts';
import { workerState } from '../store/numbers.ts';
import type { AttemptControl, Left } from './attempt-control.ts';
import { liveAttempts, type LiveAttempt } from './attempts.ts';
import { LeaseKeeper } from './leases.ts';
import type { Presence, PresenceSource } from './presence.ts';
import { storeStatus } from './store-status.ts';

export interface LinkOptions {
  readonly stored: Stored;
  readonly log: DaemonLog;
  readonly intake: LogIntake;
  readonly control: AttemptControl;
  readonly presence: Presence;
  /** Seconds for which an attempt keeps its device without a word from the worker. */
  readonly lease: number;
  readonly sockets: Pick<ServerEndpointOptions, 'control' | 'log' | 'ipv6' | 'encryption'>;
  /** All servers that may lead, for workers to know; none: they go on with what they know. */
  readonly servers?: readonly ServerAddress[];
  /** Tests bring their own clock. */
  readonly clock?: () => number;
}

/**
 * The server's part of the talk with the workers: gives them their jobs, keeps leases, takes logs and ends.
 * What is to be done always follows from the database; a message that got lost is made up for at the next PING.
 */
export class LinkServer {
  readonly leases: LeaseKeeper;
  readonly #options: LinkOptions;
  readonly #endpoint: ServerEndpoint;
  #unsubscribe: (() => void) | undefined;
  #closing = false;
  readonly #working = new Set<Promise<void>>();
  /** Jobs whose worker is being told something, and whether it must be looked at once more after that. */
  readonly #telling = new Map<number, { again: boolean }>();
  readonly #here: PresenceSource = (hostname) => this.#endpoint.sessions().find((s) => s.hostname === hostname);

  constructor(options: LinkOptions) {
    this.#options = options;
    const { log, lease, sockets, servers, clock } = options;
    this.leases = new LeaseKeeper({ db: options.stored.db, log, lease, clock, expire: (attempt) => options.control.expire(attempt) });
    options.presence.addSource(this.#here);
    this.#endpoint = new ServerEndpoint({
      ...sockets, servers, version, daemonLog: log,
      // A worker speaks at least four times within a lease.
      interval: Math.max(1, Math.min(20, lease / 4)),
      handlers: {
        certificateOf: (hostname) => this.#certificateOf(hostname),
        welcome: (hello) => this.#welcome(hello.hostname),
        onSession: (session) => this.#do(`HELLO of ${session.hostname}`, () => this.#greeted(session)),
        onMessage: (session, message) => this.#do(`${message.type} of ${session.hostname}`, () => this.#handle(session, message)),
        onLog: (session, message, records) => this.#takeLog(session, message, records),
        onEnd: (session, reason) => this.#do(`end of ${session.hostname}`, () => this.#gone(session, reason)),
      },
    });
  }

  /** Tells a member of a group, if its worker is here. */
  readonly answer: Send = (worker, message) => { this.#endpoint.send(worker, message); };

  get addresses(): { readonly control: string; readonly log: string } {
    return this.#endpoint.addresses;
  }

  async start(): Promise<void> {
    const { log, stored } = this.#options;
    log.info('[INIT] Marking all workers as offline');
    await sql`update workers set state = ${workerState.Offline} where state = ${workerState.Online}`.execute(stored.db);
    await this.leases.look();
    this.#unsubscribe = stored.events.subscribe((event) => {
      if (event.type === 'job' && (event.state === 'Scheduled' || event.state === 'Canceling')) {
        this.#do(`job ${event.id}`, () => this.#tell(event.id));
      }
      // Queued again, too: its log is opened anew for the next attempt.
      if (event.type === 'job' && (event.state === 'Finished' || event.state === 'Submitted')) {
        this.#do(`log of job ${event.id}`, () => this.#options.intake.finish(event.id));
      }
      if (event.type === 'job' && event.state === 'Finished') {
        this.#do(`group of job ${event.id}`, () => forgetGroup(stored.db, event.id));
      }
    });
    await this.#endpoint.open();
    this.leases.start();
  }

  async close(): Promise<void> {
    this.#closing = true;
    this.#unsubscribe?.();
    await this.leases.close();
    await this.#endpoint.close();
    await Promise.all(this.#working);
  }

  async #certificateOf(hostname: string): Promise<string | undefined> {
    const row = await this.#options.stored.db.selectFrom('workers').select('certificate').where('hostname', '=', hostname).executeTakeFirst();
    return row?.certificate ?? undefined;
  }

  async #welcome(hostname: string): Promise<{ accepted: true } | { accepted: false; reason: string; retry: boolean }> {
    const row = await this.#options.stored.db.selectFrom('workers').select('hostname').where('hostname', '=', hostname).executeTakeFirst();
    if (row && this.#options.presence.elsewhere(hostname, this.#here)) {
      return { accepted: false, retry: true, reason: `worker ${hostname} is connected by LAVA's HTTP protocol; end that process first` };
    }
    if (row) return { accepted: true };
    return { accepted: false, retry: true, reason: `worker ${hostname} is not known here; on the server run: lava-server manage workers add ${hostname}` };
  }

  async #greeted(session: Session): Promise<void> {
    await this.#options.presence.store(session.hostname, 'greeted');
    await this.#reconcile(session.hostname, []);
  }

  async #gone(session: Session, reason: string): Promise<void> {
    this.#options.log.info(`[STATE] Dispatcher <${session.hostname}> goes OFFLINE (${reason})`);
    if (!this.#closing) await this.#options.presence.store(session.hostname, reason);
  }

  async #handle({ hostname }: Session, message: SessionMessage): Promise<void> {
    const { stored, log, control, presence } = this.#options;
    switch (message.type) {
      case 'PING':
        // Also makes up for a coming that could not be stored, say while the database was away.
        if (!(await control.heard(hostname, message.attempts)).online) await presence.store(hostname, 'greeted');
        if (message.status) await storeStatus(stored, hostname, message.status);
        return this.#reconcile(hostname, message.attempts);
      case 'START_OK':
        if (!(await control.begin(hostname, message))) this.#endpoint.send(hostname, { type: 'CANCEL', job: message.job, fence: message.fence });
        return;
      case 'START_FAILED':
        log.warn(`[${message.job}] ${hostname} could not start it: ${message.reason}`);
        return this.#finish(hostname, message, { result: 'fail', errorType: 'Infrastructure', errorCode: 'start-failed', errorMessage: `Worker ${hostname} could not start the job: ${message.reason}` });
      case 'CALL':
        if (await control.isLive(hostname, message)) await takeGroupCall(stored.db, { ...message, worker: hostname }, this.answer);
        return;
      case 'UNKNOWN':
        log.info(`[${message.job}] ${hostname} knows nothing of it`);
        return this.#unknown(hostname, message);
      case 'END': {
        const { errorType, errorMessage, errors, description, poweredOff, result, logLines } = message;
        log.info(`[${message.job}] ${hostname} => END (${result}, ${logLines} lines)`);
        const quarantine = poweredOff ? undefined : `power-off after job ${message.job} was not done`;
        return this.#finish(hostname, message, { result, errorType: result === 'fail' ? errorType || 'Bug' : '', errorMessage, comment: errors, quarantine }, { description, logLines });
      }
      default: return undefined;
    }
  }

  /** Ends an attempt, and tells the worker that it may forget it. */
  async #finish(hostname: string, { job, fence }: AttemptRef, ending: Ending, left?: Left): Promise<void> {
    if (await this.#options.control.finish(hostname, { job, fence }, ending, left) === 'over') this.#endpoint.send(hostname, { type: 'END_OK', job, fence });
  }

  /** Compares what a worker holds with what it should, and says what is missing. Nothing is remembered between two times. */
  async #reconcile(hostname: string, held: readonly AttemptRef[]): Promise<void> {
    const live = await liveAttempts(this.#options.stored.db, { worker: hostname });
    const holds = (a: AttemptRef) => held.some((h) => h.job === a.job && h.fence === a.fence);
    for (const attempt of live) if (!holds(attempt) || attempt.state !== 'Running') await this.#tell(attempt.job);
    for (const { job, fence } of held) {
      if (!live.some((a) => a.job === job && a.fence === fence)) this.#endpoint.send(hostname, { type: 'CANCEL', job, fence });
    }
  }

  /**
   * Tells the worker what the state of the job asks for. One after another for each job: a CANCEL never overtakes the
   * START that is still being made, which would leave an attempt running that nobody knows of.
   */
  async #tell(job: number): Promise<void> {
    const busy = this.#telling.get(job);
    if (busy) { busy.again = true; return; }
    const turn = { again: true };
    this.#telling.set(job, turn);
    try {
      while (turn.again) {
        turn.again = false;
        const [attempt] = await liveAttempts(this.#options.stored.db, { job });
        if (attempt) await this.#sayTo(attempt);
      }
    } finally {
      this.#telling.delete(job);
    }
  }

  async #sayTo(attempt: LiveAttempt): Promise<void> {
    const { job, fence, worker, device, state } = attempt;
    if (state === 'Scheduled') return this.#startOn(attempt);
    if (state !== 'Running' && state !== 'Canceling') return undefined;
    const type = state === 'Running' ? 'STATUS' : 'CANCEL';
    if (this.#endpoint.send(worker, { type, job, fence })) this.#options.log.info(`[${job}] ${type} => ${worker} (${device})`);
    return undefined;
  }

  async #startOn(attempt: LiveAttempt): Promise<void> {
    const { job, fence, worker, device } = attempt;
    const session = this.#endpoint.sessions().find((s) => s.hostname === worker);
    if (session && session.protocol < callsSince && await this.#options.control.isInGroup(job)) {
      await this.#options.control.finish(worker, attempt, {
        result: 'fail', errorType: 'Infrastructure', errorCode: 'worker-too-old', errorMessage: `Worker ${worker} is of an older version (${session.version}), which cannot run multinode jobs: upgrade it`,
      });
      return;
    }
    const files = await this.#options.control.filesFor(attempt);
    if (files && this.#endpoint.send(worker, { type: 'START', job, fence, files })) this.#options.log.info(`[${job}] START => ${worker} (${device})`);
  }

  /** The worker has nothing of an attempt: it never began, or it was lost. */
  async #unknown(hostname: string, { job, fence }: AttemptRef): Promise<void> {
    const what = await this.#options.control.unknown(hostname, { job, fence });
    if (what === 'again') await this.#tell(job);
    else if (what === 'over') this.#endpoint.send(hostname, { type: 'END_OK', job, fence });
  }

  async #takeLog(session: Session, message: LogMessage, records: Buffer): Promise<void> {
    const { job, fence } = message;
    try {
      const taken = await this.#options.intake.take(session.hostname, message, message.index, message.count, records);
      if ('lines' in taken) this.#endpoint.replyLog(session, { type: 'LOG_OK', job, fence, lines: taken.lines });
      else {
        this.#options.log.info(`[${job}] records from ${session.hostname} refused: ${taken.refused}`);
        this.#endpoint.replyLog(session, { type: 'LOG_REFUSED', job, fence, reason: taken.refused });
      }
    } catch (error) {
      // Not acknowledged: the worker sends them again.
      this.#noteFailure(`log of job ${job}`, error);
    }
  }

  #do(what: string, work: () => Promise<void>): void {
    const done = work().catch((error) => this.#noteFailure(what, error)).finally(() => this.#working.delete(done));
    this.#working.add(done);
  }

  #noteFailure(what: string, error: unknown): void {
    if (this.#closing) return;
    if (isConnectionLoss(error)) {
      this.leases.outage();
      this.#options.log.warn(`${what}: the database is away (${messageOf(error)}); it is done when it is back`);
    } else {
      this.#options.log.error(`${what} failed: ${error instanceof Error ? error.stack : messageOf(error)}`);
    }
  }
}
