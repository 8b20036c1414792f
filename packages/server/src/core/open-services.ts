import type { DaemonLog, LavaPaths } from '@lava/base';
import { deviceService } from './device-service.ts';
import { jobService, type InstanceSettings } from './job-service.ts';
import type { DeviceRenderer } from '../devices/renderer.ts';
import { JobFolders } from '../logs/job-folder.ts';
import { logStore } from '../logs/log-store.ts';
import type { SharedFiles } from '../logs/shared-files.ts';
import type { EventBus } from '../event-bus.ts';
import type { Services } from '../services.ts';
import type { Connection } from '../store/connection.ts';
import { Timings } from '../timings.ts';
import { workerService } from './worker-service.ts';

interface Parts {
  readonly connection: Connection;
  readonly events: EventBus;
  readonly log: DaemonLog;
  readonly paths: LavaPaths;
  readonly settings: InstanceSettings;
  readonly render: DeviceRenderer;
  /** Of the process, where several parts of it have services of their own. */
  readonly timings?: Timings;
  /** What several servers share; folders on this disk if left out. */
  readonly shared?: SharedFiles | undefined;
}

/** The services of one process over one database. */
export function openServices({ connection, events, log, paths, settings, render, shared, timings = new Timings() }: Parts): Services & { readonly folders: JobFolders } {
  const { db } = connection;
  const stored = { db, events };
  const folders = new JobFolders(paths, db, shared);
  return {
    db, log, paths, events, folders,
    logs: logStore(folders),
    jobs: jobService(stored, settings),
    devices: deviceService({ stored, paths, render }),
    workers: workerService(stored),
    timings,
    healthy: () => connection.healthy(),
  };
}
