import { join } from 'node:path';
import { workerHealths, workerStates } from '@lava/job';
import { YamlError, loadYaml } from '@lava/yaml';
import { sql } from 'kysely';
import type { User } from '../../../auth/users.ts';
import { visibleDevices, visibleWorkers } from '../../../auth/visibility.ts';
import { findConfiguration, inDatabase } from '../../../devices/configuration.ts';
import { addWorker, changeWorker, removeWorker } from '../../../objects/write-worker.ts';
import { change } from '../../../store/change.ts';
import type { ConfigurationKind } from '../../../store/database.ts';
import { workerHealth } from '../../../store/numbers.ts';
import { anyone, permission } from '../access.ts';
import { Fault, type XmlRpcValue } from '../codec/values.ts';
import { configurationText, storeConfiguration } from '../configurations.ts';
import { method, type Context, type Method } from '../method.ts';
import { workerExists, workerNamed } from '../objects.ts';
import { flag, integer, text } from '../param.ts';
import { storeNew } from '../stored.ts';

const hostname = text('host name of the worker');
const mayChange = permission('lava_scheduler_app.change_worker');

export const schedulerWorkers: readonly Method[] = [
  method('scheduler.workers.add', {
    access: permission('lava_scheduler_app.add_worker'), params: { hostname, description: text('description', null), disabled: flag('add it as retired', false) },
    about: 'Adds a worker.', returns: 'nil',
    async run({ services, user }, { hostname, description, disabled }) {
      const health = disabled ? workerHealth.Retired : workerHealth.Active;
      await storeNew('worker', 'worker already exists?', () => change(services, user.username, (c) => addWorker(c, { hostname, description: description ?? '', health })));
    },
  }),
  method('scheduler.workers.update', {
    access: mayChange, params: { hostname, description: text('description', null), health: text('ACTIVE, MAINTENANCE or RETIRED', null), job_limit: integer('jobs at a time; 0: no limit', null) },
    about: 'Changes a worker. What is nil stays as it is.', returns: 'nil',
    run: update,
  }),
  method('scheduler.workers.delete', {
    access: permission('lava_scheduler_app.delete_worker'), params: { hostname }, about: 'Removes a worker that runs nothing.', returns: 'nil',
    async run(context, { hostname }) {
      await workerExists(context, hostname);
      await change(context.services, context.user.username, async (c) => {
        if (!await removeWorker(c, hostname)) throw new Fault(400, `Bad request: worker '${hostname}' runs jobs; cancel them first.`);
      });
    },
  }),
  method('scheduler.workers.list', {
    access: anyone, params: { show_all: flag('with retired workers', false) }, about: 'Workers.', returns: 'array of host names, sorted',
    async run({ services, user }, { show_all }) {
      const shown = show_all ? sql`true` : sql`workers.health <> ${workerHealth.Retired}`;
      const { rows } = await sql<{ hostname: string }>`select workers.hostname from workers where ${shown} and ${visibleWorkers(user)} order by 1`.execute(services.db);
      return rows.map((w) => w.hostname);
    },
  }),
  method('scheduler.workers.show', {
    access: anyone, params: { hostname }, about: 'Facts about a worker.',
    returns: 'struct with hostname, description, state, health, devices, last_ping, job_limit, version, default_config, default_env, default_env_dut',
    run: show,
  }),
  ...file('config', 'dispatcher', 'dispatcher configuration', 'a dispatcher configuration', 'config'),
  ...file('env', 'env', 'environment of the dispatcher', 'an env file', 'env'),
  ...file('env_dut', 'env-dut', 'environment of the device under test', 'an env-dut file', 'DUT env'),
];

/** The methods that read and write one file of a worker. */
function file(suffix: string, kind: ConfigurationKind, about: string, missing: string, shortName: string): Method[] {
  return [
    method(`scheduler.workers.get_${suffix}`, {
      access: anyone, params: { hostname }, about: `The ${about} of a worker.`, returns: 'binary text: YAML',
      async run(context, { hostname }) {
        if (hostname.includes('/')) throw new Fault(400, 'Invalid worker name');
        await workerNamed(context, hostname);
        const found = await configurationText(context, kind, hostname);
        if (found === undefined) throw new Fault(404, `Worker '${hostname}' does not have ${missing}`);
        return found;
      },
    }),
    method(`scheduler.workers.set_${suffix}`, {
      access: mayChange, params: { hostname, content: text("YAML; an empty text removes the worker's own") },
      about: `Replaces the ${about} of a worker.`, returns: 'true',
      async run(context, { hostname, content }) {
        if (hostname.includes('/')) throw new Fault(400, 'Invalid worker name');
        await workerExists(context, hostname);
        try {
          loadYaml(content);
        } catch (error) {
          throw error instanceof YamlError ? new Fault(400, `Invalid YAML syntax in '${hostname}' ${shortName}: ${error.message}`) : error;
        }
        await storeConfiguration(context, kind, hostname, content, `Unable to store the ${about} of '${hostname}'`);
        return true;
      },
    }),
  ];
}

async function show(context: Context, args: { hostname: string }): Promise<XmlRpcValue> {
  const { services, user } = context;
  await workerNamed(context, args.hostname);
  const worker = await services.db.selectFrom('workers').select(['hostname', 'description', 'state', 'health', 'last_ping', 'job_limit', 'version']).where('hostname', '=', args.hostname).executeTakeFirstOrThrow();
  const { rows: devices } = await sql<{ hostname: string }>`select devices.hostname from devices where devices.worker = ${args.hostname} and ${visibleDevices(user)} order by 1`.execute(services.db);
  return {
    // Clients take a time without looking: that of a worker that never came is the beginning of time.
    ...worker, last_ping: worker.last_ping ?? new Date(0), state: workerStates[worker.state]!, health: workerHealths[worker.health]!, devices: devices.map((d) => d.hostname),
    default_config: await isDefault(context, 'dispatcher', worker.hostname), default_env: await isDefault(context, 'env', worker.hostname), default_env_dut: await isDefault(context, 'env-dut', worker.hostname),
  };
}

/** True when a worker has no text of its own. */
async function isDefault({ services }: Context, kind: ConfigurationKind, name: string): Promise<boolean> {
  const found = await findConfiguration(services, kind, name);
  return !found || (found.source !== inDatabase && !found.source.startsWith(join(services.paths.serverConfig, 'dispatcher.d/')));
}

async function update(context: Context<User>, { hostname, description, health, job_limit }: { hostname: string; description: string | null; health: string | null; job_limit: number | null }): Promise<void> {
  const { services, user } = context;
  await workerExists(context, hostname);
  const word = health === null ? undefined : workerHealths.find((h) => h.toUpperCase() === health.toUpperCase());
  if (health !== null && !word) throw new Fault(400, `Invalid health: ${health}`);
  if (job_limit !== null && job_limit < 0) throw new Fault(400, 'Invalid job limit');
  const columns = { ...(description !== null && { description }), ...(job_limit !== null && { job_limit }) };
  await change(services, user.username, (c) => changeWorker(c, hostname, columns));
  if (word) await services.workers.setHealth(hostname, word, user.username, 'xmlrpc api');
}
