import { may } from '../../auth/permissions.ts';
import { maySeeJob } from '../../auth/visibility.ts';
import type { User } from '../../auth/users.ts';
import type { Services } from '../../services.ts';
import { messageOf, sleep } from '@lava/base';
import { guardedDeviceRows } from '../../read/devices.ts';
import { jobRows } from '../../read/jobs.ts';
import { guardedWorkerRows } from '../../read/workers.ts';

export interface ListListener {
  user(): User | null;
  /** Texts that were sent and not yet taken. */
  behind(): number;
  send(text: string): void;
}

/** Changes that come within this time are read and told together. */
const gatherMs = 100;
/** Messages a reader may be behind before it is left out; it reads the lists anew when it wonders. */
const mostBehind = 8 * 1024 * 1024;

/**
 * Tells every open list of the changed rows. Each changed row is read once however many pages are open, and goes to
 * those who may see it.
 */
export function listChanges(services: Services): { add(listener: ListListener): () => void; close(): void } {
  const listeners = new Set<ListListener>();
  const changed = { job: new Set<number>(), device: new Set<string>(), worker: new Set<string>() };
  let busy = false;

  const tell = (text: string, maySee: (user: User | null) => boolean) => {
    for (const l of listeners) if (maySee(l.user()) && l.behind() < mostBehind) l.send(text);
  };
  const take = <T>(set: Set<T>) => { const all = [...set]; set.clear(); return all; };
  const row = (kind: string, value: unknown) => JSON.stringify({ type: 'changed', kind, row: value });

  async function flush(): Promise<void> {
    for (const { row: job, access } of await jobRows(services.db, take(changed.job))) tell(row('job', job), (user) => maySeeJob(user, access));
    const hostnames = take(changed.device);
    if (hostnames.length > 0) {
      const all = await guardedDeviceRows(services.db, hostnames);
      // The job on a device is shown to those who may see that job; the others see that the device is busy.
      const jobs = new Map((await jobRows(services.db, all.flatMap(({ row: d }) => [d.job, d.last_job].filter((id) => id !== null)))).map((j) => [j.row.id, j.access]));
      for (const { row: device, guard } of all) {
        for (const l of listeners) {
          if (l.behind() >= mostBehind || !may(l.user(), 'view', guard)) continue;
          const sees = (id: number | null) => { const access = id === null ? undefined : jobs.get(id); return access !== undefined && maySeeJob(l.user(), access); };
          l.send(row('device', {
            ...device, job: sees(device.job) ? device.job : null, job_description: sees(device.job) ? device.job_description : null,
            last_job: sees(device.last_job) ? device.last_job : null,
          }));
        }
      }
    }
    const workers = take(changed.worker);
    if (workers.length > 0) for (const { row: worker, guard } of await guardedWorkerRows(services.db, workers)) tell(row('worker', worker), (user) => may(user, 'view', guard));
  }

  async function run(): Promise<void> {
    busy = true;
    try {
      while (changed.job.size + changed.device.size + changed.worker.size > 0) {
        await flush();
        await sleep(gatherMs);
      }
    } catch (error) {
      services.log.warn(`[HTTP] changes of lists were not told: ${messageOf(error)}`);
    } finally { busy = false; }
  }

  const stop = services.events.subscribe((event) => {
    if (listeners.size === 0) return;
    if (event.type === 'job') changed.job.add(event.id);
    else if (event.type === 'device') changed.device.add(event.hostname);
    else if (event.type === 'worker') changed.worker.add(event.hostname);
    else return;
    if (!busy) void run();
  });

  return {
    add(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    close: stop,
  };
}
