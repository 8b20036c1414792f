import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { lavaPaths } from '@lava/base';
import { freePort } from './ports.ts';
import { Daemon, project, runProgram } from './program.ts';
import { waitUntil } from './wait-until.ts';

export interface SystemPorts {
  readonly http: number;
  readonly control: number;
  readonly log: number;
}

/**
 * A whole LAVA with its state below one folder: server with managed database, workers, devices – all real processes.
 * Used by the demo, the tests of the whole system and the benchmarks.
 */
export class LavaSystem {
  readonly root: string;
  readonly ports: SystemPorts;
  readonly url: string;
  server: Daemon | undefined;
  readonly workers = new Map<string, Daemon>();
  #token = '';
  #password = '';

  private constructor(root: string, ports: SystemPorts) {
    this.root = root;
    this.ports = ports;
    this.url = `http://127.0.0.1:${ports.http}`;
  }

  /** Takes the usual ports where they are free and asked for, any free ones otherwise. */
  static async at(root: string, wanted: Partial<SystemPorts> = {}): Promise<LavaSystem> {
    await mkdir(root, { recursive: true, mode: 0o755 });
    return new LavaSystem(root, {
      http: await freePort(wanted.http), control: await freePort(wanted.control), log: await freePort(wanted.log),
    });
  }

  get token(): string {
    return this.#token;
  }

  /** Password of the user `admin`. */
  get password(): string {
    return this.#password;
  }

  /** Starts the server and, the first time, makes the user `admin` with a token. */
  async startServer(options: { env?: NodeJS.ProcessEnv } = {}): Promise<Daemon> {
    this.server = new Daemon({ package: 'server', name: 'lava-server' }, [
      'run', '--root', this.root, '--http', `127.0.0.1:${this.ports.http}`,
      '--master-socket', `tcp://127.0.0.1:${this.ports.control}`, '--log-socket', `tcp://127.0.0.1:${this.ports.log}`,
      '--web-root', join(project, 'packages/web/dist'),
    ], join(this.root, 'lava-server.log'), options.env);
    const { server } = this;
    await waitUntil('the server', async () => {
      if (!server.running) return 'ended';
      return (await fetch(`${this.url}/healthz`)).ok;
    }, 180);
    if (!server.running) throw new Error(`lava-server ended, see ${server.logFile}`);

    this.#password = await this.#once('admin-password', async () => {
      const password = randomBytes(12).toString('base64url');
      await this.manage('users', 'add', 'admin', '--passwd', password, '--superuser', '--staff');
      return password;
    });
    this.#token = await this.#once('admin-token', () => this.manage('tokens', 'add', '-u', 'admin', '-d', 'made by the demo'));
    return server;
  }

  /** A secret that is made once and kept in a file of the root. */
  async #once(name: string, make: () => Promise<string>): Promise<string> {
    const file = join(this.root, name);
    if (!existsSync(file)) await writeFile(file, await make(), { mode: 0o600 });
    return (await readFile(file, 'utf8')).trim();
  }

  /** `lava-server manage …`; what it printed. */
  manage(...args: string[]): Promise<string> {
    return runProgram({ package: 'server', name: 'lava-server' }, ['manage', '--root', this.root, ...args]);
  }

  /** The `lava` command as the admin. */
  lava(...args: string[]): Promise<string> {
    return runProgram({ package: 'cli', name: 'lava' }, args, this.cliEnvironment);
  }

  get cliEnvironment(): NodeJS.ProcessEnv {
    return { LAVA_URL: this.url, LAVA_TOKEN: this.#token };
  }

  /** A JSON request to the server as the admin. */
  async api<T>(path: string, body?: unknown): Promise<T> {
    const response = await fetch(`${this.url}${path}`, {
      method: body === undefined ? 'GET' : 'POST',
      headers: { authorization: `Token ${this.#token}`, ...(body !== undefined && { 'content-type': 'application/json' }) },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
    return (await response.json()) as T;
  }

  /** Makes a worker known to the server and gives it a certificate. */
  async addWorker(hostname: string): Promise<void> {
    await this.manage('workers', 'add', hostname);
    if (existsSync(join(lavaPaths(this.root).certificates, `${hostname}.key_secret`))) return;
    await runProgram({ package: 'worker', name: 'create_certificate' }, [hostname, '--root', this.root]);
  }

  /** A device with its dictionary; the device type is made when missing. */
  async addDevice(hostname: string, worker: string, deviceType: string, dictionary: string): Promise<void> {
    const folder = join(lavaPaths(this.root).dispatcherConfig, 'devices');
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, `${hostname}.jinja2`), dictionary);
    const types = await this.manage('device-types', 'list', '--csv');
    if (!types.split('\n').some((line) => line.startsWith(`${deviceType},`))) await this.manage('device-types', 'add', deviceType);
    await this.manage('devices', 'add', hostname, '--device-type', deviceType, '--worker', worker);
  }

  /** Starts the daemon of a worker. `ports` and `host` let it dial another address, such as a proxy's; `enter` is a command before it. */
  startWorker(hostname: string, options: { ports?: Partial<SystemPorts>; host?: string; env?: NodeJS.ProcessEnv; args?: readonly string[]; root?: string; enter?: readonly string[] } = {}): Daemon {
    const { control, log } = { ...this.ports, ...options.ports };
    const { root = this.root, host = '127.0.0.1' } = options;
    const daemon = new Daemon({ package: 'worker', name: 'lava-worker' }, [
      '--root', root, '--hostname', hostname, '--log-file', '-', '--level', 'DEBUG',
      '--master', `tcp://${host}:${control}`, '--socket-addr', `tcp://${host}:${log}`, ...(options.args ?? []),
    ], join(this.root, `${hostname}.log`), options.env, options.enter);
    this.workers.set(hostname, daemon);
    return daemon;
  }

  /** Ends workers, then the server, politely. */
  async stop(): Promise<void> {
    for (const worker of this.workers.values()) await worker.end();
    await this.server?.end();
  }
}
