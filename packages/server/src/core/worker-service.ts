import { ConfigurationError } from '@lava/base';
import type { WorkerService } from '../services.ts';
import { change, type Stored } from '../store/change.ts';
import { changeWorkerHealth } from '../workers/worker-changes.ts';

/** What admins do with workers. */
export function workerService(stored: Stored): WorkerService {
  return {
    async setHealth(hostname, health, actor, reason) {
      const known = await change(stored, actor, (c) => changeWorkerHealth(c, hostname, health, reason));
      if (!known) throw new ConfigurationError(`Worker '${hostname}' does not exist.`, { code: 'unknown-worker' });
    },
  };
}
