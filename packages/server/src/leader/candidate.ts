import type { Client } from 'pg';
import { ConfigurationError, messageOf, monotonicMs, sleep, type DaemonLog } from '@lava/base';
import { whenBack, type Connection } from '../store/connection.ts';
import { leaderSession, tryLock } from './lock.ts';
import { isInOffice, takeOffice, type Person } from './office.ts';

/** One term of office: from now on this server schedules and talks to the workers. */
interface Term {
  readonly epoch: string;
  /** The database; changes through it are refused once another leads. */
  readonly connection: Connection;
}

interface CandidateOptions {
  readonly connection: Connection;
  readonly log: DaemonLog;
  readonly person: Person;
  /** There is to be no other: give up when one leads for longer than ten seconds. */
  readonly alone: boolean;
  /** Begins to lead; returns how to stop. */
  lead(term: Term): Promise<() => Promise<void>>;
}

interface Candidate {
  /** Stops leading, if it does, and makes place for another. */
  close(): Promise<void>;
}

const alonePatience = 10;
/** Milliseconds between two signs of life to the database. */
const beat = 1000;
/** Milliseconds for which a leader that may have a rival goes on without the database. */
const doubt = 4000;
/** Milliseconds before the next try after one that failed. */
const rest = 1000;

/**
 * Leads as soon as nobody else does, and again after another did. Who leads holds an advisory lock in a session of its
 * own. The database itself ends that session when nothing is heard in it for a few seconds (a process that was stopped, a
 * machine or network that is gone), and the others ask for the lock five times a second.
 * @returns when it leads; with others about (`alone` false) at once
 * @throws ConfigurationError when it is to be alone and is not, or its certificate is not the one that workers know
 */
export async function stand(options: CandidateOptions): Promise<Candidate> {
  const { log, alone } = options;
  const stop = new AbortController();
  const first = alone ? await whenBack(alonePatience, () => begin(options, stop.signal)) : undefined;
  const career = (async () => {
    let inOffice = first;
    while (!stop.signal.aborted) {
      try {
        inOffice ??= await begin(options, stop.signal);
        if (inOffice) await inOffice.hold();
      } catch (error) {
        if (!stop.signal.aborted) log.error(`[LEADER] Could not begin to lead, it is tried again: ${messageOf(error)}`);
      }
      await inOffice?.leave().catch((error: unknown) => log.warn(`[LEADER] ${messageOf(error)}`));
      inOffice = undefined;
      await sleep(rest, stop.signal).catch(() => {});
    }
  })();
  return {
    async close() {
      stop.abort();
      await career;
    },
  };
}

interface InOffice {
  /** Resolves when another leads, or may. */
  hold(): Promise<void>;
  leave(): Promise<void>;
}

/** Waits for the lock, takes office and begins to lead. Undefined when it was told to stop. */
async function begin(options: CandidateOptions, stop: AbortSignal): Promise<InOffice | undefined> {
  const { connection, log, alone, person } = options;
  let session = await leaderSession(connection);
  try {
    const got = await tryLock(session, alone ? alonePatience : Infinity, stop);
    if (!got && alone) throw new ConfigurationError('another lava-server uses this database', { code: 'second-server', hint: 'Stop it first, or give this one another --root or DATABASE_URL. Several servers on one database need STORAGE in settings.yaml, see docs/scaling.md.' });
    if (!got) { await end(session); return undefined; }
    const epoch = await takeOffice(session, person, alone);
    const ofLeader = connection.ofLeader(epoch);
    log.info(`[LEADER] ${person.name} leads, epoch ${epoch}`);
    const resign = await options.lead({ epoch, connection: ofLeader }).catch(async (error: unknown) => {
      ofLeader.abort();
      await ofLeader.close();
      throw error;
    });
    return {
      async hold() {
        session = await holdLock({ connection, log, alone, epoch, session, stop });
      },
      async leave() {
        // What was begun fails rather than waits: whoever leads next does it.
        if (!stop.aborted) { log.warn(`[LEADER] ${person.name} leads no more`); ofLeader.abort(); }
        await resign();
        ofLeader.abort();
        await ofLeader.close();
        await end(session);
      },
    };
  } catch (error) {
    await end(session);
    throw error;
  }
}

interface Holding {
  readonly connection: Connection;
  readonly log: DaemonLog;
  readonly alone: boolean;
  readonly epoch: string;
  readonly session: Client;
  readonly stop: AbortSignal;
}

/**
 * Gives signs of life, and takes the lock again after the database was away. Resolves with the last session when another
 * leads, when one may for all that is known, or when it is to stop.
 */
async function holdLock({ connection, log, alone, epoch, stop, ...from }: Holding): Promise<Client> {
  let session = from.session;
  let heard = monotonicMs();
  while (!stop.aborted) {
    const patience = alone ? beat * 3 : Math.max(0, heard + doubt - monotonicMs());
    // A slow answer keeps the session, and with it the lock; only one that has ended is replaced.
    const held = await within(patience, session.query('select 1')).then(() => true, () => false);
    if (held) heard = monotonicMs();
    else if (!alone && monotonicMs() - heard >= doubt) {
      log.warn('[LEADER] The database has not answered for too long: another server may lead');
      return session;
    } else {
      void end(session);
      const again = await within(beat * 2, relock(connection, epoch)).catch((error: unknown) => { log.debug(`[LEADER] ${messageOf(error)}`); });
      if (again === 'replaced') return session;
      if (again) session = again;
    }
    await sleep(held ? beat : beat / 4, stop).catch(() => {});
  }
  return session;
}

/** A new session with the lock; undefined while somebody else has it, who has not taken office. */
async function relock(connection: Connection, epoch: string): Promise<Client | 'replaced' | undefined> {
  const session = await leaderSession(connection);
  if (await isInOffice(session, epoch)) {
    if (await tryLock(session, 0)) {
      if (await isInOffice(session, epoch)) return session;
    } else {
      await end(session);
      return undefined;
    }
  }
  await end(session);
  return 'replaced';
}

async function end(session: Client): Promise<void> {
  // A dead connection would never say that it has ended.
  await within(beat, session.end()).catch(() => session.connection.stream.destroy());
}

/** Rejects when it takes longer than so many milliseconds. */
async function within<T>(ms: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => { timer = setTimeout(() => reject(new Error(`no answer within ${ms} ms`)), ms); });
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
}
