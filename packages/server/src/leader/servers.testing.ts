import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { sql } from 'kysely';
import { lavaPaths } from '@lava/base';
import { createCertificate, readSecretCertificate, type Certificate, type WorkerEndpointOptions } from '@lava/link';
import { freePort } from '@lava/testbed';
import { newToken } from '../auth/tokens.ts';
import { FakeWorker, until } from '../link/fake-worker.ts';
import type { Connection } from '../store/connection.ts';
import { deviceHealth } from '../store/numbers.ts';
import type { TestDatabases } from '../store/testing.ts';
import { readLeader } from './office.ts';

const program = fileURLToPath(new URL('../../dist/lava-server.js', import.meta.url));

/** A server process with a disk of its own. */
export interface ServerProcess {
  readonly url: string;
  readonly control: string;
  readonly log: string;
  readonly root: string;
  readonly process: ChildProcess;
  /** What it has written to its log. */
  said(): Promise<string>;
}

/** A way to the database that can go silent: nothing comes through, and nothing is closed. */
export interface SilentProxy {
  readonly port: number;
  silent: boolean;
  close(): Promise<void>;
}

export async function silentProxy(socketFolder: string): Promise<SilentProxy> {
  const sockets = new Set<Socket>();
  let silent = false;
  const still = () => { for (const socket of sockets) if (silent) socket.pause(); else socket.resume(); };
  const server = createServer((socket) => {
    const database = connect(join(socketFolder, '.s.PGSQL.5432'));
    for (const [from, to] of [[socket, database], [database, socket]] as const) {
      sockets.add(from);
      from.on('data', (bytes) => to.write(bytes));
      from.on('error', () => {});
      from.once('close', () => { sockets.delete(from); to.destroy(); });
    }
    still();
  });
  await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve); });
  return {
    port: (server.address() as AddressInfo).port,
    get silent() { return silent; },
    set silent(value) { silent = value; still(); },
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => { server.close(resolve); });
    },
  };
}

/** Server processes on one database and one storage, and a worker that a test plays. */
export class Servers {
  readonly connection: Connection;
  readonly #databases: TestDatabases;
  readonly #environment: NodeJS.ProcessEnv;
  readonly #storage: string;
  readonly #processes: ServerProcess[] = [];
  readonly #workers: FakeWorker[] = [];
  readonly #encrypted: boolean;
  token = '';
  /** The certificate of all servers, where the link is encrypted. */
  master: (Certificate & { secretKey: string }) | undefined;
  #masterFile = '';

  private constructor(databases: TestDatabases, connection: Connection, environment: NodeJS.ProcessEnv, storage: string, encrypted: boolean) {
    this.#encrypted = encrypted;
    this.#databases = databases;
    this.connection = connection;
    this.#environment = environment;
    this.#storage = storage;
  }

  /** @param storage value of the setting STORAGE, as YAML */
  static async on(databases: TestDatabases, storage: string, environment: NodeJS.ProcessEnv = {}, link: 'plain' | 'encrypted' = 'plain'): Promise<Servers> {
    const connection = await databases.fresh();
    const { rows: [row] } = await sql<{ name: string }>`select current_database() as name`.execute(connection.db);
    const url = `postgresql://lava@localhost/${row!.name}?host=${encodeURIComponent(databases.server.socketFolder)}&port=5432`;
    const plain = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('LAVA_')));
    const servers = new Servers(databases, connection, { ...plain, DATABASE_URL: url, ...environment }, storage, link === 'encrypted');
    if (link === 'encrypted') await servers.newMaster();
    const { db } = connection;
    const { id } = await db.insertInto('users').values({ username: 'ada', is_superuser: true }).returning('id').executeTakeFirstOrThrow();
    servers.token = await newToken(db, id, 'test');
    await db.insertInto('device_types').values({ name: 'qemu' }).execute();
    return servers;
  }

  /** Servers that start from now on have another certificate. */
  async newMaster(): Promise<void> {
    this.#masterFile = (await createCertificate(await mkdtemp(join(this.#databases.folder, 'master-')), 'master')).secretFile;
    this.master = await readSecretCertificate(this.#masterFile);
  }

  /** Starts one whose way to the database is `proxy`. */
  async startBehind(proxy: { readonly port: number }, ...args: string[]): Promise<ServerProcess> {
    const name = new URL(this.#environment['DATABASE_URL']!).pathname;
    return this.#start({ ...this.#environment, DATABASE_URL: `postgresql://lava@127.0.0.1:${proxy.port}${name}` }, args);
  }

  /** Starts one; resolves when its HTTP answers. */
  async start(...args: string[]): Promise<ServerProcess> {
    return this.#start(this.#environment, args);
  }

  /** Folder of the database's socket. */
  get socketFolder(): string {
    return this.#databases.server.socketFolder;
  }

  async #start(environment: NodeJS.ProcessEnv, args: readonly string[]): Promise<ServerProcess> {
    const root = await mkdtemp(join(this.#databases.folder, 'server-'));
    const { serverConfig } = lavaPaths(root);
    await mkdir(serverConfig, { recursive: true });
    await writeFile(join(serverConfig, 'settings.yaml'), `STORAGE: ${this.#storage}\n`);
    const [control, log, http] = [`tcp://127.0.0.1:${await freePort()}`, `tcp://127.0.0.1:${await freePort()}`, await freePort()];
    const encryption = this.#encrypted ? ['--master-cert', this.#masterFile] : ['--no-encrypt'];
    const logFile = join(root, 'server.log');
    const output = openSync(logFile, 'a');
    const child = spawn(process.execPath, [program, '--root', root, 'run', ...encryption, '--master-socket', control, '--log-socket', log, '--http', `127.0.0.1:${http}`, ...args],
      { stdio: ['ignore', output, output], env: environment });
    closeSync(output);
    const url = `http://127.0.0.1:${http}`;
    const started: ServerProcess = { url, control, log, root, process: child, said: () => readFile(logFile, 'utf8') };
    this.#processes.push(started);
    await until(async () => {
      if (child.exitCode !== null) throw new Error(`the server ended: ${await started.said()}`);
      return fetch(`${url}/healthz`).then((answer) => answer.ok, () => false);
    }, 'the server to answer');
    return started;
  }

  /** The one that leads, by the database. */
  async leader(): Promise<ServerProcess | undefined> {
    const { url } = await readLeader(this.connection.db);
    return this.#processes.find((p) => p.url === url);
  }

  async addWorker(hostname: string): Promise<void> {
    const { db } = this.connection;
    await db.insertInto('workers').values({ hostname }).execute();
    await db.insertInto('devices').values({ hostname: `board-${hostname}`, device_type: 'qemu', worker: hostname, health: deviceHealth.Good, dictionary: "{% extends 'qemu.jinja2' %}\n" }).execute();
  }

  /** A worker with a device that knows all servers. */
  async worker(hostname: string): Promise<FakeWorker> {
    await this.addWorker(hostname);
    return this.connect(hostname);
  }

  async connect(hostname: string, encryption?: WorkerEndpointOptions['encryption']): Promise<FakeWorker> {
    const list = (pick: (p: ServerProcess) => string) => this.#processes.map(pick).join(',');
    const worker = new FakeWorker(hostname, { control: list((p) => p.control), log: list((p) => p.log) }, encryption);
    this.#workers.push(worker);
    await worker.connected();
    return worker;
  }

  async ask(server: ServerProcess, path: string, body?: unknown): Promise<Response> {
    return fetch(server.url + path, {
      headers: { authorization: `Token ${this.token}`, ...(body !== undefined && { 'content-type': 'application/json' }) },
      ...(body !== undefined && { method: 'POST', body: JSON.stringify(body) }),
    });
  }

  async submit(server: ServerProcess): Promise<number> {
    const definition = 'job_name: a test\ndevice_type: qemu\nvisibility: public\ntimeouts: {job: {minutes: 5}}\ncontext: {arch: amd64}\nactions: []\n';
    const answer = await this.ask(server, '/api/v1/jobs', { definition });
    return ((await answer.json()) as { job_ids: number[] }).job_ids[0]!;
  }

  /** The log as one server tells it. */
  async log(server: ServerProcess, job: number): Promise<unknown[]> {
    const text = await (await this.ask(server, `/api/v1/jobs/${job}/log`)).text();
    return text.trim().split('\n').filter((line) => line !== '').map((line) => (JSON.parse(line) as { msg: unknown }).msg);
  }

  async close(): Promise<void> {
    for (const worker of this.#workers) await worker.close();
    for (const { process: child } of this.#processes) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      const ended = new Promise((resolve) => { child.once('exit', resolve); });
      child.kill('SIGCONT');
      child.kill('SIGTERM');
      await ended;
    }
  }
}
