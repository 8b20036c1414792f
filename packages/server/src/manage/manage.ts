import type { Command } from 'commander';
import { deviceTypes } from './device-types.ts';
import { devices } from './devices.ts';
import { tokens } from './tokens.ts';
import { users } from './users.ts';
import { pipelineWorker, workers } from './workers.ts';

/** `lava-server manage …`: what admins do at the command line, whether the server runs or not. */
export function addManage(program: Command): void {
  const manage = program.command('manage').description('users, tokens, device types, devices and workers');
  users(manage);
  tokens(manage);
  deviceTypes(manage);
  devices(manage);
  workers(manage);
  pipelineWorker(manage);
}
