import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { lavaPaths } from '@lava/base';
import { createCertificate, readCertificate, readSecretCertificate, type WorkerEndpointOptions } from '@lava/link';
import { LavaSystem } from '@lava/testbed';
import { hashSecret } from '../../packages/server/src/auth/secrets.ts';
import { FakeWorker, sharedContext } from '../../packages/server/src/link/fake-worker.ts';
import { connect, type Connection } from '../../packages/server/src/store/connection.ts';
import { findManagedPostgres } from '../../packages/server/src/store/managed/managed-postgres.ts';
import { quietLog } from '../../packages/server/src/store/testing.ts';

/** A lab of ten device types t0 … t9 and twenty submitters in four groups; every fifth device is for one group only. */
export interface LabSize {
  readonly workers: number;
  readonly devicesPerWorker: number;
  /** Devices on which a job runs; those of the type t9 are left idle. */
  readonly busy: boolean;
  /** Jobs that wait for devices of the types t0 … t8, every third of them for tags. */
  readonly queued: number;
}

export const submitters = 20;
const certificate = 'bench';
/** Workers that connect at the same time. */
const atOnce = 50;

/** A real server with its database, filled as a lab that has been in use, and what bench workers need to join it. */
export class BusyLab {
  readonly system: LavaSystem;
  readonly connection: Connection;
  readonly #encryption: WorkerEndpointOptions['encryption'];
  readonly #workers: FakeWorker[] = [];

  private constructor(system: LavaSystem, connection: Connection, encryption: WorkerEndpointOptions['encryption']) {
    this.system = system;
    this.connection = connection;
    this.#encryption = encryption;
  }

  static async start(size: LabSize): Promise<BusyLab> {
    const root = await mkdtemp(join(tmpdir(), 'lava-bench-'));
    // As root, the database runs under a user who must be able to pass through.
    await chmod(root, 0o755);
    const system = await LavaSystem.at(root);
    try {
      await system.startServer();
      const paths = lavaPaths(root);
      const { secretFile } = await createCertificate(paths.certificates, certificate);
      const encryption = { own: await readSecretCertificate(secretFile), master: await readCertificate(join(paths.certificates, 'master.key')) };
      const connection = connect({ socketFolder: (await findManagedPostgres(join(paths.serverState, 'postgresql')))! }, { log: quietLog, name: 'bench' });
      await fill(connection, size);
      return new BusyLab(system, connection, encryption);
    } catch (error) {
      await system.stop();
      await rm(root, { recursive: true, force: true });
      throw error;
    }
  }

  /** Secret of the token of submitter `n`, 1 … 20. */
  static token(n: number): string {
    return `secret-of-u${n}`;
  }

  /** Connects all workers over the encrypted link, each holding the attempts that run on it. */
  async connectAll(): Promise<readonly FakeWorker[]> {
    const { control, log } = this.system.ports;
    const session = await this.connection.session();
    const { rows: workers } = await session.query<{ hostname: string }>('select hostname from workers order by hostname');
    const { rows: attempts } = await session.query<{ worker: string; job: number; fence: number }>('select worker, job, fence from attempts where ended_at is null');
    await session.end();
    const context = sharedContext(workers.length);
    for (let n = 0; n < workers.length; n += atOnce) {
      const lot = workers.slice(n, n + atOnce).map(({ hostname }) => {
        const worker = new FakeWorker(hostname, { control: `tcp://127.0.0.1:${control}`, log: `tcp://127.0.0.1:${log}` }, this.#encryption, { context });
        worker.held = attempts.filter((a) => a.worker === hostname).map(({ job, fence }) => ({ job, fence }));
        return worker;
      });
      this.#workers.push(...lot);
      for (const worker of lot) await worker.connected();
    }
    return this.#workers;
  }

  async close(): Promise<void> {
    await Promise.all(this.#workers.map((w) => w.close()));
    await this.connection.close();
    await this.system.stop();
    await rm(this.system.root, { recursive: true, force: true });
  }
}

async function fill(connection: Connection, { workers, devicesPerWorker, busy, queued }: LabSize): Promise<void> {
  const devices = workers * devicesPerWorker;
  const session = await connection.session();
  const definition = `'${benchJob('t0').replaceAll("'", "''")}'`;
  for (const statement of [
    `insert into users (username) select 'u' || n from generate_series(1, ${submitters}) n`,
    `insert into groups (name) select 'g' || n from generate_series(1, 4) n`,
    `insert into user_groups select users.id, groups.id from users join groups on groups.name = 'g' || (1 + users.id % 4) where username like 'u%'`,
    `insert into group_shares (group_id, weight) select id, 2 from groups where name = 'g1'`,
    ...Array.from({ length: submitters }, (_, n) =>
      `insert into tokens (user_id, hash, last_used_at) select id, '${hashSecret(BusyLab.token(n + 1))}', now() from users where username = 'u${n + 1}'`),
    `insert into device_types (name) select 't' || n from generate_series(0, 9) n`,
    `insert into workers (hostname, certificate) select 'w' || n, '${certificate}' from generate_series(0, ${workers} - 1) n`,
    `insert into tags (name) select 'tag' || n from generate_series(1, 5) n`,
    `insert into devices (hostname, device_type, worker, health, dictionary) select 'd' || n, 't' || n % 10, 'w' || n / ${devicesPerWorker}, 0,
      '{% extends "qemu.jinja2" %}{% set mac_addr = "52:54:00:12:34:01" %}{% set memory = 256 %}' from generate_series(0, ${devices} - 1) n`,
    `insert into device_tags select 'd' || n, id from generate_series(0, ${devices} - 1) n, tags where n % 3 = 0`,
    `insert into group_device_permissions (device, group_id, permission) select 'd' || n, id, 'submit_to_device' from generate_series(0, ${devices} - 1) n, groups
      where (n / 10) % 5 = 1 and n % 10 < 9 and groups.name = 'g' || (1 + n % 4)`,
    ...busy ? [
      `insert into jobs (submitter, description, definition, original_definition, requested_device_type, actual_device, state, start_time, is_public, next_fence)
        select users.id, 'a running job', ${definition}, '', device_type, hostname, 3, now(), true, 2
        from devices join users on username = 'u' || (1 + substr(hostname, 2)::int % ${submitters}) where device_type <> 't9'`,
      `insert into attempts (job, fence, device, worker, started_at, lease_expires) select id, 1, actual_device, worker, now(), now() + interval '10 minutes'
        from jobs join devices on hostname = actual_device where jobs.state = 3`,
      `update devices set state = 2 where device_type <> 't9'`,
    ] : [],
    `insert into jobs (submitter, description, definition, original_definition, requested_device_type, priority, is_public, queue_timeout)
      select users.id, 'a job', ${definition}, ${definition}, 't' || (n / ${submitters}) % 9, case when n % 10 = 0 then 100 else 50 end, true, 1000000
      from generate_series(1, ${queued}) n join users on username = 'u' || (1 + n % ${submitters})`,
    `insert into job_tags select jobs.id, tags.id from jobs join tags on tags.name = 'tag' || (1 + jobs.id % 5) where jobs.state = 0 and jobs.id % 3 = 0`,
  ]) await session.query(statement);
  await session.query('vacuum analyze');
  await session.end();
}

/** A definition as people submit it: a kernel and a ramdisk in QEMU, two test definitions. */
export function benchJob(deviceType: string): string {
  return `# A job like thousands of others.
job_name: kernel of today
device_type: ${deviceType}
visibility: public
priority: medium
context: {arch: amd64}
metadata: {build: '4711', branch: main}
timeouts:
  job: {minutes: 30}
  action: {minutes: 5}
  connection: {minutes: 2}
actions:
- deploy:
    to: tmpfs
    os: oe
    timeout: {minutes: 10}
    images:
      kernel:
        url: https://files.example.org/builds/4711/bzImage
        image_arg: -kernel {kernel} -append "console=ttyS0,115200 root=/dev/ram0"
      ramdisk:
        url: https://files.example.org/builds/4711/ramdisk.cpio.gz
        image_arg: -initrd {ramdisk}
        compression: gz
- boot:
    method: qemu
    media: tmpfs
    prompts: ['root@guest:']
    auto_login: {login_prompt: 'login:', username: root}
- test:
    timeout: {minutes: 10}
    definitions:
    - from: inline
      name: smoke
      path: inline/smoke.yaml
      repository:
        metadata: {format: Lava-Test Test Definition 1.0, name: smoke, description: is it alive}
        run:
          steps:
          - uname -a
          - lava-test-case boots --result pass
    - from: git
      name: ltp
      repository: https://git.example.org/tests.git
      path: automated/ltp.yaml
      parameters: {SKIP: 'no'}
`;
}
