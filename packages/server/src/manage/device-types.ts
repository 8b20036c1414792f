import { sql } from 'kysely';
import type { Command } from 'commander';
import { checkDeviceType, listTemplates } from '@lava/device';
import { templateSources, typeSources } from '../devices/renderer.ts';
import { addDeviceType, changeDeviceType, removeDeviceType, setAlias } from '../objects/write-device-type.ts';
import type { Change } from '../store/change.ts';
import { explain } from './explain.ts';
import { addNew, given } from './objects.ts';
import { aligned, csv } from './table.ts';
import { CommandError, visit, type Visit } from './visit.ts';

interface TypeOptions {
  readonly alias?: string;
  readonly healthFrequency?: string;
  readonly healthDenominator?: string;
  readonly display?: boolean;
  readonly description?: string;
  readonly healthCheck?: boolean;
}

export function deviceTypes(manage: Command): void {
  const group = manage.command('device-types').description('kinds of devices');

  group.command('add <type>').description("add a device type, or with '*' all that have a template").option('--alias <name>', 'another name for it')
    .option('--health-frequency <number>', 'how often a health check is due', '24').option('--health-denominator <unit>', 'hours or jobs', 'hours')
    .action((type: string, options: TypeOptions, command: Command) => visit(command, async (v) => {
      const { health_frequency: frequency, health_denominator: denominator } = health(options);
      if (type === '*') return addAll(v, { health_frequency: frequency, health_denominator: denominator });
      if (type === '' || type.length > 50 || type.includes('/')) throw new CommandError(`'${type}' cannot name a device type`);
      await v.change(async (c) => {
        await addNew(`Device-type '${type}' already exists`, () => addDeviceType(c, { name: type, health_frequency: frequency, health_denominator: denominator }));
        if (options.alias !== undefined) await addAlias(c, options.alias, type);
      });
    }));

  group.command('update <type>').description('change a device type').option('--alias <name>', 'add another name').option('--display', 'show it and schedule its jobs').option('--no-display', 'hide it; its jobs wait')
    .option('--description <text>').option('--health-frequency <number>', 'how often a health check is due').option('--health-denominator <unit>', 'hours or jobs')
    .option('--health-check', 'its devices have health checks').option('--no-health-check', 'they have none, whatever is due')
    .action((type: string, options: TypeOptions, command: Command) => visit(command, async ({ change }) => {
      if (Object.keys(options).length === 0) throw new CommandError('Nothing to update: give at least one option');
      await change(async (c) => {
        const found = await c.trx.selectFrom('device_types').select('name').where('name', '=', type).executeTakeFirst();
        if (!found) throw new CommandError(`Device-type '${type}' does not exist`);
        if (options.alias !== undefined) await addAlias(c, options.alias, type);
        const columns = { display: options.display, description: options.description, ...health(options), disable_health_check: options.healthCheck === undefined ? undefined : !options.healthCheck };
        await changeDeviceType(c, type, given(columns), options.alias === undefined ? [] : ['aliases']);
      });
    }));

  group.command('details <type>').description('show a device type').option('--devices', 'with its devices')
    .action((type: string, options: { devices?: boolean }, command: Command) => visit(command, async ({ db, print }) => {
      const { rows: [found] } = await sql<{ name: string; description: string; display: boolean; health_frequency: number; health_denominator: number; disable_health_check: boolean; aliases: string[]; devices: string[] }>`
        select *, array(select aliases.name from aliases where device_type = device_types.name order by 1) as aliases,
          array(select hostname from devices where device_type = device_types.name order by 1) as devices from device_types where name = ${type}`.execute(db);
      if (!found) throw new CommandError(`Unable to find device-type '${type}'`);
      print(aligned({
        'device_type': found.name, description: found.description, display: found.display, 'health disabled': found.disable_health_check,
        'health check': `every ${found.health_frequency} ${found.health_denominator === 1 ? 'jobs' : 'hours'}`, aliases: `[${found.aliases.map((alias) => `'${alias}'`).join(', ')}]`,
        devices: options.devices ? '' : found.devices.length,
      }));
      if (options.devices) for (const device of found.devices) print(`- ${device}`);
    }));

  group.command('list').description('list device types').option('-a, --all', 'also those that only have a template').option('--csv')
    .action((options: { all?: boolean; csv?: boolean }, command: Command) => visit(command, async (v) => {
      const { rows } = await sql<{ name: string; devices: number }>`
        select name, (select count(*)::int from devices where device_type = name) as devices from device_types order by name`.execute(v.db);
      const known = await templates(v);
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

  group.command('prune').description('remove device types that no device and no job is of').option('--dry-run', 'only say which').option('--verbose')
    .action((options: { dryRun?: boolean }, command: Command) => visit(command, async ({ db, change, print }) => {
      const unused = sql<boolean>`not exists (select from devices where device_type = device_types.name) and not exists (select from jobs where requested_device_type = device_types.name)`;
      const rows = await db.selectFrom('device_types').select('name').where(unused).orderBy('name').execute();
      for (const { name } of rows) {
        print(`* ${name}${options.dryRun ? ' (would be removed)' : ''}`);
        if (!options.dryRun) await change((c) => removeDeviceType(c, name));
      }
    }));

  group.command('check [types...]').description('render device types with a small dictionary and say what is wrong with them; without names, all of the admin\'s own')
    .option('--all', 'those that come with LAVA, too')
    .action((types: string[], options: { all?: boolean }, command: Command) => visit(command, async (v) => {
      const sources = await typeSources(v);
      // The first are the admin's: their files, and what they wrote through the API.
      const names = types.length > 0 ? types : listTemplates(options.all ? sources : sources.slice(0, 2)).filter((name) => name !== 'base');
      const lookup = await templateSources(v);
      let wrong = 0;
      for (const name of names) {
        v.print(`* ${name}`);
        const error = checkDeviceType(name, lookup);
        if (error) {
          wrong++;
          v.print(explain(error));
        }
      }
      if (wrong > 0) throw new CommandError(`${wrong} of ${names.length} device types cannot be used`);
    }));
}

/** How often a health check is due, as far as it is said. */
function health({ healthFrequency, healthDenominator }: TypeOptions): { health_frequency?: number; health_denominator?: number } {
  const frequency = healthFrequency === undefined ? undefined : Number(healthFrequency);
  if (frequency !== undefined && !(Number.isInteger(frequency) && frequency >= 1 && frequency < 2 ** 31)) throw new CommandError(`'${healthFrequency}' is no health frequency`);
  if (healthDenominator !== undefined && !['hours', 'jobs'].includes(healthDenominator)) throw new CommandError("The health denominator is 'hours' or 'jobs'");
  return { ...(frequency === undefined ? {} : { health_frequency: frequency }), ...(healthDenominator === undefined ? {} : { health_denominator: healthDenominator === 'jobs' ? 1 : 0 }) };
}

/** Names of the device types that have a template, the admin's and our own. */
async function templates(v: Visit): Promise<string[]> {
  return listTemplates(await typeSources(v)).filter((name) => !name.startsWith('base'));
}

/** All that have a template and are not there yet. */
async function addAll(v: Visit, columns: { health_frequency?: number; health_denominator?: number }): Promise<void> {
  v.print('Adding all known device types');
  const there = new Set((await v.db.selectFrom('device_types').select('name').execute()).map(({ name }) => name));
  for (const name of await templates(v)) {
    v.print(`* ${name}${there.has(name) ? ' [skip]' : ''}`);
    if (!there.has(name)) await v.change((c) => addDeviceType(c, { name, ...columns }));
  }
}

/** Makes a name stand for a device type; one that stood for another moves. */
export async function addAlias(c: Change, alias: string, type: string): Promise<void> {
  if (alias === '' || alias.length > 200 || alias.includes('/')) throw new CommandError(`'${alias}' cannot name a device type`);
  const clash = await c.trx.selectFrom('device_types').select('name').where('name', '=', alias).executeTakeFirst();
  if (clash) throw new CommandError(`'${alias}' is a device type already`);
  await setAlias(c, alias, type);
}
