import { readFile } from 'node:fs/promises';
import { sql } from 'kysely';
import type { Command } from 'commander';
import { deviceHealths, deviceStates, type DeviceHealth } from '@lava/job';
import { changeDeviceHealth } from '../devices/device-changes.ts';
import { readConfiguration, writeConfiguration } from '../devices/configuration.ts';
import { deviceProblems } from '../devices/renderer.ts';
import type { Change } from '../store/change.ts';
import { deviceHealth } from '../store/numbers.ts';
import { deviceControl } from './device-control.ts';
import { explainProblem } from './explain.ts';
import { groupId, mustExist, setTags, userId } from './objects.ts';
import { aligned, csv } from './table.ts';
import { CommandError, commandLine, visit } from './visit.ts';

interface DeviceOptions {
  readonly deviceType?: string;
  readonly worker?: string;
  readonly description?: string;
  readonly offline?: boolean;
  readonly tags?: string[];
  readonly dictionary?: string;
  readonly health?: string;
  readonly physicalUser?: string;
  readonly physicalGroup?: string;
}

export function devices(manage: Command): void {
  const group = manage.command('devices').description('boards and virtual machines that run jobs');

  const owned = (command: Command) => command.option('--physical-user <name>', 'who has it on the desk').option('--physical-group <name>', 'the people who look after it');

  owned(group.command('add <hostname>')).description('add a device').requiredOption('--device-type <type>').requiredOption('--worker <hostname>', 'the worker it is wired to')
    .option('--description <text>').option('--offline', 'in Maintenance, not Good').option('--tags <tags...>').option('--dictionary <file>', 'take over this dictionary')
    .action((hostname: string, options: DeviceOptions, command: Command) => visit(command, async (v) => {
      mustNameDevice(hostname);
      const dictionary = options.dictionary === undefined ? undefined : await readText(options.dictionary);
      await v.change(async (c) => {
        await mustExist(c, 'device_types', 'name', options.deviceType!, 'Device type');
        await mustExist(c, 'workers', 'hostname', options.worker!, 'Worker');
        const { numAffectedRows } = await sql`insert into devices (hostname, device_type, worker, description, health)
          values (${hostname}, ${options.deviceType}, ${options.worker}, ${options.description ?? ''}, ${options.offline ? deviceHealth.Maintenance : deviceHealth.Good})
          on conflict do nothing`.execute(c.trx);
        if (numAffectedRows === 0n) throw new CommandError(`Device '${hostname}' already exists`);
        await setTags(c, hostname, options.tags ?? []);
        await setOwner(c, hostname, options);
        if (dictionary !== undefined) await writeConfiguration(c, v.paths, 'dictionary', hostname, dictionary);
        c.note('device', hostname, 'added');
        c.device(hostname);
      });
    }));

  owned(group.command('update <hostname>')).description('change a device').option('--description <text>').option('--health <health>', 'GOOD, UNKNOWN, LOOPING, BAD, MAINTENANCE or RETIRED')
    .option('--worker <hostname>').option('--dictionary <file>', 'take over this dictionary').option('--tags <tags...>', 'these tags instead of the old ones')
    .action((hostname: string, options: DeviceOptions, command: Command) => visit(command, async (v) => {
      const health = options.health === undefined ? undefined : healthNamed(options.health);
      if (Object.keys(options).length === 0) throw new CommandError('Nothing to update: give at least one option');
      await v.change(async (c) => {
        await mustExist(c, 'devices', 'hostname', hostname, 'Device');
        if (options.worker !== undefined) {
          await mustExist(c, 'workers', 'hostname', options.worker, 'Worker');
          await c.trx.updateTable('devices').set({ worker: options.worker }).where('hostname', '=', hostname).execute();
          c.note('device', hostname, `moved to worker ${options.worker}`);
        }
        if (options.description !== undefined) await c.trx.updateTable('devices').set({ description: options.description }).where('hostname', '=', hostname).execute();
        if (options.tags !== undefined) await setTags(c, hostname, options.tags);
        await setOwner(c, hostname, options);
        if (health !== undefined && health !== 'Retired') await changeDeviceHealth(c, hostname, health);
        c.device(hostname);
      });
      if (health === 'Retired') await v.devices.setHealth(hostname, health, commandLine);
      if (options.dictionary !== undefined) await v.devices.setDictionary(hostname, await readText(options.dictionary), commandLine);
    }));

  group.command('copy <original> <target>').description('add a device that is like another, with its dictionary').requiredOption('--worker <hostname>', 'the worker it is wired to')
    .option('--offline', 'in Maintenance, not Good').option('--copy-with-tags', 'with its tags')
    .action((original: string, target: string, options: { worker: string; offline?: boolean; copyWithTags?: boolean }, command: Command) => visit(command, async (v) => {
      mustNameDevice(target);
      await v.change(async (c) => {
        await mustExist(c, 'devices', 'hostname', original, 'Device');
        await mustExist(c, 'workers', 'hostname', options.worker, 'Worker');
        const { numAffectedRows } = await sql`insert into devices (hostname, device_type, worker, description, device_version, physical_owner, physical_group, health)
          select ${target}, device_type, ${options.worker}, description, device_version, physical_owner, physical_group, ${options.offline ? deviceHealth.Maintenance : deviceHealth.Good}
          from devices where hostname = ${original} on conflict do nothing`.execute(c.trx);
        if (numAffectedRows === 0n) throw new CommandError(`Device '${target}' already exists`);
        if (options.copyWithTags) await sql`insert into device_tags (device, tag_id) select ${target}, tag_id from device_tags where device = ${original}`.execute(c.trx);
        const dictionary = await readConfiguration({ db: c.trx, paths: v.paths }, 'dictionary', original);
        if (dictionary !== undefined) await writeConfiguration(c, v.paths, 'dictionary', target, dictionary);
        c.note('device', target, `added, a copy of ${original}`);
        c.device(target);
      });
    }));

  group.command('details <hostname>').description('show a device').action((hostname: string, _: unknown, command: Command) => visit(command, async ({ db, paths, print }) => {
    const { rows: [d] } = await sql<{ device_type: string; state: number; health: number; last_health_report_job: number | null; description: string; worker: string | null; job: number | null }>`
      select *, (select id from jobs where actual_device = hostname and state < 5) as job from devices where hostname = ${hostname}`.execute(db);
    if (!d) throw new CommandError(`Device '${hostname}' does not exist`);
    const written = await readConfiguration({ db, paths }, 'dictionary', hostname) !== undefined;
    print(aligned({
      hostname, 'device-type': d.device_type, state: deviceStates[d.state]!, health: deviceHealths[d.health]!, 'health job': d.last_health_report_job !== null,
      description: d.description, 'device-dict': written, worker: d.worker, current_job: d.job,
    }));
  }));

  group.command('list').description('list devices').option('--state <state>', 'IDLE, RESERVED or RUNNING').option('-a, --all', 'also retired ones').option('--health <health>').option('--csv')
    .action((options: { state?: string; all?: boolean; health?: string; csv?: boolean }, command: Command) => visit(command, async ({ db, print }) => {
      const all = await db.selectFrom('devices').select(['hostname', 'device_type', 'state', 'health']).orderBy('hostname').execute();
      const health = options.health === undefined ? undefined : deviceHealth[healthNamed(options.health)];
      const rows = all.filter((d) => (health === undefined ? options.all || d.health !== deviceHealth.Retired : d.health === health)
        && (options.state === undefined || deviceStates[d.state]!.toUpperCase() === options.state.toUpperCase()));
      if (options.csv) print(csv(['hostname', 'device-type', 'state', 'health'], rows.map((d) => [d.hostname, d.device_type, deviceStates[d.state]!, deviceHealths[d.health]!])));
      else print(['Available devices:', ...rows.map((d) => `* ${d.hostname} (${d.device_type}) ${deviceStates[d.state]}, ${deviceHealths[d.health]}`)].join('\n'));
    }));

  group.command('check [hostnames...]').description('render the configuration of devices and say what is wrong with it').option('--all', 'of all that are not retired')
    .action((hostnames: string[], options: { all?: boolean }, command: Command) => visit(command, async (v) => {
      if (options.all === (hostnames.length > 0)) throw new CommandError('Give hostnames or --all');
      const wanted = v.db.selectFrom('devices').select(['hostname', 'device_type']).orderBy('hostname');
      const found = await (options.all ? wanted.where('health', '<>', deviceHealth.Retired) : wanted.where('hostname', 'in', hostnames)).execute();
      const unknown = hostnames.find((name) => !found.some((d) => d.hostname === name));
      if (unknown !== undefined) throw new CommandError(`Device '${unknown}' does not exist`);
      let wrong = 0;
      for (const { hostname, device_type: type } of found) {
        v.print(`* ${hostname}`);
        const problems = await deviceProblems(v, hostname, type);
        if (problems.some((p) => p.severity === 'error')) wrong++;
        for (const problem of problems) v.print(explainProblem(problem));
      }
      if (wrong > 0) throw new CommandError(`${wrong} of ${found.length} devices cannot be used`);
    }));

  deviceControl(group);
}

function mustNameDevice(hostname: string): void {
  if (!/^[-_a-zA-Z0-9.]{1,200}$/.test(hostname) || /^\.+$/.test(hostname)) throw new CommandError(`'${hostname}' cannot name a device: use letters, digits, dots, dashes and underscores`);
}

/** A device is looked after by a person or by a group. */
async function setOwner(c: Change, hostname: string, { physicalUser, physicalGroup }: DeviceOptions): Promise<void> {
  if (physicalUser !== undefined && physicalGroup !== undefined) throw new CommandError('Give --physical-user or --physical-group, not both');
  if (physicalUser !== undefined) await c.trx.updateTable('devices').set({ physical_owner: await userId(c.trx, physicalUser), physical_group: null }).where('hostname', '=', hostname).execute();
  if (physicalGroup !== undefined) await c.trx.updateTable('devices').set({ physical_group: await groupId(c.trx, physicalGroup), physical_owner: null }).where('hostname', '=', hostname).execute();
}

function healthNamed(text: string): DeviceHealth {
  const health = deviceHealths.find((h) => h.toUpperCase() === text.toUpperCase());
  if (!health) throw new CommandError(`'${text}' is no health of a device: use ${deviceHealths.map((h) => h.toUpperCase()).join(', ')}`);
  return health;
}

async function readText(path: string): Promise<string> {
  return readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => { throw new CommandError(`Cannot read ${path}: ${error.message}`); });
}

