import { sql } from 'kysely';
import type { Command } from 'commander';
import { checkDeviceType, deviceTypeFolders, listTemplates, lookupFolders } from '@lava/device';
import { explain } from './explain.ts';
import { aligned, csv } from './table.ts';
import { CommandError, pathsOf, visit, type Visit } from './visit.ts';

interface TypeOptions {
  readonly alias?: string;
  readonly healthFrequency?: string;
  readonly healthDenominator?: string;
  readonly display?: boolean;
}

export function deviceTypes(manage: Command): void {
  const group = manage.command('device-types').description('kinds of devices');

  group.command('add <type>').description("add a device type, or with '*' all that have a template").option('--alias <name>', 'another name for it')
    .option('--health-frequency <number>', 'how often a health check is due', '24').option('--health-denominator <unit>', 'hours or jobs', 'hours')
    .action((type: string, options: TypeOptions, command: Command) => visit(command, async (v) => {
      const frequency = Number(options.healthFrequency);
      if (!Number.isInteger(frequency) || frequency < 1) throw new CommandError(`'${options.healthFrequency}' is no health frequency`);
      if (!['hours', 'jobs'].includes(options.healthDenominator!)) throw new CommandError("The health denominator is 'hours' or 'jobs'");
      const names = type === '*' ? templates(v) : [type];
      for (const name of names) {
        if (name === '' || name.length > 50 || name.includes('/')) throw new CommandError(`'${name}' cannot name a device type`);
        await v.change(async (c) => {
          const { numAffectedRows } = await sql`insert into device_types (name, health_frequency, health_denominator)
            values (${name}, ${frequency}, ${options.healthDenominator === 'jobs' ? 1 : 0}) on conflict do nothing`.execute(c.trx);
          if (numAffectedRows === 0n && type !== '*') throw new CommandError(`Device-type '${name}' already exists`);
          if (options.alias !== undefined && type !== '*') await addAlias(c.trx, options.alias, name);
        });
      }
    }));

  group.command('update <type>').description('change a device type').option('--alias <name>', 'add another name').option('--display', 'show it and schedule its jobs').option('--no-display', 'hide it; its jobs wait')
    .action((type: string, options: TypeOptions, command: Command) => visit(command, async ({ change }) => {
      if (options.alias === undefined && options.display === undefined) throw new CommandError('Nothing to update: give at least one option');
      await change(async (c) => {
        const found = await c.trx.selectFrom('device_types').select('name').where('name', '=', type).executeTakeFirst();
        if (!found) throw new CommandError(`Device-type '${type}' does not exist`);
        if (options.alias !== undefined) await addAlias(c.trx, options.alias, type);
        if (options.display !== undefined) await c.trx.updateTable('device_types').set({ display: options.display }).where('name', '=', type).execute();
        // Word to the scheduler: its jobs may run now.
        const { rows } = await sql<{ hostname: string }>`select hostname from devices where device_type = ${type} limit 1`.execute(c.trx);
        if (rows[0]) c.device(rows[0].hostname);
      });
    }));

  group.command('details <type>').description('show a device type').option('--devices', 'with its devices')
    .action((type: string, options: { devices?: boolean }, command: Command) => visit(command, async ({ db, print }) => {
      const { rows: [found] } = await sql<{ name: string; description: string; display: boolean; health_frequency: number; health_denominator: number; disable_health_check: boolean; aliases: string[]; devices: string[] }>`
        select *, array(select aliases.name from aliases where device_type = device_types.name order by 1) as aliases,
          array(select hostname from devices where device_type = device_types.name order by 1) as devices from device_types where name = ${type}`.execute(db);
      if (!found) throw new CommandError(`Unable to find device-type '${type}'`);
      print(aligned({
        'device-type': found.name, description: found.description, display: found.display, 'health-check enabled': !found.disable_health_check,
        'health-check frequency': `${found.health_frequency} ${found.health_denominator === 1 ? 'jobs' : 'hours'}`, aliases: `[${found.aliases.join(', ')}]`,
        ...(options.devices && { devices: `[${found.devices.join(', ')}]` }),
      }));
    }));

  group.command('list').description('list device types').option('-a, --all', 'also those that only have a template').option('--csv')
    .action((options: { all?: boolean; csv?: boolean }, command: Command) => visit(command, async (v) => {
      const { rows } = await sql<{ name: string; devices: number }>`
        select name, (select count(*)::int from devices where device_type = name) as devices from device_types order by name`.execute(v.db);
      const known = templates(v);
      const others = options.all ? known.filter((name) => !rows.some((r) => r.name === name)) : [];
      if (options.csv) {
        v.print(csv(['name', 'devices', 'installed', 'template'], [
          ...rows.map((t) => [t.name, t.devices, true, known.includes(t.name)]), ...others.map((name) => [name, 0, false, true]),
        ]));
        return;
      }
      v.print(['Installed device types:', ...rows.map((t) => `* ${t.name} (${t.devices} devices)`)].join('\n'));
      if (options.all) v.print(['Available device types:', ...others.map((name) => `* ${name}`)].join('\n'));
    }));

  group.command('check [types...]').description('render device types with a small dictionary and say what is wrong with them; without names, all of the admin\'s own')
    .option('--all', 'those that come with LAVA, too')
    .action((types: string[], options: { all?: boolean }, command: Command) => {
      const paths = pathsOf(command);
      const folders = deviceTypeFolders(paths);
      const names = types.length > 0 ? types : listTemplates(options.all ? folders : folders.slice(0, 1)).filter((name) => name !== 'base');
      let wrong = 0;
      for (const name of names) {
        process.stdout.write(`* ${name}\n`);
        const error = checkDeviceType(name, lookupFolders(paths));
        if (error) {
          wrong++;
          process.stdout.write(`${explain(error)}\n`);
        }
      }
      if (wrong > 0) throw new CommandError(`${wrong} of ${names.length} device types cannot be used`);
    });
}

/** Names of the device types that have a template, the admin's and our own. */
function templates({ paths }: Visit): string[] {
  return listTemplates(deviceTypeFolders(paths)).filter((name) => !name.startsWith('base'));
}

async function addAlias(trx: Visit['db'], alias: string, type: string): Promise<void> {
  const clash = await trx.selectFrom('device_types').select('name').where('name', '=', alias).executeTakeFirst();
  if (clash) throw new CommandError(`'${alias}' is a device type already`);
  await sql`insert into aliases (name, device_type) values (${alias}, ${type}) on conflict (name) do update set device_type = excluded.device_type`.execute(trx);
}
