import { setTimeout as pause } from 'node:timers/promises';
import { sql } from 'kysely';
import type { Command } from 'commander';
import { mappingAt } from '@lava/job';
import { loadYaml } from '@lava/yaml';
import { storableJson } from '../store/json.ts';
import { seconds } from './job-retention.ts';
import { userId } from './objects.ts';
import { CommandError, visit } from './visit.ts';

/** `jobs validate` and `jobs backfill-metadata`: what stored definitions say today. */
export function jobDefinitions(jobs: Command): void {
  jobs.command('validate').description('check the definitions of jobs against what this version takes').option('--newer-than <time>', 'submitted within this time: 1h, 2d', '1d').option('--submitter <name>').option('--strict', 'refuse unknown keys too').option('--mail-admins', 'accepted for old scripts; nobody is mailed: cron mails what this prints')
    .action((options: { newerThan: string; submitter?: string; strict?: boolean }, command: Command) => visit(command, async (v) => {
      const submitter = options.submitter === undefined ? sql`true` : sql`submitter = ${await userId(v.db, options.submitter)}`;
      const { rows } = await sql<{ id: number; username: string; definition: string }>`select jobs.id, username, original_definition as definition from jobs join users on users.id = submitter
        where submit_time > now() - make_interval(secs => ${seconds(options.newerThan)}) and ${submitter} order by jobs.id`.execute(v.db);
      let wrong = 0;
      for (const { id, username, definition } of rows) {
        const invalid = v.jobs.validateSchema(definition, options.strict === true);
        v.print(`* ${id}@${username}${invalid ? `\n  -> ${invalid.msg} (at ${invalid.path})` : ''}`);
        if (invalid) wrong++;
      }
      if (wrong > 0) throw new CommandError(`${wrong} of ${rows.length} definitions are refused`);
    }));

  jobs.command('backfill-metadata').description('take the metadata of jobs that have none here from their definitions').option('--batch-size <count>', 'jobs in one go', '1000').option('--start-id <id>', 'from this job on').option('--end-id <id>', 'up to this job')
    .option('--dry-run', 'only count').option('--slow', 'with pauses, for a server that has work to do')
    .action((options: { batchSize: string; startId?: string; endId?: string; dryRun?: boolean; slow?: boolean }, command: Command) => visit(command, async ({ db, print }) => {
      const [size, last] = [number(options.batchSize), number(options.endId ?? '2147483647')];
      let [after, found] = [number(options.startId ?? '1') - 1, 0];
      for (;;) {
        const { rows } = await sql<{ id: number; definition: string }>`select id, definition from jobs where id > ${after} and id <= ${last} and metadata = '{}' order by id limit ${size}`.execute(db);
        for (const { id, definition } of rows) {
          const metadata = metadataOf(definition);
          if (metadata === undefined) continue;
          found++;
          if (!options.dryRun) await sql`update jobs set metadata = ${storableJson(metadata)}::jsonb where id = ${id} and metadata = '{}'`.execute(db);
        }
        if (rows.length < size) break;
        after = rows.at(-1)!.id;
        if (options.slow) await pause(2000);
      }
      print(`${options.dryRun ? 'To fill' : 'Filled'}: ${found} jobs`);
    }));
}

function number(text: string): number {
  if (!/^[1-9]\d{0,9}$/.test(text)) throw new CommandError(`'${text}' is no number`);
  return Math.min(Number(text), 2 ** 31 - 1);
}

/** Metadata that a definition has; undefined for none. */
function metadataOf(definition: string): object | undefined {
  // Reading YAML is what takes the time.
  if (!/^["']?metadata["']?:/m.test(definition)) return undefined;
  try {
    const metadata = mappingAt(loadYaml(definition), 'metadata');
    return metadata && Object.keys(metadata).length > 0 ? metadata : undefined;
  } catch {
    return undefined;
  }
}
