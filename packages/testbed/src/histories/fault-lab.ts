import { execFile } from 'node:child_process';
import { chmod, copyFile, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import { lavaPaths } from '@lava/base';
import { TcpProxy } from '../link/tcp-proxy.ts';
import { LavaSystem } from '../system/lava-system.ts';
import { freePort } from '../system/ports.ts';
import { DaemonLogs } from './daemon-logs.ts';
import { DiskOfItsOwn } from './disk.ts';
import { FakeClock, removeFakeClockRemains } from './fake-clock.ts';
import { LabDatabase } from './lab-database.ts';
import { logsOnDisk, sharedLogs, type LabLogs } from './lab-logs.ts';
import { boardTemplate, noteTerms, powerScript } from './lab-files.ts';
import { LabServer } from './lab-server.ts';
import { NumberedBoard } from './numbered-board.ts';
import { boardTypes, workerNames } from './plan.ts';
import { childrenOf, processesOfAttempt, signal } from './processes.ts';
import { Proxies } from './proxies.ts';
import { WorkerNetwork } from './worker-network.ts';

const run = promisify(execFile);

/** Seconds of a lease in this lab: longer than any fault that no job may notice. */
export const leaseSeconds = 10;

/** A worker of the lab: it reaches the server through proxies, and has a network and a disk of its own where that is possible. */
export interface LabWorker {
  readonly name: string;
  readonly folder: string;
  readonly attempts: string;
  readonly control: Proxies;
  readonly log: Proxies;
  readonly network: WorkerNetwork | undefined;
  readonly clock: FakeClock;
  readonly disk: DiskOfItsOwn | undefined;
}

const open = new Set<FaultLab>();

/** A server with its PostgreSQL, or two servers that share one; three workers and twenty boards. All of it can be hurt. */
export class FaultLab {
  /** The system of the first server, which made the database. */
  readonly system: LavaSystem;
  readonly servers: LabServer[] = [];
  readonly workers: LabWorker[] = [];
  readonly boards: NumberedBoard[] = [];
  readonly database: LabDatabase;
  readonly eventSockets: string[] = [];
  /** What servers and workers said. */
  readonly said = new DaemonLogs();
  logs: LabLogs = logsOnDisk(this);
  serverClock: FakeClock | undefined;
  serverDisk: DiskOfItsOwn | undefined;
  #tokenOfWatcher = '';
  /** The server that is asked first. */
  #asked = 0;

  private constructor(system: LavaSystem) {
    this.system = system;
    this.database = new LabDatabase(join(lavaPaths(system.root).serverState, 'postgresql/socket'));
  }

  static async open(boards = 20, servers: 1 | 2 = 1): Promise<FaultLab> {
    const root = await mkdtemp(join(tmpdir(), 'lava-faults-'));
    await chmod(root, 0o755);
    const lab = new FaultLab(await LavaSystem.at(root));
    open.add(lab);
    try {
      await lab.#build(boards, servers);
    } catch (error) {
      await lab.close();
      throw error;
    }
    return lab;
  }

  get jobOutput(): string {
    return join(lavaPaths(this.system.root).serverState, 'default/media/job-output');
  }

  worker(name: string): LabWorker {
    return this.workers.find((w) => w.name === name)!;
  }

  /** Starts all servers that do not run. */
  async ensureServers(): Promise<void> {
    await Promise.all(this.servers.map((server) => server.ensure()));
  }

  /** The server that leads, or led last. */
  async leader(): Promise<LabServer | undefined> {
    const [row] = await this.database.rows<{ url: string }>('select url from leadership');
    return this.servers.find(({ system }) => system.url === row?.url);
  }

  /** A JSON request as the admin, to whichever server answers. */
  api<T>(path: string, body?: unknown): Promise<T> {
    return this.#askAny((system) => system.api<T>(path, body));
  }

  /** An answer as it is, asked for by the admin, or by somebody who may only look. With `body`, XML is posted. */
  text(path: string, who: 'admin' | 'watcher' = 'admin', body?: string): Promise<string> {
    return this.#askAny(async ({ url, token: tokenOfAdmin }) => {
      const token = who === 'admin' ? tokenOfAdmin : this.#tokenOfWatcher;
      // XML-RPC knows no other way to sign in.
      const headers: Record<string, string> = body === undefined ? { authorization: `Token ${token}` } : { authorization: `Basic ${Buffer.from(`${who}:${token}`).toString('base64')}`, 'content-type': 'text/xml' };
      const response = await fetch(url + path, { headers, ...(body !== undefined && { method: 'POST', body }) });
      if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
      return response.text();
    });
  }

  /** As a balancer does it: a server that does not answer is left alone. */
  async #askAny<T>(ask: (system: LavaSystem) => Promise<T>): Promise<T> {
    const { system } = this.servers[this.#asked]!;
    if (this.servers.length === 1) return ask(system);
    try {
      return await Promise.race([ask(system), pause(2500).then(() => { throw new Error('no answer'); })]);
    } catch (error) {
      if (!/: 4\d\d /.test(String(error))) this.#asked = (this.#asked + 1) % this.servers.length;
      throw error;
    }
  }

  ensureWorker({ name, folder, control, log, clock, network }: LabWorker): void {
    if (this.system.workers.get(name)?.running) return;
    const host = network?.server ?? '127.0.0.1';
    this.system.startWorker(name, { ...(network && { enter: network.enter }), args: ['--worker-dir', folder, '--master', control.addresses(host), '--socket-addr', log.addresses(host)], env: clock.environment });
  }

  /** The processes of PostgreSQL, the postmaster first; none when it is down. */
  async databaseProcesses(): Promise<number[]> {
    const file = join(lavaPaths(this.system.root).serverState, 'postgresql/data/postmaster.pid');
    const pid = Number((await readFile(file, 'utf8').catch(() => '')).split('\n')[0]);
    return pid > 0 ? [pid, ...childrenOf(pid)] : [];
  }

  /** Files with what servers and workers said. */
  async daemonLogs(): Promise<string[]> {
    const folders = [...new Set([this.system, ...this.servers.map((s) => s.system)].map(({ root }) => root))];
    return (await Promise.all(folders.map(async (folder) => (await readdir(folder)).filter((name) => name.endsWith('.log')).map((name) => join(folder, name))))).flat();
  }

  /** Copies what servers and workers said to a folder. */
  async keepLogs(folder: string): Promise<void> {
    await mkdir(folder, { recursive: true });
    for (const [n, path] of (await this.daemonLogs()).entries()) await this.copy(path, join(folder, `${n}-${basename(path)}`));
  }

  /** Closes all labs of this program. */
  static async closeAll(): Promise<void> {
    await Promise.all([...open].map((lab) => lab.close()));
  }

  async close(): Promise<void> {
    open.delete(this);
    await this.database.close();
    // Whatever state a history left them in.
    for (const { name, attempts } of this.workers) {
      await this.system.workers.get(name)?.end('SIGKILL');
      for (const attempt of await readdir(attempts).catch(() => [])) for (const pid of processesOfAttempt(join(attempts, attempt))) signal(pid, 'SIGKILL');
    }
    for (const { system: { server }, wayToDatabase } of this.servers) {
      wayToDatabase?.restore();
      if (server?.running) server.process.kill('SIGCONT');
      await Promise.race([server?.end(), pause(30_000, undefined, { ref: false }).then(() => server?.end('SIGKILL'))]);
      await wayToDatabase?.close();
    }
    await this.#endDatabase();
    for (const { control, log } of this.workers) { await control.close(); await log.close(); }
    for (const board of this.boards) await board.close();
    for (const { network } of this.workers) await network?.remove();
    for (const disk of [this.serverDisk, ...this.workers.map((w) => w.disk)]) await disk?.remove();
    await removeFakeClockRemains();
    await rm(this.system.root, { recursive: true, force: true });
  }

  async #build(boards: number, servers: 1 | 2): Promise<void> {
    const { system } = this;
    const { root } = system;
    this.serverClock = await FakeClock.make(join(root, 'server-clock'), { withDatabase: true });
    if (servers === 1) this.serverDisk = await DiskOfItsOwn.make(this.jobOutput);
    await this.#configure(root, '');
    this.servers.push(new LabServer(system, () => this.#environment()));
    await this.ensureServers();
    for (const statement of noteTerms) await this.database.rows(statement);
    await system.manage('users', 'add', 'watcher', '--passwd', 'only looks');
    this.#tokenOfWatcher = await system.manage('tokens', 'add', '-u', 'watcher', '-d', 'looks');
    if (servers === 2) await this.#share();
    const power = join(root, 'power.sh');
    await writeFile(power, powerScript);
    for (const name of workerNames) await this.#addWorker(name);
    await this.#addBoards(boards, power);
    for (const worker of this.workers) this.ensureWorker(worker);
  }

  #environment(more: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv {
    return { LAVA_LEASE_SECONDS: String(leaseSeconds), LAVA_LOGLEVEL: 'DEBUG', ...this.serverClock?.environment, ...more };
  }

  /** Settings of a server; each has a socket for events of its own. */
  async #configure(root: string, more: string): Promise<void> {
    const socket = `tcp://127.0.0.1:${await freePort()}`;
    this.eventSockets.push(socket);
    const { serverConfig } = lavaPaths(root);
    await mkdir(serverConfig, { recursive: true });
    await writeFile(join(serverConfig, 'settings.yaml'), `EVENT_NOTIFICATION: true\nEVENT_SOCKET: "${socket}"\n${more}`);
  }

  /** The server that made the database dies and leaves it running; two that share it take its place. */
  async #share(): Promise<void> {
    const [founder] = this.servers.splice(0);
    await founder!.end('SIGKILL');
    this.eventSockets.length = 0;
    const { root } = this.system;
    const storage = join(root, 'storage');
    await mkdir(storage);
    const second = await LavaSystem.at(join(root, 'second'));
    for (const name of ['admin-password', 'admin-token']) await copyFile(join(root, name), join(second.root, name));
    const { certificates } = lavaPaths(root);
    for (const system of [this.system, second]) {
      await this.#configure(system.root, `STORAGE: {folder: ${storage}}\n`);
      const way = await TcpProxy.to({ path: join(lavaPaths(root).serverState, 'postgresql/socket/.s.PGSQL.5432') });
      this.servers.push(new LabServer(system, () => this.#environment({
        DATABASE_URL: `postgresql://lava@127.0.0.1:${way.port}/lava`, LAVA_ADVERTISE: system.url,
        LAVA_MASTER_CERT: join(certificates, 'master.key_secret'), LAVA_SLAVES_CERTS: certificates,
      }), way));
    }
    this.logs = sharedLogs(this);
    await this.ensureServers();
  }

  /** Nobody else ends a database that several servers share. */
  async #endDatabase(): Promise<void> {
    const pids = await this.databaseProcesses();
    for (const pid of pids) signal(pid, 'SIGCONT');
    if (pids[0] === undefined || !signal(pids[0], 'SIGINT')) return;
    for (let n = 0; n < 500 && (await this.databaseProcesses()).length > 0; n++) await pause(20);
  }

  async #addWorker(name: string): Promise<void> {
    const { root } = this.system;
    await this.system.addWorker(name);
    const folder = join(root, 'workers', name);
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const network = await WorkerNetwork.make();
    const ways = (port: 'control' | 'log') => Proxies.to(this.servers.map(({ system }) => system.ports[port]), network?.server);
    this.workers.push({
      name, folder, attempts: join(folder, 'attempts'), control: await ways('control'), log: await ways('log'), network,
      clock: await FakeClock.make(join(root, `${name}-clock`)), disk: await DiskOfItsOwn.make(folder),
    });
  }

  async #addBoards(count: number, power: string): Promise<void> {
    const { system } = this;
    const devices: Record<string, object> = {};
    for (let n = 0; n < count; n++) {
      const worker = this.workers[n % this.workers.length]!;
      const address = worker.network?.boards ?? '127.0.0.1';
      const board = await NumberedBoard.start(`board${String(n + 1).padStart(2, '0')}`, address);
      this.boards.push(board);
      devices[board.name] = {
        device_type: boardTypes[n % 3 === 2 ? 1 : 0], worker: worker.name,
        variables: {
          connection_command: `tcp://${address}:${board.serialPort}`,
          hard_reset_command: `bash ${power} ${address} ${board.switchPort} cycle`, power_off_command: `bash ${power} ${address} ${board.switchPort} off`,
        },
      };
    }
    const plan = join(system.root, 'lab.yaml');
    await writeFile(plan, JSON.stringify({ device_types: Object.fromEntries(boardTypes.map((t) => [t, { template: boardTemplate }])), devices }));
    await system.lava('lab', 'apply', '--yes', plan);
    for (const board of this.boards) await system.api(`/api/v1/devices/${board.name}/health`, { health: 'Good', reason: 'new' });
  }

  /** Folders of attempts that a worker has now. */
  async attemptFolders(worker: LabWorker): Promise<string[]> {
    return (await readdir(worker.attempts).catch(() => [])).filter((name) => /^\d+-\d+$/.test(name));
  }

  /** Copies files with their times. */
  async copy(from: string, to: string): Promise<void> {
    await run('cp', ['-a', from, to]);
  }
}
