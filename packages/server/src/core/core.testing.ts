import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import { ConfigurationError, lavaPaths } from '@lava/base';
import { freePort } from '@lava/testbed';
import { startCore, type Core } from './core.ts';
import type { DeviceRenderer } from '../devices/renderer.ts';
import { eventBus, type ServerEvent } from '../event-bus.ts';
import { FakeWorker } from '../link/fake-worker.ts';
import { deviceHealth } from '../store/numbers.ts';
import type { Connection } from '../store/connection.ts';
import { quietLog, type TestDatabases } from '../store/testing.ts';

/** A lab for a test: a server core over a fresh database, workers that a test plays, QEMU devices. */
export interface TestLab {
  readonly connection: Connection;
  readonly core: Core;
  readonly events: ServerEvent[];
  readonly user: { id: number; username: string };
  /** A fake worker that is connected, with these devices. */
  worker(hostname: string, devices: readonly string[]): Promise<FakeWorker>;
  submit(more?: string): Promise<number>;
  job(id: number): Promise<{ state: number; health: number; actual_device: string | null; error_type: string | null; error_msg: string | null; error_code: string | null; failure_comment: string | null }>;
  device(hostname: string): Promise<{ state: number; health: number }>;
  /** Ends the core and starts another over the same database and sockets. */
  restart(pauseMs?: number, meanwhile?: () => Promise<unknown>): Promise<void>;
  close(): Promise<void>;
}

interface LabOptions {
  readonly lease?: number;
  readonly clock?: () => number;
}

/** Starts a lab; each has its own database and folders. */
export async function startLab(databases: TestDatabases, { lease = 90, clock }: LabOptions = {}): Promise<TestLab> {
  const connection = await databases.fresh();
  const paths = lavaPaths(await mkdtemp(join(databases.folder, 'lab-')));
  const bus = eventBus(quietLog);
  const events: ServerEvent[] = [];
  bus.subscribe((event) => { events.push(event); });
  const render: DeviceRenderer = async (name, context) => {
    if (name.startsWith('broken')) throw new ConfigurationError('line 3: unexpected end of template', { code: 'template' });
    return `hostname: ${name}\ntype: qemu\ncontext: ${JSON.stringify(context)}\n`;
  };
  const start = (control: string, log: string) => startCore({
    connection, events: bus, log: quietLog, paths, render, lease, clock,
    settings: { contextVariables: [], queueTimeout: null }, sockets: { control, log, encryption: { plain: 'loopback' } },
  });
  // None that the system gives out: while the server is away, a worker that dials would get it as its own, and meet itself.
  let core = await start(`tcp://127.0.0.1:${await freePort()}`, `tcp://127.0.0.1:${await freePort()}`);
  const { db } = connection;
  const user = await db.insertInto('users').values({ username: 'ada' }).returning(['id', 'username']).executeTakeFirstOrThrow();
  await db.insertInto('device_types').values({ name: 'qemu' }).execute();
  const workers: FakeWorker[] = [];
  return {
    connection, events, user,
    get core() { return core; },
    async worker(hostname, devices) {
      await db.insertInto('workers').values({ hostname }).onConflict((c) => c.doNothing()).execute();
      for (const device of devices) await db.insertInto('devices').values({ hostname: device, device_type: 'qemu', worker: hostname, health: deviceHealth.Good }).execute();
      const worker = new FakeWorker(hostname, core.link.addresses);
      workers.push(worker);
      await worker.connected();
      return worker;
    },
    async submit(more = '') {
      const definition = `job_name: a test\ndevice_type: qemu\nvisibility: public\ntimeouts:\n  job: {minutes: 5}\nactions: []\n${more}`;
      return (await core.services.jobs.submit(definition, user)).ids[0]!;
    },
    job: (id) => db.selectFrom('jobs').select(['state', 'health', 'actual_device', 'error_type', 'error_msg', 'error_code', 'failure_comment']).where('id', '=', id).executeTakeFirstOrThrow(),
    device: (hostname) => db.selectFrom('devices').select(['state', 'health']).where('hostname', '=', hostname).executeTakeFirstOrThrow(),
    async restart(pauseMs = 0, meanwhile) {
      const { control, log } = core.link.addresses;
      await core.close();
      await new Promise((resolve) => { setTimeout(resolve, pauseMs); });
      await meanwhile?.();
      core = await start(control, log);
    },
    async close() {
      await Promise.all(workers.map((w) => w.close()));
      await core.close();
      await connection.close();
    },
  };
}

/** Runs a test in a lab of its own, which is closed however the test ends. */
export async function withLab(databases: TestDatabases, work: (lab: TestLab) => Promise<void>, options?: LabOptions): Promise<void> {
  const lab = await startLab(databases, options);
  try {
    await work(lab);
  } finally {
    await lab.close();
  }
}
