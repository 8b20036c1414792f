import { existsSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { ConfigurationError, messageOf } from '@lava/base';
import { cacheFolder, cacheLimit, clear, entriesOf, holdings } from '@lava/dispatcher/cache';
import { readSettings } from './settings.ts';

const usage = `usage: lava-worker cache [--clear] [--cache-size SIZE] [--root DIR]

Shows the downloads that this worker keeps for its jobs, those used last at the end. With --clear they are removed, but for
those that a job uses; jobs may run meanwhile.
`;

/** `lava-worker cache`. Resolves with the exit status. */
export async function cacheMain(args: readonly string[], env: NodeJS.ProcessEnv): Promise<number> {
  let given;
  try {
    given = parseArgs({ args: [...args], strict: true, options: { clear: { type: 'boolean' }, 'cache-size': { type: 'string' }, root: { type: 'string' }, help: { type: 'boolean', short: 'h' } } }).values;
  } catch (error) {
    throw new ConfigurationError(messageOf(error), { code: 'option', hint: 'See lava-worker cache --help.' });
  }
  if (given.help) return say(usage);
  const passed = (['root', 'cache-size'] as const).flatMap((name) => (given[name] === undefined ? [] : [`--${name}`, given[name]]));
  const settings = await readSettings('lava-worker', passed, env);
  if ('ask' in settings) return 0;
  const folder = cacheFolder(settings.paths);
  if (!existsSync(folder)) return say(`${folder}: nothing is kept yet\n`);
  if (given.clear) return say(`${folder}: ${inUnits(await clear(folder))} removed, ${inUnits(sum(await holdings(folder)))} in use\n`);
  return say(await report(folder, await cacheLimit(folder, settings.cacheSize)));
}

function say(text: string): 0 {
  process.stdout.write(text);
  return 0;
}

const sum = (all: readonly { readonly bytes: number }[]) => all.reduce((total, { bytes }) => total + bytes, 0);

async function report(folder: string, limit: number): Promise<string> {
  const all = await holdings(folder);
  const addresses = new Map<string, Set<string>>();
  for (const { file, address } of await entriesOf(folder)) addresses.set(file, (addresses.get(file) ?? new Set()).add(address));
  const files = all.filter(({ kind }) => kind === 'file');
  const rows = files.map(({ name, bytes, used, inUse }) => [
    inUnits(bytes).padStart(10), new Date(used).toISOString().slice(0, 16).replace('T', ' '), inUse ? 'in use' : '      ', name.slice(name.indexOf('.') + 1).padEnd(4), [...addresses.get(name) ?? []].join(' '),
  ].join('  '));
  const parts = all.filter(({ kind }) => kind === 'part');
  const head = `${folder}: ${inUnits(sum(all))} of ${limit === 0 ? 'none, as CACHE_SIZE is 0' : inUnits(limit)}, ${files.length} files${parts.length === 0 ? '' : `, ${inUnits(sum(parts))} of unfinished downloads`}`;
  return [head, ...(rows.length === 0 ? [] : [`${'on disk'.padStart(10)}  last used (UTC)           form  from`, ...rows]), ''].join('\n');
}

function inUnits(bytes: number): string {
  const power = Math.min(4, Math.max(0, Math.floor(Math.log2(Math.max(bytes, 1)) / 10)));
  return `${(bytes / 2 ** (10 * power)).toFixed(power === 0 ? 0 : 1)} ${['B', 'KiB', 'MiB', 'GiB', 'TiB'][power]!}`;
}
