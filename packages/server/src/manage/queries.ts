import { sql } from 'kysely';
import type { Command } from 'commander';
import { refreshQuery } from '../queries/change-query.ts';
import { cachedQueries, findQuery, queryName } from '../queries/saved-query.ts';
import { CommandError, visit } from './visit.ts';

/** `refresh_queries`: what saved queries that are not live find now, from cron for example. */
export function refreshQueries(manage: Command): void {
  manage.command('refresh_queries').description('run saved queries again that are not live').option('--name <query>').option('--username <owner>').option('--all')
    .action((options: { name?: string; username?: string; all?: boolean }, command: Command) => visit(command, async ({ db, print }) => {
      if ((options.all === true) === (options.name !== undefined) || (options.name === undefined) !== (options.username === undefined)) throw new CommandError('Give --name and --username, or --all');
      const query = options.name === undefined ? undefined : await findQuery(db, options.username!, options.name);
      if (options.name !== undefined && !query) throw new CommandError(`Query ~${options.username}/${options.name} does not exist`);
      for (const each of query ? [query] : await cachedQueries(db)) {
        const refused = await refreshQuery(db, each);
        if (refused === 'live' && query) throw new CommandError(`Query ${queryName(each)} is live: it is never refreshed`);
        print(`* ${queryName(each)}${refused === 'busy' ? ' [SKIP]\n  -> somebody else refreshes it right now' : ''}`);
      }
    }));

  manage.command('drop_materialized_views').description('forget what saved queries that are not live have found; "refresh_queries --all" runs them again')
    .action((_: unknown, command: Command) => visit(command, async ({ db, print }) => {
      const { numAffectedRows } = await sql`update queries set found = null, refreshed_at = null where found is not null and not is_live`.execute(db);
      print(`Forgot what ${numAffectedRows ?? 0n} queries had found`);
    }));
}
