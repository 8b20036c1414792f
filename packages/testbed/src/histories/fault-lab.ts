import { execFile } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import { lavaPaths } from '@lava/base';
import { TcpProxy } from '../link/tcp-proxy.ts';
import { LavaSystem } from '../system/lava-system.ts';
import { DiskOfItsOwn } from './disk.ts';
import { FakeClock, removeFakeClockRemains } from './fake-clock.ts';
import { LabDatabase } from './lab-database.ts';
import { NumberedBoard } from './numbered-board.ts';
import { boardTypes, workerNames } from './plan.ts';
import { childrenOf, processesOfAttempt, signal } from './processes.ts';
import { WorkerNetwork } from './worker-network.ts';

const run = promisify(execFile);

/** Seconds of a lease in this lab: longer than any fault that no job may notice. */
export const leaseSeconds = 10;

const template = `parameters: {}
commands:
  connect: {{ connection_command }}
  hard_reset: {{ hard_reset_command }}
  power_off: {{ power_off_command }}
constants:
  failure_retry: 1
  boot_retry: 1
  kernel-start-message: 'Linux version [0-9]'
  default-shell-prompt: 'lava-test: # '
  shutdown-message: 'going down'
  spawn_maxread: '4092'
actions:
  deploy: {methods: {}}
  boot: {connections: {serial: null}, methods: {minimal: null}}
timeouts:
  actions: {power-off: {seconds: 20}}
  connections: {}
`;

/** The board's power switch is told the attempt; it answers when it has done it. */
const powerScript = `exec 3<>/dev/tcp/$1/$2 || exit 1
echo "$3 \${LAVA_ATTEMPT##*/}" >&3
read -r answer <&3
[ "$answer" = done ]
`;

/** A worker of the lab: it reaches the server through proxies, and has a network and a disk of its own where that is possible. */
export interface LabWorker {
  readonly name: string;
  readonly folder: string;
  readonly attempts: string;
  readonly control: TcpProxy;
  readonly log: TcpProxy;
  readonly network: WorkerNetwork | undefined;
  readonly clock: FakeClock;
  readonly disk: DiskOfItsOwn | undefined;
}

const open = new Set<FaultLab>();

/** A server with its PostgreSQL, three workers and twenty boards, all of which can be hurt. */
export class FaultLab {
  readonly system: LavaSystem;
  readonly workers: LabWorker[] = [];
  readonly boards: NumberedBoard[] = [];
  readonly database: LabDatabase;
  serverClock: FakeClock | undefined;
  serverDisk: DiskOfItsOwn | undefined;
  #starting: Promise<unknown> = Promise.resolve();

  private constructor(system: LavaSystem) {
    this.system = system;
    this.database = new LabDatabase(join(lavaPaths(system.root).serverState, 'postgresql/socket'));
  }

  static async open(boards = 20): Promise<FaultLab> {
    const root = await mkdtemp(join(tmpdir(), 'lava-faults-'));
    await chmod(root, 0o755);
    const lab = new FaultLab(await LavaSystem.at(root));
    open.add(lab);
    try {
      await lab.#build(boards);
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

  /** Starts the server if it does not run; one call after the other. */
  ensureServer(): Promise<void> {
    const starting = this.#starting.catch(() => undefined).then(async () => {
      while (!this.system.server?.running) {
        try {
          await this.system.startServer({ env: { LAVA_LEASE_SECONDS: String(leaseSeconds), LAVA_LOGLEVEL: 'DEBUG', ...this.serverClock?.environment } });
        } catch (error) {
          // Another fault may have killed it, or told it to end, while it started.
          const { signalCode, exitCode } = this.system.server!.process;
          if (signalCode === null && exitCode !== 0) throw error;
        }
      }
    });
    this.#starting = starting;
    return starting;
  }

  ensureWorker({ name, folder, control, log, clock, network }: LabWorker): void {
    if (this.system.workers.get(name)?.running) return;
    this.system.startWorker(name, { ports: { control: control.port, log: log.port }, ...(network && { host: network.server, enter: network.enter }), args: ['--worker-dir', folder], env: clock.environment });
  }

  /** The processes of PostgreSQL, the postmaster first; none when it is down. */
  async databaseProcesses(): Promise<number[]> {
    const file = join(lavaPaths(this.system.root).serverState, 'postgresql/data/postmaster.pid');
    const pid = Number((await readFile(file, 'utf8').catch(() => '')).split('\n')[0]);
    return pid > 0 ? [pid, ...childrenOf(pid)] : [];
  }

  /** Copies what server and workers said to a folder. */
  async keepLogs(folder: string): Promise<void> {
    await mkdir(folder, { recursive: true });
    for (const name of await readdir(this.system.root)) if (name.endsWith('.log')) await this.copy(join(this.system.root, name), folder);
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
    const { server } = this.system;
    await Promise.race([server?.end(), pause(30_000, undefined, { ref: false }).then(() => server?.end('SIGKILL'))]);
    for (const { control, log } of this.workers) { await control.close(); await log.close(); }
    for (const board of this.boards) await board.close();
    for (const { network } of this.workers) await network?.remove();
    for (const disk of [this.serverDisk, ...this.workers.map((w) => w.disk)]) await disk?.remove();
    await removeFakeClockRemains();
    await rm(this.system.root, { recursive: true, force: true });
  }

  async #build(boards: number): Promise<void> {
    const { system } = this;
    const { root } = system;
    this.serverClock = await FakeClock.make(join(root, 'server-clock'), { withDatabase: true });
    this.serverDisk = await DiskOfItsOwn.make(this.jobOutput);
    await this.ensureServer();
    const power = join(root, 'power.sh');
    await writeFile(power, powerScript);
    for (const name of workerNames) {
      await system.addWorker(name);
      const folder = join(root, 'workers', name);
      await mkdir(folder, { recursive: true, mode: 0o700 });
      const network = await WorkerNetwork.make();
      const proxy = (port: number) => TcpProxy.to(port, '127.0.0.1', network?.server);
      this.workers.push({
        name, folder, attempts: join(folder, 'attempts'), control: await proxy(system.ports.control), log: await proxy(system.ports.log), network,
        clock: await FakeClock.make(join(root, `${name}-clock`)), disk: await DiskOfItsOwn.make(folder),
      });
    }
    const devices: Record<string, object> = {};
    for (let n = 0; n < boards; n++) {
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
    await writeFile(join(root, 'lab.yaml'), JSON.stringify({ device_types: Object.fromEntries(boardTypes.map((t) => [t, { template }])), devices }));
    await system.lava('lab', 'apply', '--yes', join(root, 'lab.yaml'));
    for (const board of this.boards) await system.api(`/api/v1/devices/${board.name}/health`, { health: 'Good', reason: 'new' });
    for (const worker of this.workers) this.ensureWorker(worker);
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
