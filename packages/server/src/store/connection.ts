import { setMaxListeners } from 'node:events';
import { Kysely, PostgresDialect, type PostgresPool, type PostgresPoolClient } from 'kysely';
import { Client, Pool, escapeIdentifier, type ClientConfig, type PoolClient, type QueryResult } from 'pg';
import { messageOf, monotonicMs, sleep, type DaemonLog } from '@lava/base';
import type { Database } from './database.ts';
import { preparedName, renewPlans } from './prepared.ts';

/** Where PostgreSQL is: a connection string, or the folder of a managed server's socket. */
export type Target = { readonly url: string } | { readonly socketFolder: string; readonly database?: string };

export interface Connection {
  readonly db: Kysely<Database>;
  /** True while the database answers within two seconds. */
  healthy(): Promise<boolean>;
  /** One session of its own, outside the pool; the caller ends it. */
  session(): Promise<Client>;
  /** The same database for the leader of this epoch: when another leads, nothing can be changed through it any more. */
  ofLeader(epoch: string): Connection;
  /** Ends all sessions of the pool at once and for ever: whatever waits for the database fails. */
  abort(): void;
  close(): Promise<void>;
}

interface ConnectOptions {
  readonly log: DaemonLog;
  /** Seconds to wait for a database that is away before a query fails. */
  readonly patience?: number;
  /** What the sessions call themselves. */
  readonly name?: string;
  /** Run-time settings of PostgreSQL for the sessions of the pool. */
  readonly session?: Readonly<Record<string, string>>;
}

/**
 * Sessions of servers: one that was paused in the midst of a transaction holds rows that the others need, so that the
 * database ends it after five seconds.
 */
export const serverSession = { idle_in_transaction_session_timeout: '5s' } as const;

/** Opens a pool of sessions. Nothing connects before the first query; a lost session never ends the process. */
export function connect(target: Target, options: ConnectOptions): Connection {
  const { log, patience = 10, name = 'lava-server', session = {} } = options;
  const common = { application_name: name, connectionTimeoutMillis: 5000, keepAlive: true, keepAliveInitialDelayMillis: 10_000 };
  const pool = new Pool({ ...clientConfig(target, session), ...common, max: 12, idleTimeoutMillis: 60_000 });
  pool.on('error', (error) => log.debug(`A session of the database ended: ${messageOf(error)}`));
  const open = new Set<PoolClient>();
  const dead = new AbortController();
  // One for each query that waits for a session.
  setMaxListeners(0, dead.signal);
  pool.on('connect', (client) => {
    open.add(client);
    // While a client is lent out the pool does not listen, and an error nobody listens to would end the process.
    client.on('error', () => {});
    client.once('end', () => open.delete(client));
  });
  const db = new Kysely<Database>({ dialect: new PostgresDialect({ pool: patientPool(pool, patience * 1000, dead.signal) }) });
  return {
    db,
    async healthy() {
      const answer = pool.query('select 1').then(() => true, () => false);
      return Promise.race([answer, sleep(2000).then(() => false)]);
    },
    async session() {
      const client = new Client({ ...clientConfig(target), ...common });
      client.on('error', () => {});
      await client.connect();
      return client;
    },
    ofLeader: (epoch) => connect(target, { ...options, session: { ...session, 'lava.epoch': epoch } }),
    abort() {
      dead.abort(new Error('Client was closed'));
      for (const client of open) (client as unknown as Client).connection.stream.destroy();
    },
    close: () => db.destroy(),
  };
}

/** What `pg` is told; the settings of a session go with those that a connection string brings along. */
function clientConfig(target: Target, session: Readonly<Record<string, string>> = {}): ClientConfig {
  const flags = Object.entries(session).map(([name, value]) => `-c ${name}=${value}`).join(' ');
  if (!('url' in target)) return { host: target.socketFolder, port: 5432, user: 'lava', database: target.database ?? 'lava', options: flags };
  if (flags === '') return { connectionString: target.url };
  const [base = '', query = ''] = target.url.split('?', 2);
  const parameters = new URLSearchParams(query);
  parameters.set('options', [parameters.get('options'), flags].filter(Boolean).join(' '));
  // A plus sign would stay one.
  return { connectionString: `${base}?${parameters.toString().replaceAll('+', '%20')}` };
}

/** What the database says to a leader that another has replaced: for it, the database is away. */
const replacedLeader = 'LV001';

/** Whether a query failed because the session or the whole database went away, so that it may be tried again. */
export function isConnectionLoss(error: unknown): boolean {
  const { code, message, syscall } = error as { code?: string; message?: string; syscall?: string };
  return ['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'ENOTFOUND', 'EAI_AGAIN', '57P01', '57P02', '57P03', '57P05', '25P03', replacedLeader].includes(code ?? '')
    || code?.startsWith('08') === true
    // Its socket is not there; any other file that is missing has nothing to do with it.
    || (code === 'ENOENT' && syscall === 'connect')
    || /Connection terminated|connection error and is not queryable|timeout exceeded when trying to connect|timeout expired|Client was closed/i.test(message ?? '');
}

/** Runs something that may be repeated until the database is back, at most for `seconds`. */
export async function whenBack<T>(seconds: number, attempt: () => Promise<T>, signal?: AbortSignal): Promise<T> {
  const end = monotonicMs() + seconds * 1000;
  for (let pause = 50; ; pause = Math.min(pause * 2, 1000)) {
    try {
      return await attempt();
    } catch (error) {
      if (!isConnectionLoss(error) || monotonicMs() + pause > end || signal?.aborted) throw error;
      await sleep(pause, signal);
    }
  }
}

/** Makes a database of a managed server if it is missing, optionally as a copy of another one. */
export async function ensureDatabase(socketFolder: string, name: string, template?: string): Promise<void> {
  const client = new Client({ host: socketFolder, port: 5432, user: 'lava', database: 'postgres', connectionTimeoutMillis: 5000 });
  // A session that ends is told by what is asked in it.
  client.on('error', () => {});
  await client.connect();
  try {
    const found = await client.query('select 1 from pg_database where datname = $1', [name]);
    if (found.rowCount === 0) await client.query(`create database ${escapeIdentifier(name)}${template ? ` template ${escapeIdentifier(template)}` : ''}`);
  } finally {
    await client.end().catch(() => {});
  }
}

/** A pool whose users wait while the database is away. Queries that only read are repeated; others are not. */
function patientPool(pool: Pool, patienceMs: number, dead: AbortSignal): PostgresPool {
  const seconds = patienceMs / 1000;
  return {
    connect: () => new Promise((resolve, reject) => {
      const stop = () => reject(dead.reason as Error);
      dead.addEventListener('abort', stop, { once: true });
      whenBack(seconds, () => pool.connect(), dead).then((client) => {
        // One that comes too late has no taker.
        if (dead.aborted) client.release(true);
        else resolve(new PatientClient(pool, client, seconds, dead));
      }).catch(reject).finally(() => dead.removeEventListener('abort', stop));
      if (dead.aborted) stop();
    }),
    end: () => pool.end(),
  };
}

class PatientClient implements PostgresPoolClient {
  readonly #pool: Pool;
  readonly #seconds: number;
  readonly #dead: AbortSignal;
  /** Undefined after a session broke and no other could be had. */
  #client: PoolClient | undefined;
  #inTransaction = false;
  #broken = false;

  constructor(pool: Pool, client: PoolClient, seconds: number, dead: AbortSignal) {
    this.#pool = pool;
    this.#dead = dead;
    this.#client = client;
    this.#seconds = seconds;
  }

  // Kysely's interface also knows cursors, which we do not use.
  query(text: unknown, parameters?: readonly unknown[]): never {
    return this.#query(String(text), parameters) as never;
  }

  async #query(statement: string, parameters?: readonly unknown[]): Promise<QueryResult> {
    const repeatable = !this.#inTransaction && /^\s*(select|begin|start transaction)\b/i.test(statement);
    const result = await (repeatable ? whenBack(this.#seconds, () => this.#once(statement, parameters), this.#dead) : this.#once(statement, parameters));
    if (/^\s*(begin|start transaction)\b/i.test(statement)) this.#inTransaction = true;
    if (/^\s*(commit|rollback)\s*$/i.test(statement)) this.#inTransaction = false;
    return result;
  }

  release(): void {
    this.#client?.release(this.#broken);
  }

  async #once(statement: string, parameters: readonly unknown[] = []): Promise<QueryResult> {
    if (this.#broken && !this.#inTransaction) {
      this.#client?.release(true);
      this.#client = undefined;
      this.#broken = false;
    }
    this.#client ??= await this.#pool.connect();
    const name = preparedName(statement);
    try {
      if (name !== undefined) await renewPlans(this.#client);
      return await this.#client.query({ name, text: statement, values: [...parameters] });
    } catch (error) {
      if (isConnectionLoss(error)) this.#broken = true;
      throw error;
    }
  }
}
