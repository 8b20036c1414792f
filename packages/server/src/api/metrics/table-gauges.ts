import { deviceHealths, deviceStates, jobStates, workerHealths, workerStates } from '@lava/job';
import { sql, type Kysely } from 'kysely';
import { Gauge, type Registry } from 'prom-client';
import type { User } from '../../auth/users.ts';
import { visibleDeviceTypes, visibleWorkers } from '../../auth/visibility.ts';
import type { Database } from '../../store/database.ts';

/** How the tables stand, read when somebody asks; names are those that the user may see. */
export function tableGauges(registry: Registry, db: Kysely<Database>, user: User | null): void {
  const gauge = <L extends string>(name: string, help: string, labelNames: L[], read: (set: (labels: Record<L, string>, value: number) => void) => Promise<void>) =>
    new Gauge({
      name, help, labelNames, registers: [registry],
      async collect() { this.reset(); await read((labels, value) => this.set(labels, value)); },
    });

  gauge('lava_jobs', 'Unfinished jobs by state; Submitted is the queue.', ['state'], async (set) => {
    const { rows } = await sql<{ state: number; n: number }>`select state, count(*)::int as n from jobs where state < 5 group by state`.execute(db);
    for (const [i, state] of jobStates.slice(0, 5).entries()) set({ state }, rows.find((r) => r.state === i)?.n ?? 0);
  });
  gauge('lava_queue_oldest_seconds', 'How long the oldest job in the queue has waited for a device of a type; 0 without one.', ['device_type'], async (set) => {
    const { rows } = await sql<{ device_type: string; age: number }>`select t.name as device_type,
      coalesce(extract(epoch from now() - (select min(submit_time) from jobs where state = 0 and requested_device_type = t.name)), 0)::float8 as age from device_types t where ${visibleDeviceTypes(user, 't.name')}`.execute(db);
    for (const { device_type, age } of rows) set({ device_type }, Math.max(0, age));
  });
  gauge('lava_devices', 'Devices by state and health.', ['state', 'health'], async (set) => {
    const { rows } = await sql<{ state: number; health: number; n: number }>`select state, health, count(*)::int as n from devices group by state, health`.execute(db);
    for (const r of rows) set({ state: deviceStates[r.state]!, health: deviceHealths[r.health]! }, r.n);
  });
  gauge('lava_workers', 'Workers by state and health; Online have a session on the link.', ['state', 'health'], async (set) => {
    const { rows } = await sql<{ state: number; health: number; n: number }>`select state, health, count(*)::int as n from workers group by state, health`.execute(db);
    for (const r of rows) set({ state: workerStates[r.state]!, health: workerHealths[r.health]! }, r.n);
  });
  gauge('lava_worker_silence_seconds', 'Time since the server last heard of a worker that is not retired.', ['worker'], async (set) => {
    const { rows } = await sql<{ worker: string; silence: number }>`select hostname as worker, extract(epoch from now() - last_ping)::float8 as silence
      from workers where health <> 2 and last_ping is not null and ${visibleWorkers(user)}`.execute(db);
    for (const { worker, silence } of rows) set({ worker }, Math.max(0, silence));
  });
  gauge('lava_attempts', 'Attempts that hold a device now.', [], async (set) => {
    const { rows } = await sql<{ n: number }>`select count(*)::int as n from attempts where ended_at is null`.execute(db);
    set({}, rows[0]!.n);
  });
}
