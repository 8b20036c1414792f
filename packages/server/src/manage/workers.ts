import { sql } from 'kysely';
import type { Command } from 'commander';
import { deviceHealths, workerHealths, workerStates } from '@lava/job';
import { changeDeviceHealth } from '../devices/device-changes.ts';
import type { Change } from '../store/change.ts';
import { freshFor, gibibytes, statusRow, type WorkerStatusRow } from '../read/worker-status.ts';
import type { StoredWorkerStatus } from '../store/database.ts';
import { deviceHealth } from '../store/numbers.ts';
import { changeWorkerHealth, devicesOf } from '../workers/worker-changes.ts';
import { newWorkerToken } from '../workers/worker-token.ts';
import { aligned, csv } from './table.ts';
import { CommandError, visit } from './visit.ts';
import { addNamedWorker, mustExist, updateWorker, type WorkerOptions } from './worker-fields.ts';
import { workerSecrets } from './worker-secrets.ts';

export function workers(manage: Command): void {
  const group = manage.command('workers').description('machines beside the devices that run the jobs');
  const common = (command: Command) => command.option('--description <text>').option('--health <health>', 'ACTIVE, MAINTENANCE or RETIRED')
    .option('--certificate <name>', 'certificate it must hold, if not one named like the worker (--certificate "" for that)').option('--job-limit <number>', 'most devices busy at once; 0 is no limit')
    .option('--display', 'enabled: gets jobs').option('--no-display', 'disabled: jobs that only its devices could run fail');

  common(group.command('add <hostname>').description('make a worker known: before, it is refused; prints its token for the HTTP protocol')).action((hostname: string, options: WorkerOptions, command: Command) => visit(command, async ({ change, print }) => {
    const token = await change(async (c) => {
      await addNamedWorker(c, hostname, options, `Worker already exists with hostname ${hostname}`);
      return newWorkerToken(c, hostname);
    });
    print(`Token: ${token}`);
  }));

  common(group.command('update <hostname>').description('change a worker')).action((hostname: string, options: WorkerOptions, command: Command) => visit(command, async ({ change }) => {
    if (Object.keys(options).length === 0) throw new CommandError('Nothing to update: give at least one option');
    await change((c) => updateWorker(c, hostname, options));
  }));

  workerSecrets(group);

  group.command('details <hostname>').description('show a worker').option('--devices', 'with its devices')
    .action((hostname: string, options: { devices?: boolean }, command: Command) => visit(command, async ({ db, print }) => {
      const { rows: [w] } = await sql<{ state: number; health: number; display: boolean; description: string; version: string | null; job_limit: number; certificate: string | null; token_hash: string | null; last_ping: Date | null; devices: string[]; status: StoredWorkerStatus | null; status_at: Date | null; fresh: boolean | null }>`
        select *, status_at > now() - ${freshFor}::interval as fresh, array(select d.hostname from devices d where d.worker = workers.hostname order by 1) as devices from workers where hostname = ${hostname}`.execute(db);
      if (!w) throw new CommandError(`Unable to find worker '${hostname}'`);
      print(aligned({
        hostname, state: workerStates[w.state]!, health: workerHealths[w.health]!, description: w.description,
        token: w.token_hash === null ? 'none' : 'only its hash is kept; "workers token" makes a new one', enabled: w.display, version: w.version,
        certificate: w.certificate ?? hostname, 'job limit': w.job_limit, 'last ping': w.last_ping?.toISOString() ?? 'never',
        ...statusLines(statusRow(w.status, w.status_at, w.fresh)),
        devices: options.devices ? '' : w.devices.length,
      }));
      if (options.devices) for (const device of w.devices) print(`- ${device}`);
    }));

  group.command('list').description('list workers').option('-a, --all', 'also retired ones').option('--csv').action((options: { all?: boolean; csv?: boolean }, command: Command) => visit(command, async ({ db, print }) => {
    const { rows } = await sql<{ hostname: string; description: string; state: number; health: number; display: boolean; devices: number }>`
      select *, (select count(*)::int from devices d where d.worker = workers.hostname) as devices from workers
      where health <> 2 or ${options.all ?? false} order by hostname`.execute(db);
    if (options.csv) print(csv(['hostname', 'description', 'master', 'state', 'health', 'devices'], rows.map((w) => [w.hostname, w.description, '', workerStates[w.state]!, workerHealths[w.health]!, w.devices])));
    else print(['Workers:', ...rows.map((w) => `* ${w.hostname} (${w.devices} devices)${w.display ? '' : ' disabled'}`)].join('\n'));
  }));

  group.command('maintenance <hostname>').description('take a worker and all its devices offline; running jobs go on')
    .action((hostname: string, _: unknown, command: Command) => visit(command, async ({ change, print }) => {
      const changed = await change(async (c) => {
        await mustExist(c, hostname);
        await changeWorkerHealth(c, hostname, 'Maintenance');
        const { Good, Unknown, Looping, Bad, Maintenance } = deviceHealth;
        return devicesOf(c, hostname, [Good, Unknown, Looping, Bad], Maintenance, goingOffline(hostname));
      });
      print([`Worker ${hostname} is in maintenance; devices taken offline:`, ...changed.map((d) => `* ${d}`)].join('\n'));
    }));

  group.command('active <hostname>').description('bring a worker and the devices that "maintenance" took offline back')
    .action((hostname: string, _: unknown, command: Command) => visit(command, async ({ change, print }) => {
      const changed = await change(async (c) => {
        await mustExist(c, hostname);
        await changeWorkerHealth(c, hostname, 'Active');
        return bringBack(c, hostname);
      });
      print([`Worker ${hostname} is active; devices brought back:`, ...changed.map((d) => `* ${d}`)].join('\n'));
    }));
}

/** The command of LAVA's classic documentation for making a worker known. */
export function pipelineWorker(manage: Command): void {
  manage.command('pipeline-worker').description('make a worker known (the classic form of "workers add")')
    .requiredOption('--hostname <hostname>').option('--description <text>').option('--disable', 'disabled: its devices get no jobs')
    .action((options: { hostname: string; description?: string; disable?: boolean }, command: Command) => visit(command, async ({ change, print }) => {
      const { hostname, description, disable } = options;
      await change((c) => addNamedWorker(c, hostname, { description, display: !disable }, `Worker ${hostname} already exists`, 2));
      print(`Worker ${options.hostname} created`);
    }));
}

/** How a worker is, and what an admin should do about it. */
function statusLines(status: WorkerStatusRow | null): Record<string, string> {
  if (!status) return {};
  const { disk, cache, load, running, clock_ahead: ahead, at, warnings } = status;
  return {
    disk: `${gibibytes(disk.free)} of ${gibibytes(disk.total)} free`, cache: `${gibibytes(cache.free)} of ${gibibytes(cache.total)} free; ${cache.hits} files were there, ${cache.misses} were fetched`,
    load: String(load), runs: String(running), ...(ahead !== null && { 'clock ahead': `${(ahead / 1000).toFixed(3)} s` }), 'told at': at,
    ...(warnings.length > 0 && { warning: warnings.map(({ message, hint }) => `${message}. ${hint}`).join(' ') }),
  };
}

const goingOffline = (worker: string) => `worker ${worker} going offline`;

/** Devices whose last change of health was that of `maintenance` get their old one back; a Good one is Unknown until it has proved itself. */
async function bringBack(c: Change, worker: string): Promise<string[]> {
  const { rows } = await sql<{ hostname: string; message: string | null }>`
    select hostname, (select message from audit_log where kind = 'device' and object = hostname and message ~ '^\\w+ → \\w+' order by id desc limit 1) as message
    from devices where worker = ${worker} and health = ${deviceHealth.Maintenance} order by hostname`.execute(c.trx);
  const back: string[] = [];
  for (const { hostname, message } of rows) {
    const [before, after] = (message ?? '').split(' → ');
    const health = deviceHealths.find((h) => h === before);
    if (!health || after !== `Maintenance (${goingOffline(worker)})`) continue;
    await changeDeviceHealth(c, hostname, health === 'Good' ? 'Unknown' : health, `worker ${worker} going active`);
    back.push(hostname);
  }
  return back;
}

