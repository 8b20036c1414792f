import { sql, type Kysely } from 'kysely';
import { ConfigurationError, messageOf, type LavaPaths } from '@lava/base';
import type { AttemptFiles } from '@lava/link';
import { isMapping, withSecrets } from '@lava/job';
import { dumpYaml, loadYaml } from '@lava/yaml';
import { findConfiguration, type ConfigurationParts } from '../devices/configuration.ts';
import type { LiveAttempt } from './attempts.ts';
import { loadExactly } from '../jobs/exact-yaml.ts';
import type { DeviceService } from '../services.ts';
import type { ConfigurationKind, Database } from '../store/database.ts';
import { prepared } from '../store/prepared.ts';
import { guestDevice } from './guest-device.ts';
import { withRemoteTokens } from './remote-tokens.ts';

interface Parts {
  readonly db: Kysely<Database>;
  readonly paths: LavaPaths;
  readonly devices: DeviceService;
}

/**
 * What a worker needs to run a job, from the database and the configuration folders. What is `kept` beside the log has
 * neither secrets nor tokens of the submitter.
 * @throws ConfigurationError when the device cannot be rendered or a file of the admin is not YAML
 */
export async function attemptFiles({ db, paths, devices }: Parts, { job, device, guest, worker }: LiveAttempt): Promise<{ files: AttemptFiles; kept: Record<string, string> }> {
  const { rows: [row] } = await sql<Stored>`
    select definition, (select secrets from job_secrets where job = id) as secrets, dispatcher_config as dispatcher, env, env_dut as "env-dut",
      (select json_object_agg(name, token) from remote_artifact_tokens where user_id = submitter) as tokens
    from jobs join workers on workers.hostname = ${worker} where id = ${job} ${prepared}`.execute(db);
  const { definition, secrets, tokens, ...texts } = row!;
  const { context } = loadYaml(definition) as { context?: Record<string, unknown> };
  const ofWorker = (kind: keyof typeof texts) => checked({ db, paths }, kind, worker, texts[kind]);
  const [rendered, dispatcher, env, envDut] = await Promise.all([devices.render(device, context ?? {}), ofWorker('dispatcher'), ofWorker('env'), ofWorker('env-dut')]);
  const configuration = withHostname(rendered, device);
  const kept = {
    'job.yaml': definition,
    'device.yaml': guest ? guestDevice(configuration) : configuration,
    'dispatcher.yaml': dispatcher,
    'env.yaml': env,
    'env-dut.yaml': envDut,
  };
  const whole = secrets === null ? definition : withSecrets(definition, secrets);
  return { kept, files: { ...kept, 'job.yaml': withRemoteTokens(whole, new Map(Object.entries(tokens ?? {}))) } };
}

/** What the database has for an attempt; null: nothing. */
interface Stored extends Readonly<Record<'dispatcher' | 'env' | 'env-dut', string | null>> {
  readonly definition: string;
  readonly secrets: string | null;
  /** Of the submitter, for remote files: by name. */
  readonly tokens: Readonly<Record<string, string>> | null;
}

/** The worker tells by the name whether a device is in use; templates of an admin's own need not write it. */
function withHostname(text: string, hostname: string): string {
  if (/^hostname:/m.test(text)) return text;
  const device = loadExactly(text);
  return isMapping(device) && device['hostname'] === undefined ? dumpYaml({ hostname, ...device }) : text;
}

/** A text for the worker's programs, which must be YAML; empty when there is none. */
async function checked(parts: ConfigurationParts, kind: ConfigurationKind, worker: string, stored: string | null): Promise<string> {
  const found = await findConfiguration(parts, kind, worker, stored);
  if (!found) return '';
  try {
    loadYaml(found.text);
  } catch (error) {
    throw new ConfigurationError(`the ${kind} settings of worker ${worker}, in ${found.source}, are not YAML: ${messageOf(error)}`, { code: 'configuration-file', hint: 'Correct them; the next job reads them again.' });
  }
  return found.text;
}
