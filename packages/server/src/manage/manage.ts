import type { Command } from 'commander';
import { backups } from './backup.ts';
import { check } from './check/check.ts';
import { deviceTypes } from './device-types.ts';
import { devices } from './devices.ts';
import { groups } from './groups.ts';
import { importLavaCommand } from './import-lava.ts';
import { jobs } from './jobs.ts';
import { leader } from './leader.ts';
import { maintenance } from './maintenance.ts';
import { aliases, deviceTags } from './names.ts';
import { notifications } from './notifications.ts';
import { permissions } from './permissions.ts';
import { refreshQueries } from './queries.ts';
import { scheduler } from './scheduler.ts';
import { site } from './site.ts';
import { sync } from './sync.ts';
import { tokens } from './tokens.ts';
import { users } from './users.ts';
import { wait } from './wait.ts';
import { pipelineWorker, workers } from './workers.ts';

/** `lava-server manage …`: what admins do at the command line, whether the server runs or not. */
export function addManage(program: Command): void {
  const manage = program.command('manage').description('users, permissions, tokens, device types, devices, workers, jobs and the scheduler');
  users(manage);
  groups(manage);
  permissions(manage);
  tokens(manage);
  deviceTypes(manage);
  aliases(manage);
  devices(manage);
  deviceTags(manage);
  workers(manage);
  pipelineWorker(manage);
  jobs(manage);
  maintenance(manage);
  scheduler(manage);
  sync(manage);
  refreshQueries(manage);
  site(manage);
  wait(manage);
  check(manage);
  notifications(manage);
  importLavaCommand(manage);
  backups(manage);
  leader(manage);
}
