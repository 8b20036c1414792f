import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { closeSync, constants, openSync, readFileSync } from 'node:fs';
import { access, chmod, lstat, mkdir, realpath, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { InfrastructureError, messageOf, sleep, type DaemonLog } from '@lava/base';
import { chooseAccount, command, give, type Account } from './account.ts';
import { findPostmaster } from './postmaster.ts';
import { installPrograms } from './programs.ts';

/** A PostgreSQL server of our own, reached only by a Unix socket in a folder that nobody else may enter. */
export interface ManagedPostgres {
  /** Folder of the socket `.s.PGSQL.5432`. */
  readonly socketFolder: string;
  /** Ends the server: open transactions are rolled back, sessions closed, everything flushed. */
  stop(): Promise<void>;
  /** Lets the server run on without us: somebody else uses it. */
  leave(): Promise<void>;
}

interface ManagedOptions {
  /** Folder for programs and data, e.g. `/var/lib/lava-server/postgresql`. */
  readonly folder: string;
  readonly log: DaemonLog;
  /**
   * Nothing is forced to the disk; for tests that start from nothing and kill processes, not machines. After a crash
   * PostgreSQL syncs every file of every database, which takes a busy disk half a minute when a test file has made many.
   */
  readonly quick?: boolean;
}

const settings = {
  listen_addresses: '', unix_socket_permissions: '0700', max_connections: '60', shared_buffers: '64MB', timezone: 'UTC',
  log_timezone: 'UTC', jit: 'off', max_wal_size: '512MB',
  // Disks without heads: what an index holds is read from it, not from the whole table.
  random_page_cost: '1.1',
};

/**
 * Starts the database below `folder`, making it first if there is none, and keeps it running until `stop`.
 * One that a killed server left running is taken over. Throws InfrastructureError when it cannot be started.
 */
export async function startManagedPostgres(options: ManagedOptions): Promise<ManagedPostgres> {
  const folder = await ownFolder(options.folder);
  const data = join(folder, 'data');
  const account = await chooseAccount(folder, data);
  const socketFolder = await makeSocketFolder(folder, account);
  const server = new Supervisor(folder, data, socketFolder, account, options);
  await server.start();
  return server;
}

/** Where manage commands find the database of a running server; undefined when it does not run. */
export async function findManagedPostgres(folder: string): Promise<string | undefined> {
  const real = await realpath(folder).catch(() => undefined);
  const running = real === undefined ? undefined : await findPostmaster(join(real, 'data'));
  return running?.ready ? running.socketFolder : undefined;
}

class Supervisor implements ManagedPostgres {
  readonly socketFolder: string;
  readonly #folder: string;
  readonly #data: string;
  readonly #account: Account;
  readonly #options: ManagedOptions;
  readonly #stopping = new AbortController();
  #pid = 0;
  #watch: Promise<void> = Promise.resolve();

  constructor(folder: string, data: string, socketFolder: string, account: Account, options: ManagedOptions) {
    this.socketFolder = socketFolder;
    this.#folder = folder;
    this.#data = data;
    this.#account = account;
    this.#options = options;
  }

  async start(): Promise<void> {
    const { log } = this.#options;
    const programs = await installPrograms(this.#folder);
    if (!(await stat(join(this.#data, 'PG_VERSION')).catch(() => undefined))) await this.#create(programs);
    this.#pid = await this.#takeOverOrLaunch(programs);
    log.info(`PostgreSQL runs as process ${this.#pid}, data in ${this.#data}`);
    this.#watch = this.#keepRunning(programs);
  }

  async leave(): Promise<void> {
    this.#stopping.abort();
    await this.#watch;
  }

  async stop(): Promise<void> {
    await this.leave();
    const running = await findPostmaster(this.#data);
    if (!running) return;
    for (const [signal, seconds] of [['SIGINT', 30], ['SIGQUIT', 10]] as const) {
      try { process.kill(running.pid, signal); } catch { return; }
      for (let n = 0; n < seconds * 50; n++) {
        if (!isAlive(running.pid)) return;
        await sleep(20);
      }
    }
  }

  async #create(programs: string): Promise<void> {
    const fresh = `${this.#data}.new`;
    await rm(fresh, { recursive: true, force: true });
    await mkdir(fresh, { mode: 0o700 });
    await give(this.#account, fresh);
    await this.#run(join(programs, 'bin/initdb'), ['-D', fresh, '-U', 'lava', '--auth=trust', '--encoding=UTF8', '--locale-provider=builtin',
      '--locale=C.UTF-8', '--no-instructions', ...(this.#options.quick ? ['--no-sync'] : [])]);
    await rename(fresh, this.#data);
  }

  async #run(program: string, args: string[]): Promise<void> {
    const { file, args: all, options } = command(this.#account, program, args);
    const child = spawn(file, all, { ...options, stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, TZ: 'UTC', LC_ALL: 'C' } });
    let output = '';
    child.stdout?.on('data', (d: Buffer) => { output += d; });
    child.stderr?.on('data', (d: Buffer) => { output += d; });
    const status = await new Promise((resolve, reject) => { child.on('close', resolve); child.on('error', reject); }).catch((error: Error) => { output += error.message; });
    if (status !== 0) throw this.#failure(`${program} failed: ${output.trim()}`);
  }

  /** The process number of a ready server that an earlier life of ours left behind. */
  async #takeOver(): Promise<number | undefined> {
    for (let n = 0; n < 1500; n++) {
      const running = await findPostmaster(this.#data);
      if (!running) return undefined;
      if (running.ready && running.socketFolder === this.socketFolder) {
        this.#options.log.info(`Taking over the PostgreSQL server that is still running (process ${running.pid})`);
        return running.pid;
      }
      if (running.ready) process.kill(running.pid, 'SIGINT');
      await sleep(20);
    }
    throw this.#failure(`another PostgreSQL server holds ${this.#data} and neither becomes ready nor ends`);
  }

  /** What is left of one that was killed, sessions or its entry in the process table, may keep the next from starting for a moment. */
  async #takeOverOrLaunch(programs: string): Promise<number> {
    for (let n = 0; ; n++) {
      try {
        return await this.#takeOver() ?? await this.#launch(programs);
      } catch (error) {
        if (n === 50 || !/lock file "postmaster\.pid" already exists|pre-existing shared memory block/.test(messageOf(error))) throw error;
        await sleep(200);
      }
    }
  }

  async #launch(programs: string): Promise<number> {
    const logFile = join(this.#folder, 'postgresql.log');
    const output = openSync(logFile, 'a', 0o640);
    const args = ['-D', this.#data, '-k', this.socketFolder, ...Object.entries({ ...settings, ...(this.#options.quick && { fsync: 'off' }) }).flatMap(([k, v]) => ['-c', `${k}=${v}`])];
    const { file, args: all, options } = command(this.#account, join(programs, 'bin/postgres'), args);
    // Detached: Ctrl-C in a terminal is for us, who then end the database in order.
    const child = spawn(file, all, { ...options, detached: true, stdio: ['ignore', output, output], cwd: '/', env: { ...process.env, TZ: 'UTC', LC_ALL: 'C' } });
    closeSync(output);
    let failed: string | undefined;
    child.on('error', (error) => { failed = error.message; });
    child.on('exit', (status, signal) => { failed ??= `it ended with ${signal ?? `status ${status}`}`; });
    child.unref();
    while (failed === undefined) {
      const running = await findPostmaster(this.#data);
      if (running?.ready && running.pid === child.pid) return running.pid;
      await sleep(15);
    }
    throw this.#failure(`PostgreSQL did not start: ${failed}. Last lines of ${logFile}: ${lastLines(logFile)}`);
  }

  async #keepRunning(programs: string): Promise<void> {
    let pause = 100;
    while (!this.#stopping.signal.aborted) {
      try {
        await sleep(isAlive(this.#pid) ? 250 : pause, this.#stopping.signal);
      } catch { return; }
      if (isAlive(this.#pid)) { pause = 100; continue; }
      this.#options.log.error(`PostgreSQL (process ${this.#pid}) ended; starting it again`);
      try {
        this.#pid = await this.#takeOverOrLaunch(programs);
        this.#options.log.info(`PostgreSQL runs again as process ${this.#pid}`);
      } catch (error) {
        this.#options.log.error(String(error instanceof Error ? error.message : error));
        pause = Math.min(pause * 2, 5000);
      }
    }
  }

  #failure(message: string): InfrastructureError {
    const hint = this.#account.kind === 'namespace'
      ? 'No unprivileged user can reach this folder, and user namespaces may be forbidden here: use another --root, start as a normal user, or set DATABASE_URL.'
      : 'See the log of PostgreSQL, or name another server in DATABASE_URL.';
    return new InfrastructureError(message, { code: 'postgresql-start', hint });
  }
}

/** The folder, made if need be; we must be able to write there. */
async function ownFolder(path: string): Promise<string> {
  try {
    await mkdir(path, { recursive: true, mode: 0o755 });
    await access(path, constants.W_OK);
    return await realpath(path);
  } catch (error) {
    throw new InfrastructureError(`no permission to keep the database in ${path}: ${messageOf(error)}`, {
      code: 'state-folder', cause: error, hint: 'Use sudo, become the user that the server runs as, or move all paths with --root FOLDER (LAVA_ROOT).',
    });
  }
}

/** A path for a Unix socket may have only 107 bytes: deep state folders get one in /tmp, named for them. */
async function makeSocketFolder(folder: string, account: Account): Promise<string> {
  const inside = join(folder, 'socket');
  const path = inside.length <= 80 ? inside : `/tmp/lava-postgresql-${createHash('sha256').update(folder).digest('hex').slice(0, 12)}`;
  await mkdir(path, { mode: 0o700 }).catch((error: NodeJS.ErrnoException) => { if (error.code !== 'EEXIST') throw error; });
  const found = await lstat(path);
  const owners = [process.geteuid?.(), account.kind === 'user' ? account.uid : undefined];
  if (!found.isDirectory() || !owners.includes(found.uid)) {
    throw new InfrastructureError(`${path} belongs to somebody else`, { code: 'socket-folder', hint: 'Remove it: the database needs this folder for its socket.' });
  }
  await give(account, path);
  await chmod(path, 0o700);
  return path;
}

function isAlive(pid: number): boolean {
  try {
    // A killed child that is not yet waited for is still listed.
    return !/^\d+ \(.*\) Z/.test(readFileSync(`/proc/${pid}/stat`, 'latin1'));
  } catch { return false; }
}

function lastLines(file: string): string {
  try { return readFileSync(file, 'utf8').trimEnd().split('\n').slice(-5).join(' | '); } catch { return ''; }
}
