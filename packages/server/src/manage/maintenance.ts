import type { Command } from 'commander';
import { deviceHealths } from '@lava/job';
import { changeDeviceHealth } from '../devices/device-changes.ts';
import { deviceHealth, jobState } from '../store/numbers.ts';
import { userNamed } from './objects.ts';
import { commandLine, visit } from './visit.ts';

/** `maintenance`: no device takes a new job; what runs ends by itself or, with force, now. */
export function maintenance(manage: Command): void {
  manage.command('maintenance').description('put all devices that are not retired into Maintenance').option('--force', 'cancel what runs').option('--dry-run', 'only say which').option('--user <name>', 'who asks for it, for the audit log')
    .action((options: { force?: boolean; dryRun?: boolean; user?: string }, command: Command) => visit(command, async (v) => {
      const asked = options.user === undefined ? undefined : `for ${(await userNamed(v.db, options.user)).name}`;
      v.print('Setting all devices to maintenance mode:');
      const devices = await v.db.selectFrom('devices').select(['hostname', 'health']).where('health', 'not in', [deviceHealth.Maintenance, deviceHealth.Retired]).orderBy('hostname').execute();
      for (const { hostname, health } of devices) {
        v.print(`* ${hostname} (${deviceHealths[health]})`);
        if (!options.dryRun) await v.change((c) => changeDeviceHealth(c, hostname, 'Maintenance', 'maintenance of the whole lab'), asked);
      }
      const running = await v.db.selectFrom('jobs').select(['id', 'actual_device']).where('state', 'in', [jobState.Scheduling, jobState.Scheduled, jobState.Running]).orderBy('id').execute();
      v.print(options.force ? 'Cancelling all running jobs:' : 'Jobs that go on:');
      for (const { id, actual_device } of running) {
        v.print(`* ${id}${actual_device === null ? '' : ` on ${actual_device}`}`);
        if (options.force && !options.dryRun) await v.jobs.cancel(id, commandLine);
      }
    }));
}
