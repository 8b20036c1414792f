import { createWriteStream } from 'node:fs';
import { mkdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { sql, type RawBuilder } from 'kysely';
import type { Command } from 'commander';
import { jobHealths, jobStates } from '@lava/job';
import { pythonTime } from './table.ts';
import { CommandError, visit, type Visit } from './visit.ts';

interface ExportOptions {
  readonly outputDir: string;
  readonly startDate?: string;
  readonly endDate?: string;
}

/** A stretch of days, both of them in it. */
interface Days { readonly start: string; readonly end: string }

/** Rows that are in memory at once. */
const atOnce = 1000;

/** `testjob_exporter` and `transition_exporter`: what happened in a month, as JSON for whoever counts. */
export function exporters(manage: Command): void {
  const month = (command: Command) => command.requiredOption('--output-dir <folder>', 'made if it is missing').option('--start-date <YYYY-MM-DD>', 'the first day (UTC); that of last month if left out');

  month(manage.command('testjob_exporter').description('write the jobs that were submitted in some days to testjobs_START_END.json')).option('--end-date <YYYY-MM-DD>', 'the last day; that of last month if left out')
    .action((options: ExportOptions, command: Command) => visit(command, async (v) => {
      const days = daysOf(options);
      const count = await writeList(options.outputDir, `testjobs_${days.start}_${days.end}.json`, exportedJobs(v, days));
      v.print(`Exported ${count} jobs from ${days.start} to ${days.end} to ${join(options.outputDir, `testjobs_${days.start}_${days.end}.json`)}`);
    }));

  month(manage.command('transition_exporter').description('write how the health of devices changed since a day to transitions_START.json')).option('--end-date <YYYY-MM-DD>', 'the last day; today if left out')
    .action((options: ExportOptions, command: Command) => visit(command, async (v) => {
      const { start, end } = daysOf({ ...options, endDate: options.endDate ?? day(new Date()) });
      const name = `transitions_${start}.json`;
      const count = await writeList(options.outputDir, name, exportedTransitions(v, { start, end }));
      v.print(`Exported ${count} transitions since ${start} to ${join(options.outputDir, name)}`);
    }));
}

const within = (column: RawBuilder<unknown>, { start, end }: Days) => sql`${column} >= ${start}::date::timestamp at time zone 'UTC' and ${column} < (${end}::date + 1)::timestamp at time zone 'UTC'`;

async function* exportedJobs({ db }: Visit, days: Days): AsyncGenerator<object> {
  for (let after = 0; ;) {
    const { rows } = await sql<{ id: number; state: number; health: number }>`
      select jobs.id, username as submitter, jobs.description, health_check, requested_device_type,
        array(select tags.name from job_tags join tags on tags.id = tag_id where job = jobs.id order by 1) as tags, actual_device,
        ${pythonTime(sql`submit_time`, 'T')} as submit_time, ${pythonTime(sql`start_time`, 'T')} as start_time, ${pythonTime(sql`end_time`, 'T')} as end_time, state, health, priority, definition, failure_comment
      from jobs join users on users.id = submitter where jobs.id > ${after} and ${within(sql`submit_time`, days)} order by jobs.id limit ${atOnce}`.execute(db);
    for (const row of rows) yield { ...row, state: jobStates[row.state], health: jobHealths[row.health] };
    if (rows.length < atOnce) return;
    after = rows.at(-1)!.id;
  }
}

/** Of the devices that there are, one after the other, the newest first. */
async function* exportedTransitions({ db }: Visit, days: Days): AsyncGenerator<object> {
  for (const { hostname } of await db.selectFrom('devices').select('hostname').orderBy('hostname').execute()) {
    const { rows } = await sql<{ id: string; action_time: string; change_message: string }>`
      select id, ${pythonTime(sql`at`, 'T')} as action_time, message as change_message from audit_log
      where kind = 'device' and object = ${hostname} and message like '%→%' and ${within(sql`at`, days)} order by audit_log.at desc, audit_log.id desc`.execute(db);
    for (const { id, ...row } of rows) {
      const [old_health, after] = row.change_message.split('→').map((part) => part.trim());
      yield { id: Number(id), ...row, device_name: hostname, old_health, new_health: after?.split(' ')[0] };
    }
  }
}

/** Writes a list as a whole or not at all. Returns its length. */
async function writeList(folder: string, name: string, items: AsyncIterable<object>): Promise<number> {
  let count = 0;
  async function* text(): AsyncGenerator<string> {
    for await (const item of items) yield `${count++ === 0 ? '[' : ','}\n${JSON.stringify(item, undefined, 2).replaceAll(/^/gm, '  ')}`;
    yield count === 0 ? '[]\n' : '\n]\n';
  }
  const path = join(folder, name);
  try {
    await mkdir(folder, { recursive: true });
    await pipeline(Readable.from(text()), createWriteStream(`${path}.new`));
    await rename(`${path}.new`, path);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw code?.startsWith('E') ? new CommandError(`Cannot write ${path}: ${message}`) : error;
  }
  return count;
}

function daysOf({ startDate, endDate }: ExportOptions): Days {
  const now = new Date();
  const start = startDate ?? day(new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() - 1, 1)));
  const end = endDate ?? day(new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth(), 0)));
  for (const text of [start, end]) {
    const date = /^\d{4}-\d{2}-\d{2}$/.test(text) ? new Date(`${text}T00:00:00Z`) : undefined;
    if (date === undefined || Number.isNaN(date.getTime()) || day(date) !== text) throw new CommandError(`'${text}' is no day: write YYYY-MM-DD`);
  }
  if (end < start) throw new CommandError(`${end} is before ${start}: give both days`);
  return { start, end };
}

const day = (date: Date) => date.toISOString().slice(0, 10);
