import { jobHealths, jobStates } from '@lava/job';
import { sql } from 'kysely';
import { visibleJobs } from '../../auth/visibility.ts';
import type { User } from '../../auth/users.ts';
import { configurationFile, findConfiguration } from '../../devices/configuration.ts';
import { extendedTemplate } from '../../scheduler/health-check-files.ts';
import { checkIsDue } from '../../scheduler/health-checks.ts';
import type { Services } from '../../services.ts';
import type { DeviceRow } from '../../read/devices.ts';

/** What keeps a device healthy (docs/api.md). */
export interface DeviceHealthCheck {
  /** Name of its definition: the template that the dictionary extends; null when that is none or several. */
  name: string | null;
  defined: boolean;
  /** Where the definition would be written, for those who may change the device. */
  file: string | null;
  enabled: boolean; every: number; unit: 'hours' | 'jobs';
  last: { job: number; submitted: string; state: string; health: string } | null;
  /** One is due as soon as the device is free; else at this time, or after so many more jobs. */
  due: boolean; next: string | null; jobs_left: number | null;
}

/** How the health checks of a device stand. */
export async function readHealthCheck(services: Services, user: User | null, device: DeviceRow, dictionary: string | undefined, mayChange: boolean): Promise<DeviceHealthCheck> {
  const { rows: [row] } = await sql<{ disabled: boolean; every: number; unit: number; last: number | null; submitted: Date | null; since: number; state: number; health: number; visible: boolean }>`
    select t.disable_health_check as disabled, t.health_frequency as every, t.health_denominator as unit, jobs.id as last, jobs.submit_time as submitted, jobs.state, jobs.health, ${visibleJobs(user)} as visible,
      (select count(*)::int from jobs j where j.actual_device = d.hostname and not j.health_check and j.start_time > jobs.submit_time) as since
    from devices d join device_types t on t.name = d.device_type left join jobs on jobs.id = d.last_health_report_job and jobs.health_check
    where d.hostname = ${device.hostname}`.execute(services.db);
  const { disabled = false, every = 24, unit = 0, last = null, submitted = null, since = 0 } = row ?? {};
  const name = extendedTemplate(dictionary ?? '') ?? null;
  const defined = name !== null && await findConfiguration(services, 'health-check', name) !== undefined;
  const rule = { display: true, checkEvery: every, checkUnit: unit === 1 ? 'jobs' : 'hours', checksDisabled: disabled } as const;
  const inService = ['Good', 'Unknown', 'Looping'].includes(device.health);
  const due = defined && inService && checkIsDue({ health: device.health as 'Good', lastCheck: submitted?.getTime() ?? null, jobsSinceCheck: since }, rule, Date.now());
  const waits = defined && inService && !disabled && !due;
  return {
    name, defined, file: mayChange && name !== null ? configurationFile(services.paths, 'health-check', name) : null,
    enabled: !disabled, every, unit: rule.checkUnit,
    last: row && last !== null && submitted && row.visible ? { job: last, submitted: submitted.toISOString(), state: jobStates[row.state]!, health: jobHealths[row.health]! } : null,
    due, next: waits && submitted && unit !== 1 ? new Date(submitted.getTime() + every * 3_600_000).toISOString() : null,
    jobs_left: waits && unit === 1 ? Math.max(0, every - since) : null,
  };
}
