import { checkDeviceType, listTemplates } from '@lava/device';
import { messageOf } from '@lava/base';
import { readConfiguration } from '../../devices/configuration.ts';
import { deviceProblems, templateSources, typeSources } from '../../devices/renderer.ts';
import { jobService } from '../../core/job-service.ts';
import { instanceSettings } from '../../core/instance-settings.ts';
import { extendedTemplate } from '../../scheduler/health-check-files.ts';
import { deviceHealth } from '../../store/numbers.ts';
import { explainProblem, explain } from '../explain.ts';
import { about, type Findings, type OpenSite } from './finding.ts';

const inUse = ({ connection: { db } }: OpenSite) => db.selectFrom('devices').innerJoin('device_types', 'device_types.name', 'device_type')
  .select(['hostname', 'device_type', 'worker', 'disable_health_check']).where('health', '<>', deviceHealth.Retired).orderBy('hostname').execute();

/** Devices whose configuration cannot be rendered, or that no job can reach. */
export async function* checkDevices(site: OpenSite): Findings {
  const { error, warning } = about('devices');
  const parts = { db: site.connection.db, paths: site.paths };
  for (const { hostname, device_type: type, worker } of await inUse(site)) {
    if (worker === null) yield warning(`${hostname} has no worker`, `lava-server manage devices update ${hostname} --worker HOSTNAME`);
    for (const problem of await deviceProblems(parts, hostname, type)) {
      yield (problem.severity === 'error' ? error : warning)(`${hostname}: ${indented(explainProblem({ ...problem, severity: 'error' }))}`);
    }
  }
}

/** Templates of the device types that are shown. */
export async function* checkTemplates(site: OpenSite): Findings {
  const { error } = about('device-types');
  const { db } = site.connection;
  const parts = { db, paths: site.paths };
  const [lookup, known] = [await templateSources(parts), listTemplates(await typeSources(parts))];
  for (const { name } of await db.selectFrom('device_types').select('name').where('display', '=', true).orderBy('name').execute()) {
    if (!known.includes(name)) {
      // Devices of one type may all extend templates of other names.
      const used = await db.selectFrom('devices').select('hostname').where('device_type', '=', name).where('health', '<>', deviceHealth.Retired).limit(1).executeTakeFirst();
      if (!used) yield error(`${name} has no template`, `Write one, or hide the type: lava-server manage device-types update ${name} --no-display`);
      continue;
    }
    const problem = checkDeviceType(name, lookup);
    if (problem) yield error(`${name}: ${indented(explain(problem))}`);
  }
}

/** Devices that are never checked, and checks that no server takes. */
export async function* checkHealthChecks(site: OpenSite): Findings {
  const { error, warning } = about('health-checks');
  const { db } = site.connection;
  const parts = { db, paths: site.paths };
  const jobs = jobService({ db, events: { publish: () => {}, subscribe: () => () => {} } }, instanceSettings(site.settings));
  const users = new Map<string, string[]>();
  for (const { hostname, disable_health_check: disabled } of await inUse(site)) {
    if (disabled) continue;
    // A dictionary that cannot be read is told of with the devices.
    const dictionary = await readConfiguration(parts, 'dictionary', hostname).catch(() => undefined);
    const template = extendedTemplate(dictionary ?? '');
    if (template !== undefined) users.set(template, [...users.get(template) ?? [], hostname]);
  }
  for (const [name, hostnames] of [...users].sort()) {
    const which = hostnames.length > 3 ? `${hostnames.length} devices` : hostnames.join(', ');
    try {
      const text = await readConfiguration(parts, 'health-check', name);
      if (text === undefined) {
        yield warning(`${name} has no health check, so nobody checks ${which}`, `Write dispatcher-config/health-checks/${name}.yaml, or: lava-server manage device-types update TYPE --no-health-check`);
        continue;
      }
      for (const { severity, message, line, hint } of await jobs.validate(text)) {
        yield (severity === 'error' ? error : warning)(`${name}${line === undefined ? '' : `, line ${line}`}: ${message}`, hint);
      }
    } catch (cause) {
      yield error(`${name}: ${messageOf(cause)}`);
    }
  }
}

/** What `devices check` prints below a name, as it stands behind one. */
const indented = (text: string) => text.replace(/^ {2}-> /, '').replaceAll('\n     ', '\n        ');
