import { sql, type Kysely } from 'kysely';
import { ConfigurationError, messageOf, type LavaPaths } from '@lava/base';
import type { AttemptFiles } from '@lava/link';
import { isMapping } from '@lava/job';
import { dumpYaml, loadYaml } from '@lava/yaml';
import { findConfiguration, type ConfigurationParts } from '../devices/configuration.ts';
import type { LiveAttempt } from './attempts.ts';
import { loadExactly } from '../jobs/exact-yaml.ts';
import { guestDevice } from './guest-device.ts';
import type { DeviceService } from '../services.ts';
import type { ConfigurationKind, Database } from '../store/database.ts';

interface Parts {
  readonly db: Kysely<Database>;
  readonly paths: LavaPaths;
  readonly devices: DeviceService;
}

/**
 * What a worker needs to run a job, from the database and the configuration folders.
 * @throws ConfigurationError when the device cannot be rendered or a file of the admin is not YAML
 */
export async function attemptFiles({ db, paths, devices }: Parts, { job, device, guest, worker }: LiveAttempt): Promise<AttemptFiles> {
  const { rows } = await sql<{ definition: string }>`select definition from jobs where id = ${job}`.execute(db);
  const definition = rows[0]?.definition ?? '';
  const { context } = loadYaml(definition) as { context?: Record<string, unknown> };
  const ofWorker = (kind: ConfigurationKind) => checked({ db, paths }, kind, worker);
  const [rendered, dispatcher, env, envDut] = await Promise.all([devices.render(device, context ?? {}), ofWorker('dispatcher'), ofWorker('env'), ofWorker('env-dut')]);
  const configuration = withHostname(rendered, device);
  return {
    'job.yaml': definition,
    'device.yaml': guest ? guestDevice(configuration) : configuration,
    'dispatcher.yaml': dispatcher,
    'env.yaml': env,
    'env-dut.yaml': envDut,
  };
}

/** The worker tells by the name whether a device is in use; templates of an admin's own need not write it. */
function withHostname(text: string, hostname: string): string {
  if (/^hostname:/m.test(text)) return text;
  const device = loadExactly(text);
  return isMapping(device) && device['hostname'] === undefined ? dumpYaml({ hostname, ...device }) : text;
}

/** A text for the worker's programs, which must be YAML; empty when there is none. */
async function checked(parts: ConfigurationParts, kind: ConfigurationKind, worker: string): Promise<string> {
  const found = await findConfiguration(parts, kind, worker);
  if (!found) return '';
  try {
    loadYaml(found.text);
  } catch (error) {
    throw new ConfigurationError(`the ${kind} settings of worker ${worker}, in ${found.source}, are not YAML: ${messageOf(error)}`, { code: 'configuration-file', hint: 'Correct them; the next job reads them again.' });
  }
  return found.text;
}
