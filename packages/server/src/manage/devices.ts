import { readFile } from 'node:fs/promises';
import { sql, type Updateable } from 'kysely';
import type { Command } from 'commander';
import { deviceHealths, deviceStates, type DeviceHealth } from '@lava/job';
import { changeDeviceHealth } from '../devices/device-changes.ts';
import { readConfiguration, writeConfiguration } from '../devices/configuration.ts';
import { deviceProblems } from '../devices/renderer.ts';
import { addDevice, changeDevice, setDeviceTags } from '../objects/write-device.ts';
import { HealthCheckFiles } from '../scheduler/health-check-files.ts';
import type { Change } from '../store/change.ts';
import type { Database } from '../store/database.ts';
import { deviceHealth } from '../store/numbers.ts';
import { deviceControl } from './device-control.ts';
import { explainProblem } from './explain.ts';
import { tagsOf } from './names.ts';
import { addNew, given, groupId, mustExist, mustNameTags, userId } from './objects.ts';
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
      mustNameTags(options.tags ?? []);
      const dictionary = options.dictionary === undefined ? undefined : await readText(options.dictionary);
      await v.change(async (c) => {
        await mustExist(c, 'device_types', 'name', options.deviceType!, 'Device type');
        await mustExist(c, 'workers', 'hostname', options.worker!, 'Worker');
        const columns = {
          hostname, device_type: options.deviceType!, worker: options.worker!, description: options.description ?? '',
          health: options.offline ? deviceHealth.Maintenance : deviceHealth.Good, ...await ownerOf(c, options),
        };
        await addNew(`Device '${hostname}' already exists`, () => addDevice(c, columns));
        await setDeviceTags(c, hostname, options.tags ?? []);
        if (dictionary !== undefined) await writeConfiguration(c, v.paths, 'dictionary', hostname, dictionary);
      });
    }));

  owned(group.command('update <hostname>')).description('change a device').option('--description <text>').option('--health <health>', 'GOOD, UNKNOWN, LOOPING, BAD, MAINTENANCE or RETIRED')
    .option('--worker <hostname>').option('--dictionary <file>', 'take over this dictionary').option('--tags <tags...>', 'these tags instead of the old ones')
    .action((hostname: string, options: DeviceOptions, command: Command) => visit(command, async (v) => {
      const health = options.health === undefined ? undefined : healthNamed(options.health);
      if (Object.keys(options).length === 0) throw new CommandError('Nothing to update: give at least one option');
      mustNameTags(options.tags ?? []);
      await v.change(async (c) => {
        await mustExist(c, 'devices', 'hostname', hostname, 'Device');
        if (options.worker !== undefined) await mustExist(c, 'workers', 'hostname', options.worker, 'Worker');
        if (options.tags !== undefined) await setDeviceTags(c, hostname, options.tags);
        const columns = { ...given({ worker: options.worker, description: options.description }), ...await ownerOf(c, options) };
        await changeDevice(c, hostname, columns, options.tags === undefined ? [] : ['tags']);
        if (health !== undefined && health !== 'Retired') await changeDeviceHealth(c, hostname, health);
      });
      if (health === 'Retired') await v.devices.setHealth(hostname, health, commandLine);
      if (options.dictionary !== undefined) await v.devices.setDictionary(hostname, await readText(options.dictionary), commandLine);
    }));

  group.command('copy <original> <target>').description('add a device that is like another, with its dictionary').requiredOption('--worker <hostname>', 'the worker it is wired to')
    .option('--offline', 'in Maintenance, not Good').option('--copy-with-tags', 'with its tags')
    .action((original: string, target: string, options: { worker: string; offline?: boolean; copyWithTags?: boolean }, command: Command) => visit(command, async (v) => {
      mustNameDevice(target);
      await v.change(async (c) => {
        const like = await c.trx.selectFrom('devices').select(['device_type', 'description', 'device_version', 'physical_owner', 'physical_group']).where('hostname', '=', original).executeTakeFirst();
        if (!like) throw new CommandError(`Device '${original}' does not exist`);
        await mustExist(c, 'workers', 'hostname', options.worker, 'Worker');
        const columns = { ...like, hostname: target, worker: options.worker, health: options.offline ? deviceHealth.Maintenance : deviceHealth.Good };
        await addNew(`Device '${target}' already exists`, () => addDevice(c, columns));
        if (options.copyWithTags) await setDeviceTags(c, target, await tagsOf(c.trx, original));
        const dictionary = await readConfiguration({ db: c.trx, paths: v.paths }, 'dictionary', original);
        if (dictionary !== undefined) await writeConfiguration(c, v.paths, 'dictionary', target, dictionary);
      }, `a copy of ${original}`);
    }));

  group.command('details <hostname>').description('show a device').action((hostname: string, _: unknown, command: Command) => visit(command, async ({ db, paths, log, print }) => {
    const { rows: [d] } = await sql<{ device_type: string; state: number; health: number; description: string; worker: string | null; physical: string | null; job: number | null }>`
      select devices.*, coalesce((select username from users where id = physical_owner), (select name from groups where id = physical_group)) as physical,
        (select id from jobs where actual_device = hostname and state < 5) as job from devices where hostname = ${hostname}`.execute(db);
    if (!d) throw new CommandError(`Device '${hostname}' does not exist`);
    const written = await readConfiguration({ db, paths }, 'dictionary', hostname) !== undefined;
    const checked = await new HealthCheckFiles({ db, paths }, log).definition(hostname) !== undefined;
    print(aligned({
      hostname, 'device-type': d.device_type, state: deviceStates[d.state]!, health: deviceHealths[d.health]!, 'health job': checked,
      description: d.description, physical: d.physical ?? '', 'device-dict': written, worker: d.worker, current_job: d.job ?? 'None',
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

  group.command('check [hostnames...]').description('render the configuration of devices and say what is wrong with it').option('-a, --all', 'of all that are not retired')
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

/** The columns that say who looks after a device: a person or a group. */
async function ownerOf(c: Change, { physicalUser, physicalGroup }: DeviceOptions): Promise<Updateable<Database['devices']>> {
  if (physicalUser !== undefined && physicalGroup !== undefined) throw new CommandError('Give --physical-user or --physical-group, not both');
  if (physicalUser !== undefined) return { physical_owner: await userId(c.trx, physicalUser), physical_group: null };
  return physicalGroup === undefined ? {} : { physical_group: await groupId(c.trx, physicalGroup), physical_owner: null };
}

function healthNamed(text: string): DeviceHealth {
  const health = deviceHealths.find((h) => h.toUpperCase() === text.toUpperCase());
  if (!health) throw new CommandError(`'${text}' is no health of a device: use ${deviceHealths.map((h) => h.toUpperCase()).join(', ')}`);
  return health;
}

async function readText(path: string): Promise<string> {
  return readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => { throw new CommandError(`Cannot read ${path}: ${error.message}`); });
}

