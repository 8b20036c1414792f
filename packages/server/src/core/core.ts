import { AttemptControl } from '../link/attempt-control.ts';
import { HttpWorkers } from '../link/http/http-workers.ts';
import { LinkServer, type LinkOptions } from '../link/link-server.ts';
import { Presence } from '../link/presence.ts';
import { LogIntake } from '../logs/intake.ts';
import { moveLogs } from '../logs/move-logs.ts';
import { openServices } from './open-services.ts';
import { HealthCheckFiles } from '../scheduler/health-check-files.ts';
import { Scheduler } from '../scheduler/scheduler.ts';
import { policyOf } from '../scheduler/snapshot.ts';
import type { Services } from '../services.ts';

type ServicesParts = Parameters<typeof openServices>[0];

export interface CoreOptions extends ServicesParts, Pick<LinkOptions, 'lease' | 'sockets' | 'servers' | 'clock'> {
  readonly sweep?: number;
}

/** The server without its HTTP interfaces: services, scheduler and what workers talk to. */
export interface Core {
  readonly services: Services;
  readonly link: LinkServer;
  readonly httpWorkers: HttpWorkers;
  close(): Promise<void>;
}

export async function startCore(options: CoreOptions): Promise<Core> {
  const { events, log, paths, lease, sockets, servers, clock, sweep } = options;
  const services = openServices(options);
  const { db, folders, logs, devices, timings } = services;
  const stored = { db, events };
  const intake = new LogIntake({ db, events, folders, store: logs, log, onLag: (seconds) => timings.logLag.observe(seconds) });
  const control = new AttemptControl({ stored, log, paths, intake, folders, devices, lease });
  const presence = new Presence(stored);
  const link = new LinkServer({ stored, log, intake, control, presence, lease, sockets, servers, clock });
  const httpWorkers = new HttpWorkers({ stored, log, intake, control, presence });
  const scheduler = new Scheduler({
    stored, log, lease, sweep, policy: options.settings.policy ?? policyOf(), healthChecks: new HealthCheckFiles({ db, paths }, log), onRound: (seconds) => timings.schedulerRound.observe(seconds),
  });
  let stopMoving = async () => {};
  const close = async () => {
    await stopMoving();
    await scheduler.close();
    await httpWorkers.close();
    await link.close();
    await intake.close();
  };
  try {
    await link.start();
  } catch (error) {
    await close();
    throw error;
  }
  if (folders.shared) stopMoving = moveLogs({ db, events, log, shared: folders.shared, finish: (job) => intake.finish(job) });
  httpWorkers.start();
  scheduler.start();
  return { services, link, httpWorkers, close };
}
