import { authGroups } from './auth/groups.ts';
import { authUsers } from './auth/users.ts';
import type { Methods } from './dispatch.ts';
import { introspection } from './introspection.ts';
import type { Method } from './method.ts';
import { results } from './results.ts';
import { schedulerAliases } from './scheduler/aliases.ts';
import { schedulerDeviceTypes } from './scheduler/device-types.ts';
import { schedulerDevices } from './scheduler/devices.ts';
import { schedulerJobs } from './scheduler/jobs.ts';
import { schedulerOldDevices } from './scheduler/old-devices.ts';
import { schedulerOldJobs } from './scheduler/old-jobs.ts';
import { schedulerRemoteArtifactTokens } from './scheduler/remote-artifact-tokens.ts';
import { schedulerTags } from './scheduler/tags.ts';
import { schedulerWorkers } from './scheduler/workers.ts';
import { system } from './system.ts';

const all: readonly Method[] = [
  ...authGroups, ...authUsers, ...results, ...schedulerAliases, ...schedulerDevices, ...schedulerDeviceTypes, ...schedulerJobs, ...schedulerOldDevices,
  ...schedulerOldJobs, ...schedulerRemoteArtifactTokens, ...schedulerTags, ...schedulerWorkers, ...system, ...introspection(() => methods),
];

/** All methods by name. */
export const methods: Methods = new Map(all.map((m) => [m.name, m]));
